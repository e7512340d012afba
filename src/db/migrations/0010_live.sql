-- The journal of every room: one row per durable event, seq without holes per room. author and client_id make sends idempotent.
CREATE TABLE room_events (
    room_id TEXT NOT NULL REFERENCES rooms (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    author_id TEXT,
    client_id TEXT,
    body TEXT NOT NULL,
    -- What a moderator took away, for the moderators' record only.
    hidden TEXT,
    PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX room_events_once ON room_events (room_id, author_id, client_id);
CREATE INDEX room_events_author ON room_events (room_id, author_id, kind);
