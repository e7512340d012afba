-- Whether the file of a resume is encrypted. Those that were kept before are encrypted little by little; each gets a new file, so that the flag
-- and what it says change together.
ALTER TABLE profiles ADD COLUMN resume_sealed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN resume_sealed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX profiles_unsealed ON profiles (resume_id) WHERE resume_sealed = 0 AND resume_id <> '';
CREATE INDEX applications_unsealed ON applications (resume_id) WHERE resume_sealed = 0 AND resume_id <> '';
CREATE INDEX profiles_resume ON profiles (resume_id);
