-- What an employer's people declare and hand in, and what organisers made of it. One row for each employer that has begun.
-- kind: direct, agency. stage: draft, submitted, returned, approved; whether it is verified, expired or suspended follows from the times.
CREATE TABLE employer_verifications (
    employer_id TEXT PRIMARY KEY REFERENCES employers (id),
    kind TEXT NOT NULL,
    legal_name TEXT NOT NULL,
    credit_code TEXT NOT NULL,
    licence_number TEXT NOT NULL,
    licence_until BIGINT NOT NULL,
    publisher_name TEXT NOT NULL,
    publisher_position TEXT NOT NULL,
    publisher_phone TEXT NOT NULL,
    phone_proven_at BIGINT NOT NULL,
    authorised_until BIGINT NOT NULL,
    stage TEXT NOT NULL,
    reasons TEXT NOT NULL,
    version BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- What was approved last: it stays while a renewal is written.
    verified_at BIGINT NOT NULL,
    verified_until BIGINT NOT NULL,
    verified_kind TEXT NOT NULL,
    verified_name TEXT NOT NULL,
    -- What ends first: check, hr-licence, authorisation.
    limited_by TEXT NOT NULL,
    -- The reminder that was sent last for this end: 0, 30 or 7 days.
    reminded BIGINT NOT NULL,
    suspended_at BIGINT NOT NULL,
    suspended_why TEXT NOT NULL
);
CREATE INDEX employer_verifications_until ON employer_verifications (verified_until);
-- Papers, encrypted under their blob's id. kind: licence, hr-licence, authorisation. Replaced ones are kept as records.
CREATE TABLE employer_papers (
    blob_id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    kind TEXT NOT NULL,
    mime TEXT NOT NULL,
    size BIGINT NOT NULL,
    at BIGINT NOT NULL,
    sent_by TEXT NOT NULL,
    replaced_at BIGINT NOT NULL
);
CREATE INDEX employer_papers_employer ON employer_papers (employer_id, replaced_at);
