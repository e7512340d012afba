-- Each message touches as few pages as can be: rows lie in the order of their rooms, whoever wrote is found by what makes sends idempotent, and
-- only what is no message is found by its kind.
CREATE TABLE room_events_new (
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
) WITHOUT ROWID;
INSERT INTO room_events_new (room_id, seq, at, kind, author_id, client_id, body, hidden)
    SELECT room_id, seq, at, kind, author_id, client_id, body, hidden FROM room_events ORDER BY room_id, seq;
DROP TABLE room_events;
ALTER TABLE room_events_new RENAME TO room_events;
CREATE UNIQUE INDEX room_events_once ON room_events (room_id, author_id, client_id);
CREATE INDEX room_events_hidden ON room_events (room_id, seq) WHERE hidden IS NOT NULL;
CREATE INDEX room_events_kind ON room_events (kind, room_id, seq) WHERE kind <> 'message';
-- A room has thousands of events, a person some of them, and there are few of a kind: without these figures the planner would rather read the whole
-- room. They are what ANALYZE would find on a busy day.
ANALYZE room_events;
DELETE FROM sqlite_stat1 WHERE tbl = 'room_events';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('room_events', 'room_events', '1000000 5000 1'),
    ('room_events', 'room_events_once', '1000000 5000 10 1'),
    ('room_events', 'room_events_kind', '10000 1000 10 1'),
    ('room_events', 'room_events_hidden', '1000 10 1');
ANALYZE sqlite_schema;
