package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// TestCodeFlow goes the whole way once: sign-in page, consent, code, tokens,
// userinfo, introspection, refresh, revocation.
func TestCodeFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{Name: "App", URI: "https://app.example"})
	basic := id + ":" + secret

	b := w.anonymous()
	login := b.authorize(request(id, nil))
	if login.Path != "/login" || login.Query().Get("flow") == "" || len(login.Query()) != 1 {
		t.Fatalf("sent to %s, want /login with nothing but a flow", login)
	}
	if page := b.page(login).json(200); page["Step"] != "login" || page["ClientName"] != "App" || page["RedirectHost"] != "app.example" {
		t.Fatalf("the page knows %v", page)
	}
	w.pass(time.Second)
	b.signIn(nil).json(200)
	consent := b.act(login, "resume", nil).location()
	if consent.Path != "/consent" || consent.Query().Get("flow") != login.Query().Get("flow") {
		t.Fatalf("sent to %s, want /consent with the same flow", consent)
	}
	back := b.allow(consent)
	if got := back.Scheme + "://" + back.Host + back.Path; got != callback {
		t.Fatalf("sent to %s", back)
	}
	if q := back.Query(); q.Get("state") != "st4te" || q.Get("iss") != issuer {
		t.Fatalf("answered with %v", q)
	}

	answer := w.redeem(basic, back.Query().Get("code"), nil)
	tokens := answer.json(200)
	if answer.Header().Get("Cache-Control") != "no-store" || answer.Header().Get("Pragma") != "no-cache" {
		t.Error("tokens may be cached")
	}
	if tokens["token_type"] != "Bearer" || tokens["expires_in"] != 3600.0 || tokens["scope"] != "openid profile email offline_access" {
		t.Errorf("tokens: %v", tokens)
	}
	access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)
	info := w.userinfo(access).json(200)
	for claim, want := range map[string]any{
		"name": "Ada King Lovelace", "given_name": "Ada King", "family_name": "Lovelace", "email": "ada@example.com",
		"email_verified": false, "picture": "https://app.example/ada.png",
	} {
		if info[claim] != want {
			t.Errorf("userinfo says %s = %v, want %v", claim, info[claim], want)
		}
	}
	if seen := w.form("introspect", basic, url.Values{"token": {access}}).json(200); seen["active"] != true || seen["sub"] != info["sub"] || seen["client_id"] != id {
		t.Errorf("introspection of the access token: %v", seen)
	}
	next := w.refresh(basic, refresh, nil).json(200)
	if next["refresh_token"] == refresh || next["access_token"] == access || next["id_token"] == nil {
		t.Errorf("refresh: %v", next)
	}
	if answer := w.form("revoke", basic, url.Values{"token": {next["refresh_token"].(string)}}); answer.Code != 200 || answer.Body.Len() != 0 {
		t.Errorf("revocation answered %d %q", answer.Code, answer.Body)
	}
	for _, token := range []string{access, next["access_token"].(string)} {
		w.userinfo(token).refused(401, "invalid_token")
	}
}

// TestIDToken checks signature and claims for each algorithm a client may ask for.
func TestIDToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(w.anonymous().get("/.well-known/jwks.json").Body.Bytes(), &keys); err != nil {
		t.Fatal(err)
	}
	if len(keys.Keys) != 3 {
		t.Fatalf("%d keys are published, want one for each algorithm", len(keys.Keys))
	}
	for _, k := range keys.Keys {
		if !k.IsPublic() || !k.Valid() || k.Use != "sig" {
			t.Errorf("key %s is published as %+v", k.KeyID, k)
		}
	}
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA} {
		t.Run(string(alg), func(t *testing.T) {
			id, secret := w.client(oidc.Client{IDTokenSignedResponseAlg: string(alg)})
			tokens := w.tokens(id, secret)
			token, err := jwt.ParseSigned(tokens["id_token"].(string), []jose.SignatureAlgorithm{alg})
			if err != nil {
				t.Fatal(err)
			}
			found := keys.Key(token.Headers[0].KeyID)
			if len(found) != 1 || found[0].Algorithm != string(alg) {
				t.Fatalf("the key %s is not published for %s", token.Headers[0].KeyID, alg)
			}
			var claims map[string]any
			if err := token.Claims(found[0].Key, &claims); err != nil {
				t.Fatal(err)
			}
			now := float64(w.clock(t.Context()).Unix())
			for name, want := range map[string]any{
				"iss": issuer, "aud": id, "nonce": "n0nce", "iat": now, "exp": now + 36000, "auth_time": float64(start.Unix()), "acr": "0",
			} {
				if claims[name] != want {
					t.Errorf("%s = %v, want %v", name, claims[name], want)
				}
			}
			for _, name := range []string{"sub", "at_hash", "amr"} {
				if claims[name] == nil {
					t.Errorf("%s is missing", name)
				}
			}
			for _, name := range []string{"name", "email", "picture", "sid"} {
				if claims[name] != nil {
					t.Errorf("%s is in the ID token", name)
				}
			}
		})
	}
}

func TestDefaultAlgorithmIsRS256(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c, _, err := w.srv.OIDC.CreateClient(t.Context(), oidc.Client{RedirectURIs: []string{callback}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.IDTokenSignedResponseAlg != "RS256" {
		t.Errorf("default %s (OpenID Connect Registration §2 says RS256)", c.IDTokenSignedResponseAlg)
	}
}

// TestAccessEnds: whatever ends a person's access ends what they allowed.
func TestAccessEnds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		end  func(t *testing.T, w *world, u *core.User)
	}{
		{"all access is ended, as by a password reset", func(t *testing.T, w *world, u *core.User) {
			write(t, w, func(tx *store.Tx) error { return w.srv.Core.EndAccess(t.Context(), tx, u.ID, "password-reset") })
		}},
		{"the user is banned", func(t *testing.T, w *world, u *core.User) {
			u.Banned = true
			write(t, w, func(tx *store.Tx) error { return w.srv.Core.SaveUser(t.Context(), tx, u) })
		}},
		{"the user is deleted", func(t *testing.T, w *world, u *core.User) {
			write(t, w, func(tx *store.Tx) error { _, err := w.srv.Core.DeleteUser(t.Context(), tx, u.ID); return err })
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			id, secret := w.client(oidc.Client{})
			basic := id + ":" + secret
			tokens := w.tokens(id, secret)
			unused := w.code(id, nil)
			u, err := w.srv.Core.UserByEmail(t.Context(), w.srv.Core.DB, "ada@example.com")
			if err != nil {
				t.Fatal(err)
			}
			c.end(t, w, u)
			w.userinfo(tokens["access_token"].(string)).refused(401, "invalid_token")
			w.refresh(basic, tokens["refresh_token"].(string), nil).refused(400, "invalid_grant")
			w.redeem(basic, unused, nil).refused(400, "invalid_grant")
			for _, token := range []string{"access_token", "refresh_token"} {
				if seen := w.form("introspect", basic, url.Values{"token": {tokens[token].(string)}}).json(200); seen["active"] != false || len(seen) != 1 {
					t.Errorf("introspection of the %s: %v", token, seen)
				}
			}
		})
	}
}

func write(t *testing.T, w *world, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := w.srv.Core.DB.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// TestDocuments: the metadata is the same everywhere and true, and anybody may read it.
func TestDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	first := ""
	for _, path := range []string{
		"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/api/auth",
		"/api/auth/.well-known/openid-configuration", "/api/auth/.well-known/oauth-authorization-server",
	} {
		a := w.anonymous().get(path)
		doc := a.json(200)
		if doc["issuer"] != issuer {
			t.Errorf("%s: issuer %v", path, doc["issuer"])
		}
		if first == "" {
			first = a.Body.String()
		}
		if a.Body.String() != first {
			t.Errorf("%s differs from the others", path)
		}
		if r, _ := http.NewRequest(http.MethodPost, path, nil); w.do(r).Code != http.StatusMethodNotAllowed || w.do(r).Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s takes a POST", path)
		}
		if a.Header().Get("Cache-Control") == "" || a.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v", path, a.Header())
		}
		for name, endpoint := range doc {
			uri, _ := endpoint.(string)
			u, err := url.Parse(uri)
			if err != nil || u.Scheme == "" || name == "issuer" {
				continue
			}
			method := http.MethodGet
			if name != "authorization_endpoint" && name != "jwks_uri" && name != "userinfo_endpoint" {
				method = http.MethodPost
			}
			r, _ := http.NewRequest(method, u.Path, nil)
			if got := w.do(r).Code; got == http.StatusNotFound {
				t.Errorf("%s is said to be at %s, where nothing is", name, uri)
			}
		}
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/jwks.json", "/api/auth/jwks", "/api/auth/oauth2/userinfo"} {
		r, _ := http.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Origin", "https://anybody.example")
		if h := w.do(r).Header(); h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: a page elsewhere gets %v", path, h)
		}
	}
}
