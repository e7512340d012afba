-- The employer's own reference of a posting, by which a table is imported again without doubling anything; empty if there is none.
ALTER TABLE postings ADD COLUMN reference TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX postings_reference ON postings (employer_id, fair_id, reference) WHERE reference <> '';
-- Tables of postings that recruiters sent. state: reading, ready, running, done, failed, dropped; the file is a blob until it is done or dropped.
-- Counts: rows in the table, what they are (new, changed, the same, wrong), and how many are in.
CREATE TABLE imports (
    id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    file_name TEXT NOT NULL,
    blob_id TEXT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT NOT NULL,
    total BIGINT NOT NULL,
    fresh BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    same BIGINT NOT NULL,
    wrong BIGINT NOT NULL,
    done BIGINT NOT NULL,
    -- Somebody is at it until then.
    claimed_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX imports_employer ON imports (employer_id, created_at);
CREATE INDEX imports_state ON imports (state, claimed_until);
-- Rows with something wrong: the cells as they came and what is wrong with which of them, both as JSON.
CREATE TABLE import_problems (
    import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    n BIGINT NOT NULL,
    cells TEXT NOT NULL,
    problems TEXT NOT NULL,
    PRIMARY KEY (import_id, n)
);
