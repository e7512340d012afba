-- What an applicant and the employer's recruiters write to each other about an application; encrypted.
-- side: applicant, recruiter. state: sent, held until somebody has looked, refused. due_at: from when the other side sees it.
-- once: the sender's own number for it. bulk_id: what it was written with, or empty.
CREATE TABLE application_messages (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id),
    author_id TEXT NOT NULL REFERENCES accounts (id),
    side TEXT NOT NULL,
    once TEXT NOT NULL,
    sealed TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    bulk_id TEXT NOT NULL,
    UNIQUE (application_id, author_id, once)
);
CREATE INDEX application_messages_thread ON application_messages (application_id, id);
CREATE INDEX application_messages_held ON application_messages (state, at);
-- Up to which message somebody has read a thread.
CREATE TABLE application_reads (
    application_id TEXT NOT NULL REFERENCES applications (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    upto TEXT NOT NULL,
    PRIMARY KEY (application_id, account_id)
);
-- Texts that an employer's recruiters have at hand. An employer with a row in the second table got the first ones already.
CREATE TABLE reply_templates (
    id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX reply_templates_employer ON reply_templates (employer_id, id);
CREATE TABLE reply_template_sets (
    employer_id TEXT PRIMARY KEY REFERENCES employers (id),
    at BIGINT NOT NULL
);
