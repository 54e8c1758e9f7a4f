-- +goose Up

-- An invitation to sign up, made by an administrator. It is deleted by whoever uses
-- it. token_hash is the SHA-256 of the secret in its link. email, when it is set, is
-- the only address it is good for; role is what the new user becomes; inviter and note
-- are shown to the invited person.
CREATE TABLE sign_up_invitation (
  id         TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL,
  email      TEXT,
  role       TEXT NOT NULL DEFAULT '',
  inviter    TEXT NOT NULL DEFAULT '',
  note       TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sign_up_invitation_token_hash ON sign_up_invitation (token_hash);
CREATE INDEX sign_up_invitation_expires_at ON sign_up_invitation (expires_at);

-- Few wait, and the list of them is short whatever the number of users.
CREATE INDEX user_pending ON "user" (id) WHERE pending;

-- +goose Down
DROP INDEX user_pending;
DROP TABLE sign_up_invitation;
