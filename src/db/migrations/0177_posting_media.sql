-- The pictures of a posting in their order, its video and its voice clip, as JSON; empty if there are none. The files lie beside the database.
ALTER TABLE postings ADD COLUMN pictures TEXT NOT NULL DEFAULT '';
ALTER TABLE postings ADD COLUMN clips TEXT NOT NULL DEFAULT '';
