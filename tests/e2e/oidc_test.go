// Package e2e takes authd through whole journeys with other people's programs.
// What needs Node and Chromium is beside it in suites/, and runs from Go with -tags e2e.
package e2e

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"authd/tests/authdtest"
)

func TestMain(m *testing.M) { os.Exit(authdtest.Main(m)) }

const (
	email    = "ada@example.com"
	password = "correct-horse-battery"
	secret   = "a-client-secret-of-more-than-32-characters"
	callback = "https://rp.example/cb"
)

const clients = `
[[client]]
client_id = "basic"
client_secret = "` + secret + `"
redirect_uris = ["` + callback + `"]

[[client]]
client_id = "post"
client_secret = "` + secret + `"
token_endpoint_auth_method = "client_secret_post"
id_token_signed_response_alg = "EdDSA"
redirect_uris = ["` + callback + `"]

[[client]]
client_id = "public"
id_token_signed_response_alg = "ES256"
redirect_uris = ["` + callback + `"]
`

// person is somebody with a browser that follows redirects as far as authd goes.
type person struct {
	t      *testing.T
	server *authdtest.Server
	http   *http.Client
}

func newPerson(t *testing.T, server *authdtest.Server) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaves := func(req *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(req.URL.String(), server.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &person{t: t, server: server, http: &http.Client{Jar: jar, CheckRedirect: leaves, Timeout: 30 * time.Second}}
}

// page is what the browser shows, or where it was sent away to.
type page struct {
	url  *url.URL
	body string
	away *url.URL
}

func (p *person) visit(req *http.Request) page {
	p.t.Helper()
	res, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	shown := page{url: res.Request.URL, body: string(body)}
	location, err := res.Location()
	if err != nil {
		location, err = refreshTarget(shown.body)
	}
	if err == nil {
		shown.away = location
	}
	return shown
}

func (p *person) open(address string) page {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.visit(req)
}

// submit sends the page's form to the path that it names, with the fields that it carries.
func (p *person) submit(shown page, action string, fields url.Values) page {
	p.t.Helper()
	if !strings.Contains(shown.body, `action="`+action+`"`) {
		p.t.Fatalf("%s has no form for %s:\n%.600s", shown.url, action, shown.body)
	}
	maps.Copy(fields, ownFields(shown.body, action))
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.server.URL+action, strings.NewReader(fields.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.server.URL)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.visit(req)
}

// authorize goes through sign-in and consent and returns the address of the way back.
func (p *person) authorize(address string) *url.URL {
	p.t.Helper()
	shown := p.open(address)
	if shown.away == nil && shown.url.Path == "/login" {
		shown = p.submit(shown, "/login", url.Values{"email": {email}, "password": {password}})
	}
	if shown.away == nil && shown.url.Path == "/consent" {
		shown = p.submit(shown, "/consent", url.Values{"decision": {"allow"}})
	}
	if shown.away == nil {
		p.t.Fatalf("still at %s:\n%.600s", shown.url, shown.body)
	}
	return shown.away
}

func start(t *testing.T) *authdtest.Server {
	t.Helper()
	server := authdtest.Start(t, authdtest.Options{TOML: clients, Env: map[string]string{"AUTHD_RATE_LIMIT__ENABLED": "false"}})
	server.Client().Post(t, "/sign-up/email", map[string]string{"email": email, "password": password, "name": "Ada Lovelace"}).Want(t, http.StatusOK)
	return server
}

// relyingParty is a client as x/oauth2 and go-oidc see it.
type relyingParty struct {
	oauth2.Config
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
}

func discover(t *testing.T, server *authdtest.Server, id string, style oauth2.AuthStyle) *relyingParty {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	rp := &relyingParty{
		provider: provider,
		verifier: provider.Verifier(&oidc.Config{ClientID: id, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256, oidc.EdDSA}}),
		Config: oauth2.Config{
			ClientID: id, ClientSecret: secret, RedirectURL: callback, Endpoint: provider.Endpoint(),
			Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
		},
	}
	if id == "public" {
		rp.ClientSecret = ""
	}
	rp.Endpoint.AuthStyle = style
	return rp
}

// tokens takes the person through the flow and checks what comes back with it.
func (rp *relyingParty) tokens(t *testing.T, p *person) *oauth2.Token {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	back := p.authorize(rp.AuthCodeURL("the-state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("the-nonce")))
	query := back.Query()
	if query.Get("state") != "the-state" || query.Get("iss") != p.server.URL || query.Get("code") == "" {
		t.Fatalf("came back with %s", back)
	}
	token, err := rp.Exchange(t.Context(), query.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestRelyingParty(t *testing.T) {
	t.Parallel()
	server := start(t)
	cases := []struct {
		client string
		style  oauth2.AuthStyle
		alg    string
	}{
		{"basic", oauth2.AuthStyleInHeader, oidc.RS256},
		{"post", oauth2.AuthStyleInParams, oidc.EdDSA},
		{"public", oauth2.AuthStyleInParams, oidc.ES256},
	}
	for _, c := range cases {
		t.Run(c.client, func(t *testing.T) {
			t.Parallel()
			rp := discover(t, server, c.client, c.style)
			token := rp.tokens(t, newPerson(t, server))
			raw, ok := token.Extra("id_token").(string)
			if !ok {
				t.Fatal("no ID token")
			}
			id, err := rp.verifier.Verify(t.Context(), raw)
			if err != nil {
				t.Fatal(err)
			}
			if id.Nonce != "the-nonce" || id.Issuer != server.URL || !slices.Equal(id.Audience, []string{c.client}) {
				t.Errorf("ID token: nonce %q, issuer %q, audience %q", id.Nonce, id.Issuer, id.Audience)
			}
			if err := id.VerifyAccessToken(token.AccessToken); err != nil {
				t.Errorf("at_hash: %v", err)
			}
			only := rp.provider.Verifier(&oidc.Config{ClientID: c.client, SupportedSigningAlgs: []string{c.alg}})
			if _, err := only.Verify(t.Context(), raw); err != nil {
				t.Errorf("signed with something else than %s: %v", c.alg, err)
			}
			checkUserInfo(t, rp, token, id.Subject)
			checkRefresh(t, rp, token)
		})
	}
}

func checkUserInfo(t *testing.T, rp *relyingParty, token *oauth2.Token, subject string) {
	t.Helper()
	info, err := rp.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil {
		t.Fatal(err)
	}
	if info.Subject != subject || info.Email != email || info.EmailVerified {
		t.Errorf("userinfo: %+v", info)
	}
}

// checkRefresh: x/oauth2 refreshes by itself; a token used twice ends all of its family.
func checkRefresh(t *testing.T, rp *relyingParty, first *oauth2.Token) {
	t.Helper()
	refresh := func(token *oauth2.Token) (*oauth2.Token, error) {
		return rp.TokenSource(context.WithoutCancel(t.Context()), &oauth2.Token{RefreshToken: token.RefreshToken, Expiry: time.Now().Add(-time.Hour)}).Token()
	}
	second, err := refresh(first)
	if err != nil {
		t.Fatal(err)
	}
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		t.Error("the refresh token does not rotate")
	}
	for _, used := range []struct {
		name  string
		token *oauth2.Token
	}{{"the used one", first}, {"the one that it gave", second}} { // in this order: the first ends the family
		var refused *oauth2.RetrieveError
		if _, err := refresh(used.token); !asRetrieveError(err, &refused) || refused.ErrorCode != "invalid_grant" {
			t.Errorf("%s: %v, want invalid_grant", used.name, err)
		}
	}
	if _, err := rp.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(second)); err == nil {
		t.Error("an access token of the family still counts")
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	server := start(t)
	rp := discover(t, server, "basic", oauth2.AuthStyleInHeader)
	token := rp.tokens(t, newPerson(t, server))
	var document struct {
		Revocation string `json:"revocation_endpoint"`
	}
	if err := rp.provider.Claims(&document); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, document.Revocation, strings.NewReader(url.Values{"token": {token.RefreshToken}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("basic", secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("revocation: %d", res.StatusCode)
	}
	if _, err := rp.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token)); err == nil {
		t.Error("the access token outlives its refresh token")
	}
}
