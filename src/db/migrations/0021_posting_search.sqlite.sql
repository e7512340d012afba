-- Words are made in Rust (src/postings/words.rs): the ascii tokenizer only splits them at spaces again.
-- An id of its own, because VACUUM may renumber the rowids of a table with a text key.
CREATE TABLE posting_search (
    num INTEGER PRIMARY KEY,
    posting_id TEXT NOT NULL UNIQUE REFERENCES postings (id)
);
CREATE VIRTUAL TABLE posting_words USING fts5 (words, content='', contentless_delete=1, tokenize='ascii');
