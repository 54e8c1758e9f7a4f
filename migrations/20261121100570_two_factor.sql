-- +goose Up

-- The second factor of a user. secret is sealed, NULL where there is no authenticator app.
CREATE TABLE two_factor (
  user_id                   TEXT PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
  secret                    TEXT,
  verified                  BOOLEAN NOT NULL,
  last_step                 BIGINT NOT NULL,
  failed_verification_count BIGINT NOT NULL,
  locked_until              BIGINT,
  created_at                BIGINT NOT NULL,
  updated_at                BIGINT NOT NULL
);

CREATE TABLE two_factor_backup_code (
  user_id   TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  code_hash TEXT NOT NULL,
  PRIMARY KEY (user_id, code_hash)
);

-- A sign-in that waits. data is what it resumes with.
CREATE TABLE two_factor_challenge (
  token_hash TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  data       TEXT NOT NULL,
  attempts   BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX two_factor_challenge_user ON two_factor_challenge (user_id);
CREATE INDEX two_factor_challenge_expires ON two_factor_challenge (expires_at);

-- A code that was sent: for a challenge, or for a session.
CREATE TABLE two_factor_code (
  owner      TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  code_hash  TEXT NOT NULL,
  attempts   BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX two_factor_code_user ON two_factor_code (user_id);
CREATE INDEX two_factor_code_expires ON two_factor_code (expires_at);

-- Browsers that people told to trust.
CREATE TABLE trusted_device (
  id         TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE,
  user_agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX trusted_device_user ON trusted_device (user_id);
CREATE INDEX trusted_device_expires ON trusted_device (expires_at);

-- +goose Down
DROP TABLE trusted_device;
DROP TABLE two_factor_code;
DROP TABLE two_factor_challenge;
DROP TABLE two_factor_backup_code;
DROP TABLE two_factor;
