-- +goose Up
-- What a user was signed in from: a hash of the browser, and one of the network. uses
-- tells a first time from a later one.
CREATE TABLE user_device (
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  mark    TEXT NOT NULL,
  uses    BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, mark)
);

-- +goose Down
DROP TABLE user_device;
