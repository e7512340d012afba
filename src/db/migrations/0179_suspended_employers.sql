-- Few are, and each list of postings leaves theirs out.
CREATE INDEX employer_verifications_suspended ON employer_verifications (suspended_at);
