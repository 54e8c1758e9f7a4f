-- A start looks at the clients that authd.toml once declared, not at all of them.

-- +goose Up
CREATE INDEX oauth_client_declared ON oauth_client (client_id) WHERE declared = TRUE;

-- +goose Down
DROP INDEX oauth_client_declared;
