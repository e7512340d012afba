-- What somebody looks for on the board of a fair, as the query string without order and place in the list. alert: off, daily, soon.
-- seen_at, told_at: what was published later is new on their page, or for the next message. due_at: when to look again.
CREATE TABLE saved_searches (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    fair_id TEXT NOT NULL REFERENCES fairs (id),
    query TEXT NOT NULL,
    alert TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, fair_id, query)
);
CREATE INDEX saved_searches_due ON saved_searches (alert, due_at);
-- Who wants no recommendations. There is no row for who has said nothing.
CREATE TABLE recommendations_off (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    at BIGINT NOT NULL
);
