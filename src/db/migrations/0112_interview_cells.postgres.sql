-- The five-minute pieces of time that a person's interviews take: nobody can be in two at once, in whichever role. A recruiter's belong to the
-- slot, a seeker's to the interview or to the claim that becomes it. hold_until: NULL for good. span: how many pieces, in the first of them; else 0.
CREATE TABLE interview_cells (
    person_id TEXT NOT NULL,
    cell BIGINT NOT NULL,
    owner TEXT NOT NULL,
    hold_until BIGINT,
    taken_at BIGINT NOT NULL,
    span BIGINT NOT NULL,
    PRIMARY KEY (person_id, cell)
);
CREATE INDEX interview_cells_owner ON interview_cells (owner);
