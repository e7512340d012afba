-- Every consent and refusal, each time it was given: of whom, for what (the text's name and version), to which employer (or empty), about which
-- application or interview, how (page, station). withdrawn_at: 0 as long as it stands. Consents to being told are in reach_consents.
CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    text_version TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    about TEXT NOT NULL,
    given BIGINT NOT NULL,
    how TEXT NOT NULL,
    at BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL
);
CREATE INDEX consents_account ON consents (account_id, at);
CREATE INDEX consents_about ON consents (about);
INSERT INTO consents (id, account_id, text_version, employer_id, about, given, how, at, withdrawn_at)
    SELECT a.id, a.account_id, a.consent, a.employer_id, a.id, 1, 'page', a.created_at, g.revoked_at
    FROM applications a JOIN application_grants g ON g.application_id = a.id;
INSERT INTO consents (id, account_id, text_version, employer_id, about, given, how, at, withdrawn_at)
    SELECT c.interview_id || '/' || c.person_id, c.person_id, c.text_version, i.employer_id, c.interview_id,
        CASE WHEN c.answer = 'yes' THEN 1 ELSE 0 END, 'page', c.at, COALESCE(c.withdrawn_at, 0)
    FROM recording_consents c JOIN interviews i ON i.id = c.interview_id;
-- What somebody did is theirs to take along.
CREATE INDEX audit_actor ON audit (actor, at);
