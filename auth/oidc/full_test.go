package oidc_test

import (
	"net/url"
	"testing"

	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// pages bounds the size of the file; SQLite takes the pages there are for a bound that is less.
func (w *world) pages(bound string) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		_, err := store.One(w.t.Context(), tx, func(r *store.Row) int64 { return r.Int() }, bound)
		return err
	})
}

const (
	noPageMore = `PRAGMA max_page_count = 1`
	pagesAgain = `PRAGMA max_page_count = 1000000`
)

// TestDiskFull: while nothing can be written no code and no token is used up, nothing is given
// that would not be found again, and all that needs no writing goes on.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__SCOPES": "openid,profile,email,offline_access,read:things"})
	id, secret := w.client(oidc.Client{SkipConsent: true})
	basic := id + ":" + secret
	tokens, code := w.tokens(id, secret), w.code(id, nil)
	jwt, jwtSecret := w.client(oidc.Client{
		GrantTypes: []string{grantOwn}, ClientCredentialsScopes: []string{"read:things"}, RedirectURIs: []string{},
		Settings: oidc.Settings{AccessTokenFormat: "jwt"},
	})
	access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)

	w.pages(noPageMore)
	w.fillUp()
	unavailable := func(a *answer) {
		t.Helper()
		if a.Code != 503 || a.Header().Get("Retry-After") == "" {
			t.Errorf("answered %d %s, want 503 with Retry-After", a.Code, a.Body)
		}
	}
	before := [2]int64{w.count("oauth_access_token"), w.count("oauth_grant WHERE redeemed_at IS NOT NULL")}
	for range 40 { // more than the free bytes of the last pages take
		unavailable(w.redeem(basic, code, nil))
		unavailable(w.refresh(basic, refresh, nil))
	}
	if after := [2]int64{w.count("oauth_access_token"), w.count("oauth_grant WHERE redeemed_at IS NOT NULL")}; after != before {
		t.Errorf("tokens and redeemed codes: %v, before %v", after, before)
	}
	w.userinfo(access).json(200)
	if seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200); seen["active"] != true {
		t.Errorf("introspection: %v", seen)
	}
	w.own(jwt+":"+jwtSecret, nil).json(200)

	w.pages(pagesAgain)
	w.redeem(basic, code, nil).json(200)
	w.refresh(basic, refresh, nil).json(200)
}

// fillUp uses up the pages that the file has, down to rows as small as a token's.
func (w *world) fillUp() {
	w.t.Helper()
	for _, size := range []int{4000, 400, 40} {
		for {
			err := w.srv.Core.DB.Write(w.t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(w.t.Context(), `INSERT INTO oauth_access_token (id, token, grant_id, client_id, scopes, created_at, expires_at)
SELECT 'fill ' || count(*), $1, '', '', '[]', 0, $2 FROM oauth_access_token`, string(make([]byte, size)), int64(4e12))
				return err
			})
			if err != nil {
				break
			}
		}
	}
}
