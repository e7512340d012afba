-- Whom hosts have named co-host of a room. While it is open (ended_at is NULL) it has one of a few places, and the account has the role
-- `co-host` of the room; both begin and end in one transaction.
-- how: taken-back, given-up, banned, over; empty while open.
CREATE TABLE room_co_hosts (
    room_id TEXT NOT NULL REFERENCES rooms (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    place BIGINT NOT NULL,
    named_by TEXT NOT NULL REFERENCES accounts (id),
    host_name TEXT NOT NULL,
    named_at BIGINT NOT NULL,
    ended_at BIGINT,
    how TEXT NOT NULL
);
CREATE UNIQUE INDEX room_co_hosts_place ON room_co_hosts (room_id, place) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX room_co_hosts_once ON room_co_hosts (room_id, account_id) WHERE ended_at IS NULL;
