-- +goose Up

-- A lane is a line of jobs of its own, so that a receiver that is slow or down holds up
-- nobody else's jobs: '' is what the server does for itself, such as mail.
ALTER TABLE outbox ADD COLUMN lane TEXT NOT NULL DEFAULT '';
DROP INDEX outbox_next;
CREATE INDEX outbox_next ON outbox (lane, state, next_at);

-- Receivers of webhooks that answered 410: they get nothing until they are let in again. They
-- are known by the hash of their address, which may hold a secret.
CREATE TABLE webhook_gone (
  url_hash TEXT PRIMARY KEY,
  gone_at  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE webhook_gone;
DROP INDEX outbox_next;
CREATE INDEX outbox_next ON outbox (state, next_at);
ALTER TABLE outbox DROP COLUMN lane;
