-- Who takes part in an interview. part: seeker, lead.
CREATE TABLE interview_people (
    interview_id TEXT NOT NULL REFERENCES interviews (id),
    person_id TEXT NOT NULL REFERENCES accounts (id),
    part TEXT NOT NULL,
    PRIMARY KEY (interview_id, person_id)
);
CREATE INDEX interview_people_person ON interview_people (person_id);
INSERT INTO interview_people (interview_id, person_id, part) SELECT id, seeker_id, 'seeker' FROM interviews;
INSERT INTO interview_people (interview_id, person_id, part) SELECT id, recruiter_id, 'lead' FROM interviews WHERE recruiter_id <> seeker_id;
