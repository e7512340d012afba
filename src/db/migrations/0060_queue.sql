-- The lines of booths. A change of a line raises its version; whoever saw an older one starts over, so that nothing is decided on stale sight.
CREATE TABLE queue_lines (
    room_id TEXT PRIMARY KEY REFERENCES rooms (id),
    version BIGINT NOT NULL
);
-- state: waiting, called, talking, call-back; ended: served, left, lapsed, handed.
CREATE TABLE queue_places (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (id),
    seeker_id TEXT NOT NULL REFERENCES accounts (id),
    posting_id TEXT,
    -- The posting's title at the moment of lining up.
    topic_zh TEXT NOT NULL,
    topic_en TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Smallest first.
    place_rank BIGINT NOT NULL,
    joined_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    grace_from BIGINT NOT NULL,
    moves BIGINT NOT NULL,
    note TEXT NOT NULL,
    -- The recruiter it is kept for.
    wanted_id TEXT,
    -- The recruiter who called them or talked with them.
    recruiter_id TEXT,
    called_at BIGINT,
    seeker_ok BIGINT NOT NULL,
    recruiter_ok BIGINT NOT NULL,
    talk_at BIGINT,
    interview_id TEXT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX queue_places_once ON queue_places (room_id, seeker_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX queue_places_one_recruiter ON queue_places (recruiter_id) WHERE state IN ('called', 'talking');
CREATE UNIQUE INDEX queue_places_one_seeker ON queue_places (seeker_id) WHERE state IN ('called', 'talking');
CREATE INDEX queue_places_open ON queue_places (state) WHERE ended_at IS NULL;
CREATE INDEX queue_places_ended ON queue_places (room_id, ended_at);
-- Recruiters at a line, and when they were heard of last.
CREATE TABLE queue_desks (
    room_id TEXT NOT NULL REFERENCES rooms (id),
    recruiter_id TEXT NOT NULL REFERENCES accounts (id),
    seen_at BIGINT NOT NULL,
    paused BIGINT NOT NULL,
    automatic BIGINT NOT NULL,
    PRIMARY KEY (room_id, recruiter_id)
);
-- When a server last watched the lines. What it did not watch counts against nobody.
CREATE TABLE queue_watch (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);
-- The booth in whose line an interview came about.
ALTER TABLE interviews ADD COLUMN room_id TEXT REFERENCES rooms (id);
