package main

import (
	"context"
	"fmt"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// insertPeople adds one user and one session for each token, as core writes them.
func insertPeople(ctx context.Context, tx *store.Tx, from int, tokens []string) error {
	now := time.Now().UTC()
	for i, token := range tokens {
		id := core.NewID()
		if _, err := tx.Exec(ctx, `INSERT INTO "user" (id, name, email, email_verified, created_at, updated_at, role)
VALUES ($1, $2, $3, TRUE, $4, $4, 'user')`,
			id, fmt.Sprintf("Person %d", from+i), fmt.Sprintf("person-%d@example.com", from+i), now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO session (id, token_hash, user_id, expires_at, created_at, updated_at, ip_address, user_agent, amr)
VALUES ($1, $2, $3, $4, $5, $5, '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '["pwd"]')`,
			core.NewID(), core.HashToken(token), id, now.Add(7*24*time.Hour), now); err != nil {
			return err
		}
	}
	return nil
}
