-- Whose an application is among the employer's recruiters; empty: nobody's. updated_at is when it came to its status.
ALTER TABLE applications ADD COLUMN assignee_id TEXT NOT NULL DEFAULT '';
CREATE INDEX applications_employer_waiting ON applications (employer_id, updated_at, id);
-- What an employer's recruiters note among themselves about an applicant; encrypted, never seen by the applicant.
CREATE TABLE application_notes (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id),
    author_id TEXT NOT NULL REFERENCES accounts (id),
    sealed TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- 0: never
    edited_at BIGINT NOT NULL
);
CREATE INDEX application_notes_application ON application_notes (application_id, id);
-- What a recruiter did with several applications at once. kind: move, assign. undone_at: 0 as long as it stands.
CREATE TABLE application_bulks (
    id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    actor_id TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    undone_at BIGINT NOT NULL
);
-- One row for each that was picked: where it was and when it came there, and its step; or a text key of why nothing was done with it.
CREATE TABLE application_bulk_rows (
    bulk_id TEXT NOT NULL REFERENCES application_bulks (id),
    application_id TEXT NOT NULL,
    was_status TEXT NOT NULL,
    was_at BIGINT NOT NULL,
    step_id TEXT NOT NULL,
    wrong TEXT NOT NULL,
    PRIMARY KEY (bulk_id, application_id)
);
