-- +goose Up

-- Work that must not be lost: a row is written with what caused it, and deleted once it is
-- done. payload is sealed. A job is taken by moving leased_until; who takes it anew counts
-- attempts up, so that a result of an older attempt changes nothing.
CREATE TABLE outbox (
  id           TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  payload      TEXT NOT NULL,
  state        TEXT NOT NULL DEFAULT 'waiting', -- waiting, dead
  attempts     BIGINT NOT NULL DEFAULT 0,
  next_at      BIGINT NOT NULL,
  leased_until BIGINT NOT NULL DEFAULT 0,
  last_error   TEXT NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL
);
CREATE INDEX outbox_next ON outbox (state, next_at);

-- +goose Down
DROP TABLE outbox;
