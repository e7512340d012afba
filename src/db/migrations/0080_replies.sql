-- The message that a message answers: what it says is read with the answer and never copied, so that what is taken away is nowhere else.
ALTER TABLE room_events ADD COLUMN reply_to BIGINT;
-- The same of a message that is held.
ALTER TABLE cases ADD COLUMN reply_to BIGINT;
