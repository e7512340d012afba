-- The question list of a room. state: waiting (a host looks first), open, answering, answered, dismissed; was: the state before the last.
CREATE TABLE questions (
    id TEXT NOT NULL PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (id),
    author_id TEXT NOT NULL REFERENCES accounts (id),
    -- Chosen by the client: asked twice is one question.
    once TEXT NOT NULL,
    name TEXT NOT NULL,
    badge TEXT NOT NULL,
    text TEXT NOT NULL,
    -- What the rules want looked at, parted by spaces.
    why TEXT NOT NULL,
    state TEXT NOT NULL,
    was TEXT NOT NULL,
    answer TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (room_id, author_id, once)
);
CREATE INDEX questions_room ON questions (room_id, state, changed_at);
CREATE UNIQUE INDEX questions_answering ON questions (room_id) WHERE state = 'answering';

CREATE TABLE question_votes (
    question_id TEXT NOT NULL REFERENCES questions (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (question_id, account_id)
);

-- approval 1: new questions wait for a host. A room without a row shows them at once.
CREATE TABLE question_rules (
    room_id TEXT NOT NULL PRIMARY KEY REFERENCES rooms (id),
    approval BIGINT NOT NULL
);
