-- +goose Up

-- Failed sign-ins by whom they were about and where they came from: bucket is a keyed hash of
-- an account's name, of a network or of a known browser. sketch tells about how many different
-- networks, or accounts, they were: a bit each. locks counts how often it came to waiting.
CREATE TABLE sign_in_guess (
  bucket       TEXT PRIMARY KEY,
  failures     BIGINT NOT NULL,
  sketch       BIGINT NOT NULL,
  since        BIGINT NOT NULL,
  locks        BIGINT NOT NULL,
  locked_until BIGINT NOT NULL,
  told_at      BIGINT NOT NULL
);
CREATE INDEX sign_in_guess_since ON sign_in_guess (since);
CREATE INDEX user_device_seen_at ON user_device (seen_at);

-- +goose Down
DROP INDEX user_device_seen_at;
DROP TABLE sign_in_guess;
