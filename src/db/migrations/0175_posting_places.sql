-- Further places of work of a posting, as JSON; empty if there is none but the first, which stands in columns of its own.
ALTER TABLE postings ADD COLUMN further TEXT NOT NULL DEFAULT '';
