-- +goose Up

-- A device that waits for a person's answer (RFC 8628). device_code is a SHA-256; user_code,
-- which is short, a keyed hash. oauth tells a registered client's request for tokens from one
-- for a session. user_id is who entered the code; session_id, auth_time and amr are of the
-- session that approved it, which may end before the device asks: no foreign key.
-- polling_interval is milliseconds and grows with every slow_down.
CREATE TABLE device_code (
  id               TEXT PRIMARY KEY,
  device_code      TEXT NOT NULL,
  user_code        TEXT NOT NULL,
  client_id        TEXT NOT NULL,
  scope            TEXT NOT NULL DEFAULT '',
  status           TEXT NOT NULL,
  oauth            BOOLEAN NOT NULL DEFAULT FALSE,
  ip_address       TEXT NOT NULL DEFAULT '',
  user_id          TEXT,
  session_id       TEXT,
  auth_time        BIGINT,
  amr              TEXT,
  created_at       BIGINT NOT NULL,
  expires_at       BIGINT NOT NULL,
  last_polled_at   BIGINT,
  polling_interval BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_code_device_code ON device_code (device_code);
CREATE UNIQUE INDEX device_code_user_code ON device_code (user_code);
CREATE INDEX device_code_user_id ON device_code (user_id);
CREATE INDEX device_code_expires_at ON device_code (expires_at);

-- Wrong codes that somebody tried: id is a person or an address.
CREATE TABLE device_guess (
  id       TEXT PRIMARY KEY,
  failures BIGINT NOT NULL,
  ends_at  BIGINT NOT NULL
);
CREATE INDEX device_guess_ends_at ON device_guess (ends_at);

-- +goose Down
DROP TABLE device_guess;
DROP TABLE device_code;
