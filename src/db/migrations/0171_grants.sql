-- What an applicant has given the employer with an application. what: contact, resume, parted by a space. revoked_at: 0 as long as it stands.
-- When it ends by itself follows from the fair and the application (`applications::grants`).
CREATE TABLE application_grants (
    application_id TEXT PRIMARY KEY REFERENCES applications (id),
    what TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
INSERT INTO application_grants (application_id, what, given_at, revoked_at)
    SELECT id, CASE WHEN resume_id = '' THEN 'contact' ELSE 'contact resume' END, created_at,
        CASE WHEN status = 'withdrawn' THEN updated_at ELSE 0 END
    FROM applications;
-- Who looked at what is asked for by what was looked at.
CREATE INDEX audit_subject ON audit (subject, at);
