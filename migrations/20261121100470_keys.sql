-- +goose Up

-- A key is published before it signs: active_at is from when on it does, until the next one of
-- its algorithm is active. expires_at is until when it is published, set when the next one is made.
ALTER TABLE jwks ADD COLUMN active_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE jwks DROP COLUMN active_at;
