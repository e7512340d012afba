-- Pictures that hosts show to those without video. Their bytes are in files. still: the newest picture of a shared screen, one of a room,
-- whose version counts up; shown_at: until it has been shown, only the hosts see it.
CREATE TABLE room_slides (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (id),
    blob_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    title TEXT NOT NULL,
    position BIGINT NOT NULL,
    still BIGINT NOT NULL,
    version BIGINT NOT NULL,
    added_by TEXT NOT NULL REFERENCES accounts (id),
    added_at BIGINT NOT NULL,
    shown_at BIGINT
);
-- Also that no two are added at once past the limit; a still has position 0.
CREATE UNIQUE INDEX room_slides_position ON room_slides (room_id, position);
