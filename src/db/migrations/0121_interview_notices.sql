-- One message for each person, cause and version of an interview, so that what is told of a new time and what was told of the old one are two.
ALTER TABLE interview_notices RENAME TO interview_notices_before;
DROP INDEX interview_notices_due;
CREATE TABLE interview_notices (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    sequence BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    -- Somebody is at it until then.
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (interview_id, account_id, kind, sequence)
);
INSERT INTO interview_notices (interview_id, account_id, kind, sequence, due_at, claimed_until)
    SELECT n.interview_id, n.account_id, n.kind, i.sequence, n.due_at, n.claimed_until FROM interview_notices_before n JOIN interviews i ON i.id = n.interview_id;
DROP TABLE interview_notices_before;
CREATE INDEX interview_notices_due ON interview_notices (due_at);
