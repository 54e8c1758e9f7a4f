-- +goose Up

-- What somebody who is signed in proved again, how often that failed lately, and the
-- code that was sent them for it.
CREATE TABLE confirmation (
  session_id TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
  proven_at BIGINT,
  tries BIGINT NOT NULL,
  tries_end BIGINT NOT NULL,
  code_hash TEXT,
  code_end BIGINT
);

-- +goose Down
DROP TABLE confirmation;
