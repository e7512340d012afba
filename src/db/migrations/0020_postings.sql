-- Job postings. Money in fen; pay_month is the lower limit as pay for a month, to compare and sort.
-- state: draft, review, live, paused, filled, withdrawn; an expired posting is one whose valid_until has passed.
CREATE TABLE postings (
    id TEXT PRIMARY KEY,
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    employer_id TEXT NOT NULL REFERENCES employers (id),
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    about_zh TEXT NOT NULL,
    about_en TEXT NOT NULL,
    region TEXT NOT NULL,
    place_zh TEXT NOT NULL,
    place_en TEXT NOT NULL,
    industry TEXT NOT NULL,
    occupation TEXT NOT NULL,
    headcount BIGINT NOT NULL,
    pay_min BIGINT NOT NULL,
    pay_max BIGINT NOT NULL,
    pay_unit TEXT NOT NULL,
    pay_month BIGINT NOT NULL,
    pay_day TEXT NOT NULL,
    kind TEXT NOT NULL,
    couples TEXT NOT NULL,
    assembly_line TEXT NOT NULL,
    day_shift TEXT NOT NULL,
    hourly BIGINT NOT NULL,
    days_off BIGINT NOT NULL,
    meals TEXT NOT NULL,
    housing TEXT NOT NULL,
    age_min BIGINT NOT NULL,
    age_max BIGINT NOT NULL,
    age_basis TEXT NOT NULL,
    valid_until BIGINT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Each serves one question: the newest of a fair, the best paid of a fair, the places and industries of a fair, an employer's own.
CREATE INDEX postings_newest ON postings (fair_id, state, published_at, id);
CREATE INDEX postings_pay ON postings (fair_id, state, pay_month, id);
CREATE INDEX postings_facets ON postings (fair_id, state, region, industry);
CREATE INDEX postings_employer ON postings (employer_id, state, published_at, id);
-- What was said when: one row for each change of terms or state, kept for as long as the posting.
CREATE TABLE posting_versions (
    posting_id TEXT NOT NULL REFERENCES postings (id),
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    state TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (posting_id, version)
);
