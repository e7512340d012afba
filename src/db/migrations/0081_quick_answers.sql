-- Texts that those who host a room send often. owner: the employer of a booth, or the fair for its halls.
CREATE TABLE quick_answers (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    text TEXT NOT NULL,
    written_by TEXT NOT NULL REFERENCES accounts (id),
    written_at BIGINT NOT NULL,
    UNIQUE (owner, text)
);
