-- Keys with which everything was made anew that older ones had made.
CREATE TABLE rekeyed (
    key_id TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
