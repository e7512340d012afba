-- What somebody answered to have a resume made of it, for the next time they change it; encrypted.
CREATE TABLE resume_answers (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    sealed TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
