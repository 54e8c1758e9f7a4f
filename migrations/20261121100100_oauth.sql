-- +goose Up

-- Keys that sign tokens. private_key is sealed, the row's id as associated data. A key without
-- an end signs; one with an end only verifies, until then.
CREATE TABLE jwks (
  id          TEXT PRIMARY KEY,
  public_key  TEXT NOT NULL,
  private_key TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT,
  alg         TEXT NOT NULL,
  crv         TEXT
);
CREATE UNIQUE INDEX jwks_signing ON jwks (alg) WHERE expires_at IS NULL;

-- client_secret is a SHA-256; the secret is shown once. declared means: by authd.toml.
-- Lifetimes are seconds, null for the server's own.
CREATE TABLE oauth_client (
  id                           TEXT PRIMARY KEY,
  client_id                    TEXT NOT NULL,
  client_secret                TEXT,
  disabled                     BOOLEAN NOT NULL DEFAULT FALSE,
  declared                     BOOLEAN NOT NULL DEFAULT FALSE,
  skip_consent                 BOOLEAN NOT NULL DEFAULT FALSE,
  enable_end_session           BOOLEAN NOT NULL DEFAULT FALSE,
  require_pkce                 BOOLEAN NOT NULL DEFAULT TRUE,
  scopes                       TEXT NOT NULL DEFAULT '[]',
  redirect_uris                TEXT NOT NULL DEFAULT '[]',
  post_logout_redirect_uris    TEXT NOT NULL DEFAULT '[]',
  grant_types                  TEXT NOT NULL DEFAULT '[]',
  response_types               TEXT NOT NULL DEFAULT '[]',
  token_endpoint_auth_method   TEXT NOT NULL,
  application_type             TEXT NOT NULL,
  id_token_signed_response_alg TEXT NOT NULL,
  access_token_expires_in      BIGINT,
  refresh_token_expires_in     BIGINT,
  name                         TEXT,
  uri                          TEXT,
  icon                         TEXT,
  tos                          TEXT,
  policy                       TEXT,
  contacts                     TEXT NOT NULL DEFAULT '[]',
  software_id                  TEXT,
  software_version             TEXT,
  metadata                     TEXT NOT NULL DEFAULT '{}',
  user_id                      TEXT REFERENCES "user" (id) ON DELETE CASCADE,
  created_at                   BIGINT NOT NULL,
  updated_at                   BIGINT NOT NULL
);
CREATE UNIQUE INDEX oauth_client_client_id ON oauth_client (client_id);
CREATE INDEX oauth_client_user_id ON oauth_client (user_id);

CREATE TABLE oauth_consent (
  id         TEXT PRIMARY KEY,
  client_id  TEXT NOT NULL REFERENCES oauth_client (client_id) ON DELETE CASCADE,
  user_id    TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  scopes     TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX oauth_consent_user ON oauth_consent (user_id, client_id);
CREATE INDEX oauth_consent_client_id ON oauth_consent (client_id);

-- A grant is what a person allowed a client, once. It begins as an authorization code and,
-- redeemed, is the family of all tokens that came of it: whoever revokes the family marks this
-- one row. refresh_token is the one refresh token that is good now; rotation replaces it in
-- place, and replay, where that is configured, is the new one sealed under the old. Codes and
-- tokens name their row and are kept as SHA-256.
--
-- session_id names a session that may end before the grant does: no foreign key.
-- There is no index on expires_at, which every rotation moves: the sweep reads the table in
-- the order of its key.
CREATE TABLE oauth_grant (
  id             TEXT PRIMARY KEY,
  client_id      TEXT NOT NULL REFERENCES oauth_client (client_id) ON DELETE CASCADE,
  user_id        TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  session_id     TEXT,
  scopes         TEXT NOT NULL,
  auth_time      BIGINT NOT NULL,
  amr            TEXT NOT NULL DEFAULT '[]',
  nonce          TEXT,
  code           TEXT NOT NULL,
  code_challenge TEXT NOT NULL DEFAULT '',
  redirect_uri   TEXT NOT NULL,
  redeemed_at    BIGINT,
  refresh_token  TEXT,
  rotated_at     BIGINT,
  replay         TEXT,
  created_at     BIGINT NOT NULL,
  expires_at     BIGINT NOT NULL,
  revoked        BIGINT
);
CREATE INDEX oauth_grant_user_id ON oauth_grant (user_id);
CREATE INDEX oauth_grant_client_id ON oauth_grant (client_id);

-- An access token is good as long as its grant is, so that nothing here needs to be found by
-- user, client or grant, and no row needs to be touched when a grant ends.
CREATE TABLE oauth_access_token (
  id         TEXT PRIMARY KEY,
  token      TEXT NOT NULL,
  grant_id   TEXT NOT NULL,
  client_id  TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

-- An authorization request on its way through our own pages: id is the SHA-256 of what the
-- pages carry, browser that of what the browser's cookie holds.
CREATE TABLE oauth_flow (
  id         TEXT PRIMARY KEY,
  browser    TEXT NOT NULL,
  request    TEXT NOT NULL,
  done       TEXT NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_flow_expires_at ON oauth_flow (expires_at);

-- +goose Down
DROP TABLE oauth_flow;
DROP TABLE oauth_access_token;
DROP TABLE oauth_grant;
DROP TABLE oauth_consent;
DROP TABLE oauth_client;
DROP TABLE jwks;
