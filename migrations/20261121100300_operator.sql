-- +goose Up
CREATE TABLE operator_token (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX operator_token_hash ON operator_token (token_hash);

-- +goose Down
DROP TABLE operator_token;
