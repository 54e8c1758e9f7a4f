-- +goose Up

-- A token that lets its holder register clients (RFC 7591 §3, initial access token): token is
-- its SHA-256. uses_left and expires_at are null where there is no such bound.
CREATE TABLE oauth_registration_token (
  id         TEXT PRIMARY KEY,
  token      TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  uses_left  BIGINT,
  expires_at BIGINT,
  created_at BIGINT NOT NULL
);

-- Clients that nobody has looked at are counted at each registration, and swept.
CREATE INDEX oauth_client_unverified ON oauth_client (created_at) WHERE verified = FALSE;

-- +goose Down
DROP INDEX oauth_client_unverified;
DROP TABLE oauth_registration_token;
