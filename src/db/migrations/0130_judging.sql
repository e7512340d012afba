-- The questions that everybody who is interviewed for a posting is asked, in their order; version counts the wordings of one.
CREATE TABLE judging_questions (
    id TEXT PRIMARY KEY,
    posting_id TEXT NOT NULL REFERENCES postings (id),
    n BIGINT NOT NULL,
    version BIGINT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL
);
CREATE INDEX judging_questions_posting ON judging_questions (posting_id, n);
-- Of all questions of a posting together: whoever changes them says which version they saw.
CREATE TABLE judging_sets (
    posting_id TEXT PRIMARY KEY REFERENCES postings (id),
    version BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
-- For which posting an interview is judged that was booked without one.
CREATE TABLE judging_topics (
    interview_id TEXT PRIMARY KEY REFERENCES interviews (id),
    posting_id TEXT NOT NULL REFERENCES postings (id)
);
CREATE INDEX judging_topics_posting ON judging_topics (posting_id);
-- What one judge wrote about one interview. The notes are encrypted. tab is the page that wrote last, which may write again.
-- next_step: offer, second-round, pool, no, or empty; it counts once decided_at is there.
CREATE TABLE judging_sheets (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    judge_id TEXT NOT NULL REFERENCES accounts (id),
    version BIGINT NOT NULL,
    tab TEXT NOT NULL,
    sealed_notes TEXT NOT NULL,
    next_step TEXT NOT NULL,
    decided_at BIGINT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (interview_id, judge_id)
);
-- One to five, with the question as it was worded when it was rated; the question may be reworded or gone since.
CREATE TABLE judging_ratings (
    interview_id TEXT NOT NULL,
    judge_id TEXT NOT NULL,
    question_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    n BIGINT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL,
    stars BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    PRIMARY KEY (interview_id, judge_id, question_id),
    FOREIGN KEY (interview_id, judge_id) REFERENCES judging_sheets (interview_id, judge_id)
);
-- Of which interviews somebody was reminded to decide.
CREATE TABLE judging_reminders (
    interview_id TEXT PRIMARY KEY REFERENCES interviews (id),
    at BIGINT NOT NULL
);
