-- Accounts whose people want them deleted: until due_at they can change their mind. erased_at: 0 until it was done; words_at: 0 until what they wrote
-- in rooms is gone from the moderators' record too.
CREATE TABLE account_deletions (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    erased_at BIGINT NOT NULL,
    words_at BIGINT NOT NULL
);
CREATE INDEX account_deletions_due ON account_deletions (erased_at, due_at);
-- Records of recruiting whose applicants deleted their accounts: without name, contact and files, encrypted, on no page; until is when they go.
CREATE TABLE segregated (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    sealed TEXT NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX segregated_until ON segregated (until);
