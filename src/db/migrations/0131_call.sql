-- How the seeker stands at the door of a call: they wait since came_at until somebody of the employer admits them.
CREATE TABLE interview_entries (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    person_id TEXT NOT NULL REFERENCES accounts (id),
    came_at BIGINT NOT NULL,
    admitted_at BIGINT,
    admitted_by TEXT REFERENCES accounts (id),
    sent_back_at BIGINT,
    PRIMARY KEY (interview_id, person_id)
);
-- What is written and sent in a call, numbered without holes. The words, or the name of the file, are encrypted.
CREATE TABLE interview_messages (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    seq BIGINT NOT NULL,
    author_id TEXT NOT NULL REFERENCES accounts (id),
    client_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    sealed TEXT NOT NULL,
    -- Of a file; empty if it is words.
    blob_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (interview_id, seq)
);
CREATE UNIQUE INDEX interview_messages_once ON interview_messages (interview_id, author_id, client_id);
