package oidc_test

import (
	"fmt"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// TestSweepOfManyRows: more rows than one step of the sweep takes, in every table that it
// looks after, go in one sweep; those whose time has not come stay.
func TestSweepOfManyRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	user := w.text(`SELECT id FROM "user"`)
	now := w.clock(t.Context())
	for _, c := range []struct{ table, insert string }{
		{"oauth_flow", `INSERT INTO oauth_flow (id, browser, request, created_at, expires_at) VALUES ($1, $2, $3, 0, $4)`},
		{"oauth_jti", `INSERT INTO oauth_jti (id, expires_at) SELECT $1, $4 WHERE $2 <> $3`},
		{"oauth_par", `INSERT INTO oauth_par (id, client_id, request, expires_at, drop_at) VALUES ($1, $2, $3, 0, $4)`},
		{"oauth_registration_token", `INSERT INTO oauth_registration_token (id, token, name, created_at, expires_at) SELECT $1, $1, $2, 0, $4 WHERE $2 <> $3`},
		{"oauth_access_token", `INSERT INTO oauth_access_token (id, token, grant_id, client_id, scopes, created_at, expires_at) VALUES ($1, $3, '', $2, '[]', 0, $4)`},
		{"oauth_grant", `INSERT INTO oauth_grant (id, client_id, user_id, scopes, auth_time, code, redirect_uri, created_at, expires_at) VALUES ($1, $2, $3, '[]', 0, '', '', 0, $4)`},
		{"oauth_session", `INSERT INTO oauth_session (id, session_id, client_id, user_id, sid, created_at, last_token_at, expires_at) VALUES ($1, $1, $2, $3, '', 0, 0, $4)`},
	} {
		t.Run(c.table, func(t *testing.T) {
			w.write(func(tx *store.Tx) error {
				for i := range 903 {
					end := now.Add(-time.Second)
					if i%301 == 0 { // 3 of them are to stay
						end = now.Add(time.Hour)
					}
					if _, err := tx.Exec(t.Context(), c.insert, core.NewID(), id, user, end); err != nil {
						return err
					}
				}
				return nil
			})
			if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := w.count(c.table); n != 3 {
				t.Errorf("%d rows are left, want 3", n)
			}
		})
	}
}

// TestClientsWithManyGrants: a client that is deleted, or swept for want of use, takes along
// all that it was given, and nothing of any other.
func TestClientsWithManyGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	user := w.text(`SELECT id FROM "user"`)
	old := w.clock(t.Context()).Add(-1000 * 24 * time.Hour)
	given := func(unverified bool) string {
		id, _ := w.client(oidc.Client{Registration: "dynamic", Unverified: unverified})
		w.write(func(tx *store.Tx) error {
			for i := range 450 {
				if _, err := tx.Exec(t.Context(), `INSERT INTO oauth_grant (id, client_id, user_id, scopes, auth_time, code, redirect_uri, created_at, expires_at)
VALUES ($1, $2, $3, '[]', 0, '', '', 0, $4)`, core.NewID(), id, user, old.Add(2000*24*time.Hour)); err != nil {
					return err
				}
				if _, err := tx.Exec(t.Context(), `INSERT INTO oauth_session (id, session_id, client_id, user_id, sid, created_at, last_token_at, expires_at)
VALUES ($1, $1, $2, $3, '', 0, 0, $4)`, core.NewID(), id, user, old.Add(2000*24*time.Hour)); err != nil {
					return err
				}
				if i == 0 {
					_, err := tx.Exec(t.Context(), `INSERT INTO oauth_consent (id, client_id, user_id, scopes, created_at, updated_at) VALUES ($1, $2, $3, '[]', 0, 0)`, core.NewID(), id, user)
					if err != nil {
						return err
					}
				}
			}
			_, err := tx.Exec(t.Context(), `UPDATE oauth_client SET last_used_at = $1 WHERE client_id = $2`, old, id)
			return err
		})
		return id
	}
	deleted, unused, kept := given(false), given(true), given(false)
	rows := func(id string) string {
		return fmt.Sprint(w.count("oauth_client WHERE client_id = '"+id+"'"), w.count("oauth_grant WHERE client_id = '"+id+"'"),
			w.count("oauth_session WHERE client_id = '"+id+"'"), w.count("oauth_consent WHERE client_id = '"+id+"'"))
	}
	if err := w.srv.OIDC.DeleteClient(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	if got := rows(deleted) + ", " + rows(unused); got != "0 0 0 0, 1 450 450 1" {
		t.Errorf("after the deletion of one: %s", got)
	}
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := rows(unused) + ", " + rows(kept); got != "0 0 0 0, 1 450 450 1" {
		t.Errorf("after the sweep of another: %s", got)
	}
}

func (w *world) write(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.srv.Core.DB.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}
