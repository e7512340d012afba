-- Who may not write (mute) or not take part (ban) in a room, until when. Lifting deletes the row; the audit log remembers.
CREATE TABLE sanctions (
    room_id TEXT NOT NULL REFERENCES rooms (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    until BIGINT NOT NULL,
    set_by TEXT NOT NULL REFERENCES accounts (id),
    set_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (room_id, account_id, kind)
);
CREATE INDEX sanctions_account ON sanctions (account_id);

-- The devices (hashes of a cookie) that an account wrote from, so that a ban holds when its person starts anew as a guest.
CREATE TABLE devices (
    device TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (device, account_id)
);
