-- People, their ways to sign in and what they may do. Integers are BIGINT, times UTC milliseconds, ids UUIDv7 text.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    guest BIGINT NOT NULL,
    lang TEXT NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL
);
-- A phone or e-mail address; `verified_at` says when its owner proved to hold it.
CREATE TABLE contacts (
    lookup TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    sealed TEXT NOT NULL,
    verified_at BIGINT
);
CREATE INDEX contacts_account ON contacts (account_id);
-- role: admin (subject ''), organiser (subject a fair), recruiter (subject an employer).
CREATE TABLE roles (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (account_id, role, subject)
);
CREATE INDEX roles_subject ON roles (subject, role);
-- Cookies and bearer tokens. scope '' means everything the account may do, 'room:ID' only that room's WHIP and WHEP.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);
CREATE TABLE sign_in_codes (
    lookup TEXT PRIMARY KEY,
    code_hash TEXT NOT NULL,
    sealed TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- Links that sign a person in; account_id is absent in the link for the first organiser.
CREATE TABLE sign_in_links (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    uses_left BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE employers (
    id TEXT PRIMARY KEY,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    credit_code TEXT NOT NULL,
    region TEXT NOT NULL,
    industry TEXT NOT NULL,
    about_zh TEXT NOT NULL,
    about_en TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    fair TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_fair ON audit (fair, at);
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    account_id TEXT,
    channel TEXT NOT NULL,
    sealed TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    sent_at BIGINT,
    failed_at BIGINT,
    error TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (sent_at, failed_at, due_at);
