-- Wants a message when it is their turn; and how many calls were not answered.
ALTER TABLE queue_places ADD COLUMN remind BIGINT NOT NULL DEFAULT 0;
ALTER TABLE queue_places ADD COLUMN missed BIGINT NOT NULL DEFAULT 0;
-- Messages to people in line, written together with what causes them. One stays after it was sent, so that nobody gets it twice.
CREATE TABLE queue_notices (
    place_id TEXT NOT NULL REFERENCES queue_places (id),
    -- next, called
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    told_at BIGINT,
    PRIMARY KEY (place_id, kind)
);
CREATE INDEX queue_notices_due ON queue_notices (at) WHERE told_at IS NULL;
