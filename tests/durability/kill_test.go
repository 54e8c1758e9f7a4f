// Package durability ends authd in the middle of its work and looks at what is left.
package durability

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite"

	"authd/tests/authdtest"
)

func TestMain(m *testing.M) { os.Exit(authdtest.Main(m)) }

const (
	callback  = "https://app.example.com/callback"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	kills     = 4
	refreshes = 6 // workers that refresh
	exchanges = 6 // workers that exchange codes
	answered  = 150
)

const toml = `[oauth_provider]
refresh_token_reuse_interval = "5m"

[[client]]
client_id = "app"
token_endpoint_auth_method = "none"
type = "web"
redirect_uris = ["` + callback + `"]
skip_consent = true
id_token_signed_response_alg = "EdDSA"
`

// TestNothingIsLostOrDoubledWhenTheServerIsKilled: while clients exchange codes and refresh
// tokens as fast as they can, the server is killed. What it had answered is good afterwards;
// what it had not answered happened wholly or not at all, and can be asked for again.
func TestNothingIsLostOrDoubledWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	s := authdtest.Start(t, authdtest.Options{Env: map[string]string{"AUTHD_RATE_LIMIT__ENABLED": "false"}, TOML: toml})
	person := s.Client()
	if a := person.Post(t, "/sign-up/email", map[string]string{"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}); a.Status != 200 {
		t.Fatalf("sign-up: %d %s", a.Status, a.Body)
	}
	families := make([]*family, refreshes)
	for i := range families {
		families[i] = &family{party: party{c: s.Client(), cookie: person.CookieHeader()}}
		families[i].begin(t)
	}
	for range kills {
		exchangers := make([]*exchanger, exchanges)
		for i := range exchangers {
			exchangers[i] = &exchanger{party: party{c: s.Client(), cookie: person.CookieHeader()}}
		}
		storm(t, s, families, exchangers)
		consistent(t, s.Data)
		if err := s.Launch(); err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			f.check(t)
		}
		for _, e := range exchangers {
			e.check(t)
		}
	}
}

// storm has everybody work until enough was answered, and kills the server then.
func storm(t *testing.T, s *authdtest.Server, families []*family, exchangers []*exchanger) {
	t.Helper()
	var done atomic.Int64
	enough := make(chan struct{})
	count := func() {
		if done.Add(1) == answered {
			close(enough)
		}
	}
	failed := make(chan error, len(families)+len(exchangers))
	var all sync.WaitGroup
	for _, f := range families {
		all.Go(func() { failed <- f.work(count) })
	}
	for _, e := range exchangers {
		all.Go(func() { failed <- e.work(count) })
	}
	select {
	case <-enough:
	case err := <-failed:
		t.Errorf("before the kill: %v", err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	close(failed)
	for err := range failed {
		var refused *refusal
		if errors.As(err, &refused) {
			t.Errorf("before the kill: %v", err)
		}
	}
}

// consistent looks at the file as the kill has left it: no grant is used up without the
// access token it was used up for, and none has one without being used up.
func consistent(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "authd.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for what, query := range map[string]string{
		"redeemed codes without a token":          `SELECT count(*) FROM oauth_grant g WHERE redeemed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM oauth_access_token t WHERE t.grant_id = g.id)`,
		"redeemed codes without a client session": `SELECT count(*) FROM oauth_grant g WHERE redeemed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM oauth_session s WHERE s.session_id = g.session_id AND s.client_id = g.client_id)`,
		"redeemed codes without a refresh token":  `SELECT count(*) FROM oauth_grant WHERE redeemed_at IS NOT NULL AND refresh_token IS NULL`,
		"tokens of codes that are not redeemed":   `SELECT count(*) FROM oauth_access_token t JOIN oauth_grant g ON g.id = t.grant_id WHERE g.redeemed_at IS NULL`,
		"tokens of no grant":                      `SELECT count(*) FROM oauth_access_token t WHERE NOT EXISTS (SELECT 1 FROM oauth_grant g WHERE g.id = t.grant_id)`,
	} {
		var n int
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	var verdict string
	if err := db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %s %v", verdict, err)
	}
}

// party is a client of the server's and the person it acts for.
type party struct {
	c      *authdtest.Client
	cookie string
}

// refusal is an answer that should have been another.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// code takes the person through authorization. An error that is no refusal says that the
// server did not answer.
func (p *party) code() (string, error) {
	query := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}, "scope": {"openid offline_access"}, "state": {"s"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	a, err := p.c.Send(authdtest.Call{Method: "GET", Path: "/oauth2/authorize?" + query.Encode(), Header: map[string]*string{"Cookie": &p.cookie}})
	if err != nil {
		return "", err
	}
	to, err := url.Parse(a.Header.Get("Location"))
	if code := to.Query().Get("code"); err == nil && code != "" {
		return code, nil
	}
	return "", &refusal{fmt.Sprintf("authorize: %d %s %s", a.Status, a.Header.Get("Location"), a.Body)}
}

func (p *party) exchange(code string) (authdtest.Response, error) {
	return p.token(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}})
}

func (p *party) token(form url.Values) (authdtest.Response, error) {
	form.Set("client_id", "app")
	return p.c.Send(authdtest.Call{Method: "POST", Path: "/oauth2/token", Form: form})
}

func (p *party) userinfo(access string) (authdtest.Response, error) {
	bearer := "Bearer " + access
	return p.c.Send(authdtest.Call{Method: "GET", Path: "/oauth2/userinfo", Header: map[string]*string{"Authorization": &bearer}})
}
