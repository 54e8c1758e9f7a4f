-- +goose Up

-- needs_name: as far as is known, the key signs only for who names it, and so signs in nobody of
-- whom nothing is known yet. It is not kept by its authenticator (WebAuthn L3 §10.1.3, credProps), or was
-- made without its person being verified: browsers then protect it so (CTAP 2.1 §12.1, credProtect).
ALTER TABLE passkey ADD COLUMN needs_name BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE passkey DROP COLUMN needs_name;
