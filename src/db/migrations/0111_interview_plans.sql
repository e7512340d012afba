-- When recruiters can be met: weekly hours with exceptions, from which the slots are computed. mode: one, all (a panel), any (round-robin).
CREATE TABLE interview_plans (
    id TEXT PRIMARY KEY,
    employer_id TEXT NOT NULL REFERENCES employers (id),
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    title TEXT NOT NULL,
    mode TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    buffer_minutes BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    lead_minutes BIGINT NOT NULL,
    horizon_days BIGINT NOT NULL,
    -- Sessions a day of one person; 0: no limit.
    day_limit BIGINT NOT NULL,
    zone TEXT NOT NULL,
    version BIGINT NOT NULL,
    closed_at BIGINT,
    created_by TEXT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX interview_plans_employer ON interview_plans (employer_id, fair_id);
CREATE TABLE interview_plan_people (
    plan_id TEXT NOT NULL REFERENCES interview_plans (id),
    person_id TEXT NOT NULL REFERENCES accounts (id),
    -- The first one leads.
    position BIGINT NOT NULL,
    PRIMARY KEY (plan_id, person_id)
);
-- For which postings it is; without any for all of the employer's.
CREATE TABLE interview_plan_postings (
    plan_id TEXT NOT NULL REFERENCES interview_plans (id),
    posting_id TEXT NOT NULL REFERENCES postings (id),
    PRIMARY KEY (plan_id, posting_id)
);
-- weekday: 1 Monday to 7 Sunday; minutes of the day as the clocks of the plan's zone show them. A break is a gap between two.
CREATE TABLE interview_hours (
    plan_id TEXT NOT NULL REFERENCES interview_plans (id),
    person_id TEXT NOT NULL REFERENCES accounts (id),
    weekday BIGINT NOT NULL,
    from_minute BIGINT NOT NULL,
    to_minute BIGINT NOT NULL,
    PRIMARY KEY (plan_id, person_id, weekday, from_minute)
);
-- opens: 1 extra time, 0 away.
CREATE TABLE interview_exceptions (
    plan_id TEXT NOT NULL REFERENCES interview_plans (id),
    person_id TEXT NOT NULL REFERENCES accounts (id),
    day TEXT NOT NULL,
    from_minute BIGINT NOT NULL,
    to_minute BIGINT NOT NULL,
    opens BIGINT NOT NULL,
    PRIMARY KEY (plan_id, person_id, day, from_minute, opens)
);
-- When interviews of a fair may be at all, as the clocks of its zone show it; without any row at any time.
CREATE TABLE fair_interview_frames (
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    day TEXT NOT NULL,
    from_minute BIGINT NOT NULL,
    to_minute BIGINT NOT NULL,
    PRIMARY KEY (fair_id, day, from_minute)
);
