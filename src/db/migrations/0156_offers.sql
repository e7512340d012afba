-- Offers of work in their versions; of an application at most one is open. pay in fen; starts_on and report_on are days as yyyy-mm-dd.
-- state: open, accepted, declined, withdrawn, replaced; one that is open after answer_by has lapsed. decided_at: 0 as long as it is open.
-- was_status: where the application stood before.
CREATE TABLE offers (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id),
    version BIGINT NOT NULL,
    pay BIGINT NOT NULL,
    pay_unit TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    report_on TEXT NOT NULL,
    place TEXT NOT NULL,
    bring TEXT NOT NULL,
    text TEXT NOT NULL,
    answer_by BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    was_status TEXT NOT NULL,
    made_by TEXT NOT NULL REFERENCES accounts (id),
    made_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    UNIQUE (application_id, version)
);
CREATE UNIQUE INDEX offers_open ON offers (application_id) WHERE state = 'open';
