-- +goose Up

-- What a client says about itself beyond the code flow (RFC 7591, OpenID Connect Registration,
-- Back-Channel and Front-Channel Logout). settings is what only some clients have, as JSON.
-- registration tells who made it: operator, dynamic (RFC 7591) or metadata (its id is the
-- address of its metadata document). registration_token is the SHA-256 of what RFC 7592 asks for.
ALTER TABLE oauth_client ADD COLUMN jwks TEXT;
ALTER TABLE oauth_client ADD COLUMN jwks_uri TEXT;
ALTER TABLE oauth_client ADD COLUMN subject_type TEXT NOT NULL DEFAULT 'public';
ALTER TABLE oauth_client ADD COLUMN sector_identifier_uri TEXT;
ALTER TABLE oauth_client ADD COLUMN backchannel_logout_uri TEXT;
ALTER TABLE oauth_client ADD COLUMN backchannel_logout_session_required BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE oauth_client ADD COLUMN frontchannel_logout_uri TEXT;
ALTER TABLE oauth_client ADD COLUMN frontchannel_logout_session_required BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE oauth_client ADD COLUMN initiate_login_uri TEXT;
ALTER TABLE oauth_client ADD COLUMN client_credentials_scopes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE oauth_client ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE oauth_client ADD COLUMN registration TEXT NOT NULL DEFAULT 'operator';
ALTER TABLE oauth_client ADD COLUMN verified BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE oauth_client ADD COLUMN registration_token TEXT;
ALTER TABLE oauth_client ADD COLUMN last_used_at BIGINT;

-- resources: RFC 8707. claims: the claims parameter (OpenID Connect Core §5.5). jkt: the
-- thumbprint of the key that tokens are bound to (RFC 9449 §6). act: RFC 8693 §4.1. sid names
-- the person's session to this client (Back-Channel Logout §2.1).
ALTER TABLE oauth_grant ADD COLUMN resources TEXT NOT NULL DEFAULT '[]';
ALTER TABLE oauth_grant ADD COLUMN claims TEXT;
ALTER TABLE oauth_grant ADD COLUMN acr TEXT;
ALTER TABLE oauth_grant ADD COLUMN jkt TEXT;
ALTER TABLE oauth_grant ADD COLUMN act TEXT;
ALTER TABLE oauth_grant ADD COLUMN sid TEXT;

-- A token of client_credentials has no grant: its grant_id is empty.
ALTER TABLE oauth_access_token ADD COLUMN resources TEXT NOT NULL DEFAULT '[]';
ALTER TABLE oauth_access_token ADD COLUMN jkt TEXT;

-- Ids of proofs, assertions and request objects that were used (RFC 7523 §3, RFC 9449 §11.1):
-- id is the SHA-256 of what the id is unique in, and the id.
CREATE TABLE oauth_jti (
  id         TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_jti_expires_at ON oauth_jti (expires_at);

-- +goose Down
DROP TABLE oauth_jti;
ALTER TABLE oauth_access_token DROP COLUMN jkt;
ALTER TABLE oauth_access_token DROP COLUMN resources;
ALTER TABLE oauth_grant DROP COLUMN sid;
ALTER TABLE oauth_grant DROP COLUMN act;
ALTER TABLE oauth_grant DROP COLUMN jkt;
ALTER TABLE oauth_grant DROP COLUMN acr;
ALTER TABLE oauth_grant DROP COLUMN claims;
ALTER TABLE oauth_grant DROP COLUMN resources;
ALTER TABLE oauth_client DROP COLUMN last_used_at;
ALTER TABLE oauth_client DROP COLUMN registration_token;
ALTER TABLE oauth_client DROP COLUMN verified;
ALTER TABLE oauth_client DROP COLUMN registration;
ALTER TABLE oauth_client DROP COLUMN settings;
ALTER TABLE oauth_client DROP COLUMN client_credentials_scopes;
ALTER TABLE oauth_client DROP COLUMN initiate_login_uri;
ALTER TABLE oauth_client DROP COLUMN frontchannel_logout_session_required;
ALTER TABLE oauth_client DROP COLUMN frontchannel_logout_uri;
ALTER TABLE oauth_client DROP COLUMN backchannel_logout_session_required;
ALTER TABLE oauth_client DROP COLUMN backchannel_logout_uri;
ALTER TABLE oauth_client DROP COLUMN sector_identifier_uri;
ALTER TABLE oauth_client DROP COLUMN subject_type;
ALTER TABLE oauth_client DROP COLUMN jwks_uri;
ALTER TABLE oauth_client DROP COLUMN jwks;
