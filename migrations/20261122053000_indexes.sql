-- +goose Up

-- All one-time values of a person are found by the person alone: the index of before had the purpose first.
DROP INDEX verification_subject;
CREATE INDEX verification_subject ON verification (subject, purpose);

-- Whenever a job is given up, those that were given up a month ago are forgotten.
CREATE INDEX outbox_dead ON outbox (next_at) WHERE state = 'dead';

-- +goose Down
DROP INDEX outbox_dead;
DROP INDEX verification_subject;
CREATE INDEX verification_subject ON verification (purpose, subject);
