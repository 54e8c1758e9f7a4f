-- +goose Up

-- A public key that signs a person in (WebAuthn L3 §4, credential record). public_key is COSE in
-- standard base64; credential_id and user_handle are base64url. device_type tells whether the
-- key may be backed up (multiDevice), backed_up whether it is. user_handle is unknown of a key that
-- was imported, until it is used. user_verified: the person was verified when the key was made,
-- so that a later verification counts as a factor. copied_at: the counter went back, as it does when
-- two devices hold the key.
CREATE TABLE passkey (
  id            TEXT PRIMARY KEY,
  name          TEXT,
  public_key    TEXT NOT NULL,
  user_id       TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  credential_id TEXT NOT NULL,
  counter       BIGINT NOT NULL,
  device_type   TEXT NOT NULL,
  backed_up     BOOLEAN NOT NULL,
  transports    TEXT,
  created_at    BIGINT,
  aaguid        TEXT,
  user_handle   TEXT,
  user_verified BOOLEAN NOT NULL DEFAULT FALSE,
  last_used_at  BIGINT,
  copied_at     BIGINT
);
CREATE UNIQUE INDEX passkey_credential_id ON passkey (credential_id);
CREATE INDEX passkey_user_id ON passkey (user_id);

-- +goose Down
DROP TABLE passkey;
