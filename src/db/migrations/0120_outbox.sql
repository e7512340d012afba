-- Who sends what until when, what must not be sent twice or late, and in which order.
ALTER TABLE outbox ADD COLUMN once TEXT;
ALTER TABLE outbox ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN expires_at BIGINT;
ALTER TABLE outbox ADD COLUMN claimed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN claimed_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN dropped_at BIGINT;
ALTER TABLE outbox ADD COLUMN reason TEXT NOT NULL DEFAULT '';
DROP INDEX outbox_due;
CREATE UNIQUE INDEX outbox_once ON outbox (once);
CREATE INDEX outbox_waiting ON outbox (channel, due_at) WHERE sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL;
CREATE INDEX outbox_expiry ON outbox (channel, expires_at) WHERE expires_at IS NOT NULL AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL;
CREATE INDEX outbox_order ON outbox (account_id, topic, id) WHERE topic <> '' AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL;
CREATE INDEX outbox_topic ON outbox (topic) WHERE topic <> '';
CREATE INDEX outbox_undelivered ON outbox (failed_at) WHERE failed_at IS NOT NULL AND dropped_at IS NULL;
