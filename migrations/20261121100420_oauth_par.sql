-- +goose Up

-- Authorization requests that a client has pushed (RFC 9126). id is the SHA-256 of the
-- request_uri. expires_at is until when it opens the authorization endpoint; the row goes
-- when a code is made of it, and at the latest at drop_at, when no journey can be under way.
CREATE TABLE oauth_par (
  id         TEXT PRIMARY KEY,
  client_id  TEXT NOT NULL REFERENCES oauth_client (client_id) ON DELETE CASCADE,
  request    TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  drop_at    BIGINT NOT NULL
);
CREATE INDEX oauth_par_client_id ON oauth_par (client_id);
CREATE INDEX oauth_par_drop_at ON oauth_par (drop_at);

-- +goose Down
DROP TABLE oauth_par;
