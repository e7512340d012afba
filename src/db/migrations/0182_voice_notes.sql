-- What an applicant said rather than wrote; the files are encrypted. Empty: nothing.
ALTER TABLE profiles ADD COLUMN voice_id TEXT NOT NULL DEFAULT '';
ALTER TABLE profiles ADD COLUMN voice_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE profiles ADD COLUMN voice_size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN voice_id TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN voice_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN voice_size BIGINT NOT NULL DEFAULT 0;
CREATE INDEX applications_voice ON applications (voice_id);
