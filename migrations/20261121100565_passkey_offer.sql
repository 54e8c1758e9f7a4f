-- +goose Up

-- When somebody who has so many passkeys may next be offered one, after a sign-in with a password.
-- in_flow: it was offered while an app waited, which happens once.
CREATE TABLE passkey_offer (
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  has     BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  in_flow BOOLEAN NOT NULL,
  PRIMARY KEY (user_id, has)
);

-- +goose Down
DROP TABLE passkey_offer;
