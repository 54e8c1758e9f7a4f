-- +goose Up

-- A code that was sent to a phone: one at a time for each number and purpose. The
-- number and the code are keyed hashes. user_id is who asked for it with proof of
-- who they are, '' for anybody.
CREATE TABLE phone_code (
  purpose     TEXT NOT NULL,
  number_hash TEXT NOT NULL,
  code_hash   TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  attempts    BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  PRIMARY KEY (purpose, number_hash)
);
CREATE INDEX phone_code_expires ON phone_code (expires_at);
CREATE INDEX phone_code_user ON phone_code (user_id);

-- How many text messages a number or a client's address has caused, for each costs money.
CREATE TABLE sms_count (
  subject  TEXT PRIMARY KEY,
  messages BIGINT NOT NULL,
  ends_at  BIGINT NOT NULL
);
CREATE INDEX sms_count_ends ON sms_count (ends_at);

-- +goose Down
DROP TABLE sms_count;
DROP TABLE phone_code;
