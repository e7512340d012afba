-- What was decided on the moderators' desk is erased when it is old; what waits has no such time.
CREATE INDEX cases_decided ON cases (decided_at) WHERE state <> 'waiting';
