-- Whoever wrote is found by what makes sends idempotent, and only what is no message is found by its kind.
DROP INDEX room_events_author;
DROP INDEX room_events_kind;
CREATE INDEX room_events_kind ON room_events (kind, room_id, seq) WHERE kind <> 'message';
