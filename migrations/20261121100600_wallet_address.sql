-- +goose Up
-- Ethereum accounts that people sign in with, one row a chain. The address is in the form
-- of EIP-55, and is somebody's on every chain as soon as it is on one.
CREATE TABLE wallet_address (
  id         TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  address    TEXT NOT NULL,
  chain_id   BIGINT NOT NULL,
  is_primary BOOLEAN NOT NULL DEFAULT FALSE,
  created_at BIGINT NOT NULL,
  UNIQUE (address, chain_id)
);
CREATE INDEX wallet_address_user_id ON wallet_address (user_id);

-- +goose Down
DROP TABLE wallet_address;
