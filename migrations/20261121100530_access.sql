-- +goose Up

-- Somebody who asked for an account and waits for an administrator to let them in.
ALTER TABLE "user" ADD COLUMN pending BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE "user" DROP COLUMN pending;
