CREATE TABLE fairs (
    id TEXT PRIMARY KEY,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    intro_zh TEXT NOT NULL,
    intro_en TEXT NOT NULL,
    region TEXT NOT NULL,
    zone TEXT NOT NULL,
    cover TEXT NOT NULL,
    state TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
-- state: invited, applied, approved, refused
CREATE TABLE fair_employers (
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    employer_id TEXT NOT NULL REFERENCES employers (id),
    state TEXT NOT NULL,
    PRIMARY KEY (fair_id, employer_id)
);
CREATE INDEX fair_employers_employer ON fair_employers (employer_id);
CREATE TABLE rooms (
    id TEXT PRIMARY KEY,
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    employer_id TEXT REFERENCES employers (id),
    kind TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    position BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX rooms_fair ON rooms (fair_id, position);
