-- +goose Up

-- Sessions that began with a recovery link: it has opened the account, and proves nothing more.
CREATE TABLE recovery_session (
  session_id TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE recovery_session;
