-- +goose Up

-- What one person allowed one client is looked for by both: by the client alone it would be
-- found among all people's.
DROP INDEX oauth_grant_user_id;
CREATE INDEX oauth_grant_user ON oauth_grant (user_id, client_id);

-- +goose Down
DROP INDEX oauth_grant_user;
CREATE INDEX oauth_grant_user_id ON oauth_grant (user_id);
