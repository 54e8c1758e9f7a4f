-- +goose Up

-- The last requests of each client that were refused, for whoever looks why something does not
-- work: a few rows a client, without anything secret. place is authorize, par or token.
CREATE TABLE oauth_failure (
  id          TEXT PRIMARY KEY,
  client_id   TEXT NOT NULL REFERENCES oauth_client (client_id) ON DELETE CASCADE,
  place       TEXT NOT NULL,
  code        TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at  BIGINT NOT NULL
);
CREATE INDEX oauth_failure_client ON oauth_failure (client_id, id);
CREATE INDEX oauth_failure_created_at ON oauth_failure (created_at);

-- +goose Down
DROP TABLE oauth_failure;
