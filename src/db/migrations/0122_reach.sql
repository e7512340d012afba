-- What somebody said about being told by mail, text message or push, each time they said it; the newest counts. text_version: of the words they saw.
CREATE TABLE reach_consents (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    channel TEXT NOT NULL,
    at BIGINT NOT NULL,
    given BIGINT NOT NULL,
    text_version TEXT NOT NULL,
    PRIMARY KEY (account_id, channel, at)
);
-- Hours in which somebody wants to hear nothing, in minutes of the day of a zone.
CREATE TABLE reach_quiet (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    from_minute BIGINT NOT NULL,
    to_minute BIGINT NOT NULL,
    zone TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Browsers that take push messages. The address and its keys are encrypted; endpoint_hash finds an address again.
CREATE TABLE push_devices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    endpoint_hash TEXT NOT NULL UNIQUE,
    sealed TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX push_devices_account ON push_devices (account_id);
-- The one key by which push services know this server, encrypted.
CREATE TABLE push_key (
    n BIGINT PRIMARY KEY CHECK (n = 1),
    sealed TEXT NOT NULL
);
-- What is shown on the pages of whoever is told something; the texts are encrypted.
CREATE TABLE inbox (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    seen_at BIGINT
);
CREATE INDEX inbox_account ON inbox (account_id, id);
CREATE INDEX inbox_until ON inbox (until);
-- Of one person's devices none waits for another.
ALTER TABLE outbox ADD COLUMN device TEXT NOT NULL DEFAULT '';
