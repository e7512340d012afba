-- Words that the organisers of a fair do not want in its rooms, as typed. action: hold or refuse.
CREATE TABLE fair_words (
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    word TEXT NOT NULL,
    action TEXT NOT NULL,
    added_by TEXT NOT NULL REFERENCES accounts (id),
    added_at BIGINT NOT NULL,
    PRIMARY KEY (fair_id, word)
);

-- What somebody must look at. kind held: a message that is not in the journal yet; report: one that is and that somebody reported.
CREATE TABLE cases (
    id TEXT NOT NULL PRIMARY KEY,
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    room_id TEXT NOT NULL REFERENCES rooms (id),
    kind TEXT NOT NULL,
    author_id TEXT NOT NULL REFERENCES accounts (id),
    -- Client id of a held message, sequence number of a reported one: each is a case once.
    once TEXT NOT NULL,
    name TEXT NOT NULL,
    badge TEXT NOT NULL,
    text TEXT NOT NULL,
    -- Its entry; of a held message the newest entry of the room when it was written, until it is published.
    seq BIGINT NOT NULL,
    -- Names of categories and reasons, parted by spaces.
    why TEXT NOT NULL,
    risk BIGINT NOT NULL,
    reports BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- waiting, approved or rejected; decision: approve, delete, mute, ban, or empty.
    state TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided_by TEXT REFERENCES accounts (id),
    decided_at BIGINT NOT NULL,
    UNIQUE (room_id, author_id, kind, once)
);
CREATE INDEX cases_fair ON cases (fair_id, state);

CREATE TABLE reports (
    case_id TEXT NOT NULL REFERENCES cases (id),
    reporter_id TEXT NOT NULL REFERENCES accounts (id),
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (case_id, reporter_id)
);
