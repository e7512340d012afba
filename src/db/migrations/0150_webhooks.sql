-- Addresses of employers' own systems that are told of postings and applications; the address may hold a secret, so it is encrypted like the key.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    sealed_url TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    -- Everything up to here was looked at.
    seen_to BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhooks_employer ON webhooks (employer_id, created_at);
-- One message to one address, told apart by what it is about, so that the same is never told twice.
CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    about TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL DEFAULT 0,
    sent_at BIGINT,
    failed_at BIGINT,
    error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE (webhook_id, about)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook_id, created_at);
CREATE INDEX posting_versions_at ON posting_versions (at);
