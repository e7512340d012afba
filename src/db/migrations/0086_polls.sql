-- Polls of a room, at most one of them open. choices and result are by the order of options.
CREATE TABLE polls (
    id TEXT NOT NULL PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (id),
    opened_by TEXT NOT NULL REFERENCES accounts (id),
    question TEXT NOT NULL,
    -- JSON list of texts.
    options TEXT NOT NULL,
    multiple BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    ends_at BIGINT,
    closed_at BIGINT,
    -- 1 once the room was told of the result.
    told BIGINT NOT NULL
);
CREATE UNIQUE INDEX polls_open ON polls (room_id) WHERE closed_at IS NULL;
CREATE INDEX polls_room ON polls (room_id, opened_at);
CREATE INDEX polls_untold ON polls (ends_at) WHERE told = 0;

-- One vote of a person: bit n of choices is option n.
CREATE TABLE poll_votes (
    poll_id TEXT NOT NULL REFERENCES polls (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    choices BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (poll_id, account_id)
);
