-- Why a version is what it is: the organiser's reason for sending it back; and whether it went live by the rules alone and nobody has looked yet.
ALTER TABLE posting_versions ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE posting_versions ADD COLUMN unseen BIGINT NOT NULL DEFAULT 0;
-- Postings of which the present version went live by the rules alone, for organisers to look at afterwards.
CREATE TABLE posting_checks (
    posting_id TEXT PRIMARY KEY REFERENCES postings (id),
    fair_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    since BIGINT NOT NULL
);
CREATE INDEX posting_checks_fair ON posting_checks (fair_id, since);
