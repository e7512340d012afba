-- The sender's own number of an application, so that a copy that comes late does not undo that it was withdrawn; empty: none.
ALTER TABLE applications ADD COLUMN once TEXT NOT NULL DEFAULT '';
