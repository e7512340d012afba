-- People whom a host asks onto the stage. While it is open (ended_at is NULL) an invitation has one of four places, and a person one
-- invitation in a room: so there are never more, however many hosts ask at once.
-- how: declined, lapsed, left, sent-back, banned, over; empty while open.
CREATE TABLE stage_guests (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    host_id TEXT NOT NULL REFERENCES accounts (id),
    host_name TEXT NOT NULL,
    place BIGINT NOT NULL,
    -- With a picture, or by voice alone.
    video BIGINT NOT NULL,
    -- A host holds the sound back.
    muted BIGINT NOT NULL,
    invited_at BIGINT NOT NULL,
    accepted_at BIGINT,
    ended_at BIGINT,
    how TEXT NOT NULL
);
CREATE UNIQUE INDEX stage_guests_place ON stage_guests (room_id, place) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX stage_guests_once ON stage_guests (room_id, account_id) WHERE ended_at IS NULL;
-- People beside the hosts who may caption a room.
CREATE TABLE room_captioners (
    room_id TEXT NOT NULL REFERENCES rooms (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    named_by TEXT NOT NULL REFERENCES accounts (id),
    named_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, account_id)
);
