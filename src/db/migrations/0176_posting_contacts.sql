-- Whom those who applied for a posting may call, encrypted: a row for each version from which on it is somebody else. Empty: nobody any more.
CREATE TABLE posting_contacts (
    posting_id TEXT NOT NULL REFERENCES postings (id),
    version BIGINT NOT NULL,
    sealed_person TEXT NOT NULL,
    sealed_phone TEXT NOT NULL,
    PRIMARY KEY (posting_id, version)
);
