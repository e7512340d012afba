-- Who may write in a room and how often. audience: everybody, members, applicants or hosts; slow: seconds between messages of a
-- person, 0 for none. A room without a row is open to everybody.
CREATE TABLE room_modes (
    room_id TEXT NOT NULL PRIMARY KEY REFERENCES rooms (id),
    audience TEXT NOT NULL,
    slow BIGINT NOT NULL
);
