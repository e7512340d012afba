-- A slot of a plan is stored when somebody first takes a seat of it. ended_at: taken back, or of a plan and without anybody.
ALTER TABLE interview_slots ADD COLUMN plan_id TEXT;
ALTER TABLE interview_slots ADD COLUMN capacity BIGINT NOT NULL DEFAULT 1;
-- With the buffer after it.
ALTER TABLE interview_slots ADD COLUMN busy_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE interview_slots ADD COLUMN ended_at BIGINT;
UPDATE interview_slots SET busy_until = ends_at;
CREATE UNIQUE INDEX interview_slots_one ON interview_slots (plan_id, starts_at, recruiter_id) WHERE plan_id IS NOT NULL AND ended_at IS NULL;
-- owner: the interview, or the claim that becomes it; 'shut/...' for a seat that is not offered again.
CREATE TABLE interview_seats (
    slot_id TEXT NOT NULL REFERENCES interview_slots (id),
    seat BIGINT NOT NULL,
    owner TEXT NOT NULL UNIQUE,
    hold_until BIGINT,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (slot_id, seat)
);
-- The sessions of a person on a day, as far as a plan limits them.
CREATE TABLE interview_day_places (
    person_id TEXT NOT NULL,
    day TEXT NOT NULL,
    place BIGINT NOT NULL,
    owner TEXT NOT NULL,
    hold_until BIGINT,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, day, place)
);
CREATE INDEX interview_day_places_owner ON interview_day_places (owner);
-- What may become the interview of the same id. how: hold, invite, proposal, waitlist; answered: '' (not yet), booked, declined, withdrawn, lapsed.
CREATE TABLE interview_claims (
    id TEXT PRIMARY KEY,
    slot_id TEXT NOT NULL REFERENCES interview_slots (id),
    employer_id TEXT NOT NULL REFERENCES employers (id),
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    recruiter_id TEXT NOT NULL REFERENCES accounts (id),
    seeker_id TEXT NOT NULL REFERENCES accounts (id),
    client_id TEXT NOT NULL,
    how TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    answered TEXT NOT NULL,
    answered_at BIGINT,
    -- The invitation in place of which it proposes another time.
    instead_of TEXT,
    wait_id TEXT,
    posting_id TEXT,
    topic_zh TEXT NOT NULL,
    topic_en TEXT NOT NULL,
    reason TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX interview_claims_once ON interview_claims (seeker_id, client_id);
-- Nobody holds two slots at once.
CREATE UNIQUE INDEX interview_claims_one ON interview_claims (seeker_id) WHERE how = 'hold' AND answered = '';
CREATE INDEX interview_claims_open ON interview_claims (until_at) WHERE answered = '';
CREATE INDEX interview_claims_employer ON interview_claims (employer_id, created_at);
CREATE INDEX interview_claims_slot ON interview_claims (slot_id);
-- Who would like a slot of a plan that has none left, first come first served. state: waiting, offered, booked, left, lapsed.
CREATE TABLE interview_waits (
    id TEXT PRIMARY KEY,
    plan_id TEXT NOT NULL REFERENCES interview_plans (id),
    seeker_id TEXT NOT NULL REFERENCES accounts (id),
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    posting_id TEXT,
    topic_zh TEXT NOT NULL,
    topic_en TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    state TEXT NOT NULL
);
CREATE UNIQUE INDEX interview_waits_one ON interview_waits (plan_id, seeker_id) WHERE state IN ('waiting', 'offered');
CREATE INDEX interview_waits_order ON interview_waits (plan_id, joined_at) WHERE state = 'waiting';
-- What was moved or cancelled: when it was before, who changed it and why.
CREATE TABLE interview_changes (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    -- That it got by the change.
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (interview_id, sequence)
);
-- Who did not come, as the recruiter says: seeker, employer or empty.
ALTER TABLE interviews ADD COLUMN absent TEXT NOT NULL DEFAULT '';
ALTER TABLE interviews ADD COLUMN absent_reason TEXT NOT NULL DEFAULT '';
-- What was taken until now.
INSERT INTO interview_cells (person_id, cell, owner, hold_until, taken_at, span)
    SELECT m.person_id, m.bucket, CASE WHEN m.person_id = i.recruiter_id THEN i.slot_id ELSE i.id END, NULL, i.created_at,
        CASE WHEN m.bucket = o.first THEN o.pieces ELSE 0 END
    FROM interview_minutes m JOIN interviews i ON i.id = m.interview_id
    JOIN (SELECT interview_id, person_id, MIN(bucket) AS first, COUNT(*) AS pieces FROM interview_minutes GROUP BY interview_id, person_id) o
        ON o.interview_id = m.interview_id AND o.person_id = m.person_id;
INSERT INTO interview_seats (slot_id, seat, owner, hold_until, taken_at)
    SELECT h.slot_id, 0, h.interview_id, NULL, i.created_at FROM interview_holds h JOIN interviews i ON i.id = h.interview_id;
UPDATE interview_slots SET ended_at = starts_at WHERE id IN (SELECT slot_id FROM interview_holds WHERE interview_id IS NULL);
