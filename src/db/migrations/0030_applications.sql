-- What a seeker wrote last time, so that the next application is one tap. The contact is encrypted.
CREATE TABLE profiles (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    sealed_contact TEXT NOT NULL,
    experience BIGINT NOT NULL,
    resume_id TEXT NOT NULL,
    resume_name TEXT NOT NULL,
    resume_kind TEXT NOT NULL,
    resume_size BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- status: new, viewed, shortlisted, interview, offer, hired, rejected, withdrawn.
-- consent names the version of the text to which the applicant agreed when sending to this employer.
CREATE TABLE applications (
    id TEXT PRIMARY KEY,
    posting_id TEXT NOT NULL REFERENCES postings (id),
    posting_version BIGINT NOT NULL,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    sealed_contact TEXT NOT NULL,
    masked_contact TEXT NOT NULL,
    experience BIGINT NOT NULL,
    note TEXT NOT NULL,
    resume_id TEXT NOT NULL,
    resume_name TEXT NOT NULL,
    resume_kind TEXT NOT NULL,
    resume_size BIGINT NOT NULL,
    status TEXT NOT NULL,
    consent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (posting_id, account_id)
);
CREATE INDEX applications_employer ON applications (employer_id, created_at, id);
CREATE INDEX applications_employer_status ON applications (employer_id, status, created_at);
CREATE INDEX applications_account ON applications (account_id, created_at);
CREATE INDEX applications_fair ON applications (fair_id, created_at);
CREATE INDEX applications_resume ON applications (resume_id);
-- Every change of status, oldest first: what the applicant sees happen.
CREATE TABLE application_steps (
    application_id TEXT NOT NULL REFERENCES applications (id),
    at BIGINT NOT NULL,
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (application_id, id)
);
