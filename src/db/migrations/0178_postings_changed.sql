-- When anything of a fair or of an employer changed last, without a look at all of it.
CREATE INDEX postings_fair_changed ON postings (fair_id, updated_at);
CREATE INDEX postings_employer_changed ON postings (employer_id, updated_at);
