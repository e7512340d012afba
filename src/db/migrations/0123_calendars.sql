-- The calendar that somebody subscribed to: the token of its address, hashed.
CREATE TABLE calendar_feeds (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
-- When the calendar entry of an interview changed last, and its UID if that is of an older form (which ended with the server's host name).
CREATE TABLE interview_calendar (
    interview_id TEXT PRIMARY KEY REFERENCES interviews (id),
    old_uid BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
INSERT INTO interview_calendar (interview_id, old_uid, changed_at) SELECT id, 1, COALESCE(cancelled_at, created_at) FROM interviews;
