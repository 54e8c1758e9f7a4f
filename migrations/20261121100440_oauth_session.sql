-- +goose Up

-- Who got an ID token in which session. A row is the session of a person at one client, named
-- sid to that client (Back-Channel Logout §2.1), and outlives the session it began in: no
-- foreign key to session. told is what the client knows of the end: '' nothing yet or no way
-- to tell it, waiting, told, failed; job is the work that tells it.
-- expires_at is when the sweep looks at the row next.
CREATE TABLE oauth_session (
  id            TEXT PRIMARY KEY,
  session_id    TEXT NOT NULL,
  user_id       TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  client_id     TEXT NOT NULL REFERENCES oauth_client (client_id) ON DELETE CASCADE,
  sid           TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  last_token_at BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  ended_at      BIGINT,
  told          TEXT NOT NULL DEFAULT '',
  job           TEXT
);
CREATE UNIQUE INDEX oauth_session_client ON oauth_session (session_id, client_id);
CREATE INDEX oauth_session_user_id ON oauth_session (user_id);
CREATE INDEX oauth_session_client_id ON oauth_session (client_id);

-- +goose Down
DROP TABLE oauth_session;
