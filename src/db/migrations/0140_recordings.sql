-- That somebody of the employer asked to record an interview; stopped_at once they stopped it, or it could not go on.
CREATE TABLE recording_requests (
    interview_id TEXT PRIMARY KEY REFERENCES interviews (id),
    asked_by TEXT NOT NULL REFERENCES accounts (id),
    asked_at BIGINT NOT NULL,
    stopped_at BIGINT
);
-- What somebody in a call answered (yes or no), to which words, in which language. A row changes only by its own person.
CREATE TABLE recording_consents (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    person_id TEXT NOT NULL REFERENCES accounts (id),
    text_version TEXT NOT NULL,
    lang TEXT NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('yes', 'no')),
    at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (interview_id, person_id)
);
-- What is recorded of an interview in all; the row stays when it is erased, with why.
CREATE TABLE recordings (
    interview_id TEXT PRIMARY KEY REFERENCES interviews (id),
    bytes BIGINT NOT NULL,
    erase_at BIGINT NOT NULL,
    erased_at BIGINT,
    erased_why TEXT NOT NULL
);
CREATE INDEX recordings_due ON recordings (erase_at) WHERE erased_at IS NULL;
-- From each start to its stop.
CREATE TABLE recording_runs (
    interview_id TEXT NOT NULL REFERENCES recordings (interview_id),
    n BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT NOT NULL,
    PRIMARY KEY (interview_id, n)
);
CREATE INDEX recording_runs_open ON recording_runs (interview_id) WHERE ended_at IS NULL;
-- One person's sound and picture of half a minute: an encrypted Matroska file. Times are milliseconds since the run began; bytes are those of the
-- plain file, head those before its clusters; digest is a signature over the encrypted file.
CREATE TABLE recording_segments (
    blob_id TEXT PRIMARY KEY,
    interview_id TEXT NOT NULL,
    run BIGINT NOT NULL,
    person_id TEXT NOT NULL REFERENCES accounts (id),
    seq BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    codec TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    private TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    head BIGINT NOT NULL,
    digest TEXT NOT NULL,
    stored_at BIGINT NOT NULL,
    FOREIGN KEY (interview_id, run) REFERENCES recording_runs (interview_id, n)
);
CREATE UNIQUE INDEX recording_segments_one ON recording_segments (interview_id, run, person_id, seq);
-- Who looked at a recording or took it along. Kept when the recording is erased.
CREATE TABLE recording_views (
    id TEXT PRIMARY KEY,
    interview_id TEXT NOT NULL REFERENCES recordings (interview_id),
    person_id TEXT NOT NULL REFERENCES accounts (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('look', 'download'))
);
CREATE INDEX recording_views_of ON recording_views (interview_id, at);
