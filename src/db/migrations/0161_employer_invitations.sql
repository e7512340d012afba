-- Invitations to recruit for an employer, by a link that is good once. contact and lookup are empty if it is for whoever has the link.
CREATE TABLE employer_invitations (
    id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    token_hash TEXT NOT NULL UNIQUE,
    contact TEXT NOT NULL,
    lookup TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    used_by TEXT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE INDEX employer_invitations_employer ON employer_invitations (employer_id, created_at);
