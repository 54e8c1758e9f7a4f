-- +goose Up
-- A picture that somebody uploaded, as it is served: base64 of a small JPEG or PNG. Its hash
-- is its address, so another picture has another one.
CREATE TABLE user_image (
  user_id    TEXT PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
  hash       TEXT NOT NULL,
  type       TEXT NOT NULL,
  data       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_image_hash ON user_image (hash);

-- +goose Down
DROP TABLE user_image;
