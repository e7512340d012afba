-- What organisers tell all rooms of a fair. level: info or urgent; without ends_at it holds until it is ended by hand.
CREATE TABLE announcements (
    id TEXT NOT NULL PRIMARY KEY,
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    made_by TEXT NOT NULL REFERENCES accounts (id),
    level TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL,
    at BIGINT NOT NULL,
    ends_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX announcements_fair ON announcements (fair_id, at);
