-- +goose Up

-- An API that access tokens are asked for by name (RFC 8707). identifier is the name, an
-- absolute URI. Lifetimes are seconds; they and allowed_scopes are null where the resource
-- says nothing. declared means: by authd.toml. policy_version counts its changes.
CREATE TABLE oauth_resource (
  id                                 TEXT PRIMARY KEY,
  identifier                         TEXT NOT NULL,
  name                               TEXT NOT NULL,
  access_token_ttl                   BIGINT,
  refresh_token_ttl                  BIGINT,
  signing_algorithm                  TEXT,
  signing_key_id                     TEXT,
  allowed_scopes                     TEXT,
  custom_claims                      TEXT,
  dpop_bound_access_tokens_required  BOOLEAN NOT NULL DEFAULT FALSE,
  disabled                           BOOLEAN NOT NULL DEFAULT FALSE,
  declared                           BOOLEAN NOT NULL DEFAULT FALSE,
  policy_version                     BIGINT NOT NULL DEFAULT 1,
  metadata                           TEXT,
  created_at                         BIGINT NOT NULL,
  updated_at                         BIGINT NOT NULL
);
CREATE UNIQUE INDEX oauth_resource_identifier ON oauth_resource (identifier);

-- Which client may ask for tokens for which resource, and introspect them.
CREATE TABLE oauth_client_resource (
  id          TEXT PRIMARY KEY,
  client_id   TEXT NOT NULL REFERENCES oauth_client (client_id) ON DELETE CASCADE,
  resource_id TEXT NOT NULL REFERENCES oauth_resource (identifier) ON DELETE CASCADE,
  metadata    TEXT,
  declared    BOOLEAN NOT NULL DEFAULT FALSE,
  created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX oauth_client_resource_pair ON oauth_client_resource (client_id, resource_id);
CREATE INDEX oauth_client_resource_resource_id ON oauth_client_resource (resource_id);

-- Who acts in a token that was exchanged (RFC 8693 §4.1): its grant is the person's with
-- another client, which knows nothing of it.
ALTER TABLE oauth_access_token ADD COLUMN act TEXT;

-- +goose Down
ALTER TABLE oauth_access_token DROP COLUMN act;
DROP TABLE oauth_client_resource;
DROP TABLE oauth_resource;
