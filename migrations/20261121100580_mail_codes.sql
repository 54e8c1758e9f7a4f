-- +goose Up

-- A code that was asked for by mail: purpose is what it is good for, subject the address.
-- The code is derived from seed under the server's secret and stands nowhere; '' when it
-- was used up. An address that is nobody's has a row too, so that it answers alike.
-- attempts are the wrong codes tried for this one, failures those of an hour.
CREATE TABLE mail_code (
  purpose        TEXT NOT NULL,
  subject        TEXT NOT NULL,
  seed           TEXT NOT NULL,
  attempts       BIGINT NOT NULL,
  failures       BIGINT NOT NULL,
  failures_until BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  expires_at     BIGINT NOT NULL,
  PRIMARY KEY (purpose, subject)
);
CREATE INDEX mail_code_expires_at ON mail_code (expires_at);

-- +goose Down
DROP TABLE mail_code;
