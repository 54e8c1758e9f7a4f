-- +goose Up
CREATE TABLE "user" (
  id             TEXT PRIMARY KEY,
  name           TEXT NOT NULL,
  email          TEXT NOT NULL,
  email_verified BOOLEAN NOT NULL DEFAULT FALSE,
  image          TEXT,
  created_at     BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  role           TEXT,
  banned         BOOLEAN NOT NULL DEFAULT FALSE,
  ban_reason     TEXT,
  ban_expires    BIGINT,
  extra          TEXT NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX user_email ON "user" (email);

-- token_hash is the SHA-256 of the session token; the token itself is only in the browser.
CREATE TABLE session (
  id          TEXT PRIMARY KEY,
  token_hash  TEXT NOT NULL,
  user_id     TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  expires_at  BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  ip_address  TEXT NOT NULL DEFAULT '',
  user_agent  TEXT NOT NULL DEFAULT '',
  remember    BOOLEAN NOT NULL DEFAULT TRUE,
  amr         TEXT NOT NULL DEFAULT '[]',
  extra       TEXT NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX session_token_hash ON session (token_hash);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE account (
  id                       TEXT PRIMARY KEY,
  account_id               TEXT NOT NULL,
  provider_id              TEXT NOT NULL,
  user_id                  TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  access_token             TEXT,
  refresh_token            TEXT,
  id_token                 TEXT,
  access_token_expires_at  BIGINT,
  refresh_token_expires_at BIGINT,
  scope                    TEXT,
  password                 TEXT,
  created_at               BIGINT NOT NULL,
  updated_at               BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_provider ON account (provider_id, account_id);
CREATE INDEX account_user_id ON account (user_id);

-- One-time values: purpose says what a value is good for, value_hash is what its holder
-- must present, data is what it stands for. A row is consumed by deleting it.
CREATE TABLE verification (
  id         TEXT PRIMARY KEY,
  purpose    TEXT NOT NULL,
  value_hash TEXT NOT NULL,
  subject    TEXT NOT NULL DEFAULT '',
  data       TEXT NOT NULL DEFAULT '{}',
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX verification_value ON verification (purpose, value_hash);
CREATE INDEX verification_subject ON verification (purpose, subject);
CREATE INDEX verification_expires_at ON verification (expires_at);

-- What the person who runs the server decided in the browser; authd.toml wins over it.
CREATE TABLE setting (
  name       TEXT PRIMARY KEY,
  value      TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE setting;
DROP TABLE verification;
DROP TABLE account;
DROP TABLE session;
DROP TABLE "user";
