-- Places where staff help people who cannot use a phone. phone: the station's own, for workers who have none; encrypted.
CREATE TABLE stations (
    id TEXT PRIMARY KEY,
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    name TEXT NOT NULL,
    sealed_phone TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX stations_fair ON stations (fair_id, id);
-- Workers who are helped. phone and its look-up hash: what they gave, or empty. The slip: hashes of what its code and its PIN say, wrong tries since
-- it was printed. open_until: as long as staff have the worker before them. claimed_at: 0 until the worker took the account over.
CREATE TABLE station_workers (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    station_id TEXT NOT NULL REFERENCES stations (id),
    registered_by TEXT NOT NULL REFERENCES accounts (id),
    consent TEXT NOT NULL,
    sealed_phone TEXT NOT NULL,
    masked_phone TEXT NOT NULL,
    lookup TEXT NOT NULL,
    slip_hash TEXT NOT NULL,
    pin_hash TEXT NOT NULL,
    tries BIGINT NOT NULL,
    slip_until BIGINT NOT NULL,
    open_until BIGINT NOT NULL,
    open_by TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL
);
CREATE INDEX station_workers_station ON station_workers (station_id, registered_at);
CREATE INDEX station_workers_slip ON station_workers (slip_hash);
-- The station that sent an application for somebody; empty: they sent it themselves.
ALTER TABLE applications ADD COLUMN station_id TEXT NOT NULL DEFAULT '';
