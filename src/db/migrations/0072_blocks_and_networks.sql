-- Whom an employer does not want to hear from in any of its rooms, those included that are opened later.
CREATE TABLE host_blocks (
    employer_id TEXT NOT NULL REFERENCES employers (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    set_by TEXT NOT NULL REFERENCES accounts (id),
    set_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (employer_id, account_id)
);

-- The networks (keyed hashes of coarse addresses) that banned people wrote from last, for a day at most.
CREATE TABLE ban_networks (
    room_id TEXT NOT NULL REFERENCES rooms (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    network TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (room_id, account_id)
);
