-- +goose Up

-- How many mails an address was sent because somebody typed it, in the hour that began with the
-- first: subject is a keyed hash of the address.
CREATE TABLE mail_count (
  subject TEXT PRIMARY KEY,
  mails   BIGINT NOT NULL,
  ends_at BIGINT NOT NULL
);
CREATE INDEX mail_count_ends ON mail_count (ends_at);

-- +goose Down
DROP TABLE mail_count;
