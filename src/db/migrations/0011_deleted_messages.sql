-- Moderators list what was taken away; there is little of it among many events.
CREATE INDEX room_events_hidden ON room_events (room_id, seq) WHERE hidden IS NOT NULL;
