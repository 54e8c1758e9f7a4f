-- +goose Up
-- Who is anonymous still, for the sweep of those who went and never came back: a user
-- who became somebody has no row here.
CREATE TABLE anonymous_user (
  user_id    TEXT PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL
);
CREATE INDEX anonymous_user_created_at ON anonymous_user (created_at);

-- +goose Down
DROP TABLE anonymous_user;
