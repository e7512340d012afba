-- Words and positions are made in Rust (src/postings/words.rs), so that no parser or locale of the server matters.
CREATE TABLE posting_search (
    posting_id TEXT PRIMARY KEY REFERENCES postings (id),
    words TSVECTOR NOT NULL
);
CREATE INDEX posting_search_words ON posting_search USING GIN (words);
