-- Streams that were running when the server stopped, bans of a room, what was last on stage: found without reading the chat.
CREATE INDEX room_events_kind ON room_events (kind, room_id, seq);
