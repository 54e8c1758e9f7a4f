-- +goose Up

-- The APIs that a device asks access for (RFC 8707), separated by spaces.
ALTER TABLE device_code ADD COLUMN resources TEXT;

-- +goose Down
ALTER TABLE device_code DROP COLUMN resources;
