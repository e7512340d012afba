-- Times that recruiters offer, interviews booked in them. A slot is free as long as nothing holds it.
CREATE TABLE interview_slots (
    id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    recruiter_id TEXT NOT NULL REFERENCES accounts (id),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX interview_slots_employer ON interview_slots (employer_id, starts_at);
-- The five-minute pieces of time that a recruiter offers: offers of one recruiter cannot overlap.
CREATE TABLE interview_offers (
    recruiter_id TEXT NOT NULL REFERENCES accounts (id),
    bucket BIGINT NOT NULL,
    slot_id TEXT NOT NULL REFERENCES interview_slots (id),
    PRIMARY KEY (recruiter_id, bucket)
);
CREATE INDEX interview_offers_slot ON interview_offers (slot_id);
CREATE TABLE interviews (
    id TEXT PRIMARY KEY,
    slot_id TEXT NOT NULL REFERENCES interview_slots (id),
    employer_id TEXT NOT NULL REFERENCES employers (id),
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    recruiter_id TEXT NOT NULL REFERENCES accounts (id),
    seeker_id TEXT NOT NULL REFERENCES accounts (id),
    client_id TEXT NOT NULL,
    posting_id TEXT,
    -- The posting's title on the day of booking.
    topic_zh TEXT NOT NULL,
    topic_en TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    extended BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    seeker_joined_at BIGINT,
    employer_joined_at BIGINT,
    ended_at BIGINT,
    cancelled_at BIGINT,
    cancelled_by TEXT NOT NULL,
    cancel_reason TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX interviews_once ON interviews (seeker_id, client_id);
CREATE INDEX interviews_seeker ON interviews (seeker_id, starts_at);
CREATE INDEX interviews_employer ON interviews (employer_id, starts_at);
-- What holds a slot: one interview, or (without one) the recruiter who took it back. The primary key is what makes double booking impossible.
CREATE TABLE interview_holds (
    slot_id TEXT PRIMARY KEY REFERENCES interview_slots (id),
    interview_id TEXT UNIQUE REFERENCES interviews (id)
);
-- The five-minute pieces of time in which a person has an interview: nobody can be in two at once, in whichever role.
CREATE TABLE interview_minutes (
    person_id TEXT NOT NULL REFERENCES accounts (id),
    bucket BIGINT NOT NULL,
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    PRIMARY KEY (person_id, bucket)
);
CREATE INDEX interview_minutes_interview ON interview_minutes (interview_id);
-- Messages that must go out, written with what causes them. kind: booked, cancelled, reminder.
CREATE TABLE interview_notices (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    -- Somebody is at it until then.
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (interview_id, account_id, kind)
);
CREATE INDEX interview_notices_due ON interview_notices (due_at);
