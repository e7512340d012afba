-- The devices of somebody who is banned.
CREATE INDEX devices_account ON devices (account_id, seen_at);
