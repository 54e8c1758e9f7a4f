-- +goose Up

-- Which values of users' own fields nobody else may have: an index on what "user".extra holds,
-- kept in the same transaction as the row.
CREATE TABLE user_unique (
  field   TEXT NOT NULL,
  value   TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, field),
  UNIQUE (field, value)
);

-- +goose Down
DROP TABLE user_unique;
