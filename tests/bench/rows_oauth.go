package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const (
	clientID     = "bench"
	clientSecret = "a-secret-that-only-the-bench-knows-0123456789"
	redirectURI  = "https://app.example.com/callback"
	verifier     = "bench-verifier-bench-verifier-bench-verifier-0123"
)

// The bench's own clients that speak for nobody but themselves, one for each form of access token.
const (
	machineOpaque = "bench-opaque"
	machineEdDSA  = "bench-eddsa"
	machineRS256  = "bench-rs256"

	apiEdDSA = "https://eddsa.example.com"
	apiRS256 = "https://rs256.example.com"
)

// clientConfig declares the bench's clients. The one that people use has everybody's consent on
// file, and ID tokens signed by Ed25519.
func clientConfig() string {
	var b strings.Builder
	fmt.Fprintf(&b, `[oauth_provider]
scopes = ["openid", "profile", "email", "offline_access", "jobs:read", "jobs:run"]

[[oauth_provider.resources]]
identifier = %q
signing_algorithm = "EdDSA"
clients = [%q]

[[oauth_provider.resources]]
identifier = %q
signing_algorithm = "RS256"
clients = [%q]

[[client]]
client_id = %q
client_secret = %q
name = "Bench"
redirect_uris = [%q]
id_token_signed_response_alg = "EdDSA"
`, apiEdDSA, machineEdDSA, apiRS256, machineRS256, clientID, clientSecret, redirectURI)
	for _, id := range []string{machineOpaque, machineEdDSA, machineRS256} {
		fmt.Fprintf(&b, `
[[client]]
client_id = %q
client_secret = %q
grant_types = ["client_credentials"]
client_credentials_scopes = ["jobs:read", "jobs:run"]
`, id, clientSecret)
	}
	return b.String()
}

// relyingParty is an OAuth client and the user's cookie it is used with.
type relyingParty struct {
	host, id, secret, cookie string
}

func (r relyingParty) authorize() []byte {
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {r.id}, "redirect_uri": {redirectURI},
		"scope": {"openid profile email offline_access"}, "state": {"st4te"}, "nonce": {"n0nce"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	return get(r.host, "/api/auth/oauth2/authorize?"+query.Encode(), "Cookie: "+r.cookie)
}

func (r relyingParty) token(form url.Values) []byte {
	basic := base64.StdEncoding.EncodeToString([]byte(r.id + ":" + r.secret))
	return postForm(r.host, "/api/auth/oauth2/token", form.Encode(), "Authorization: Basic "+basic)
}

// flow is authorization code + PKCE by a signed-in browser: authorize, code, tokens. The ID
// token in the answer is not verified here; tests/e2e does that.
func (r relyingParty) flow(authorize []byte, c *client) error {
	if err := errors.Join(c.do(authorize), c.want(302)); err != nil {
		return fmt.Errorf("authorize: %w", err)
	}
	target, err := url.Parse(c.header("Location"))
	if err != nil {
		return err
	}
	code := target.Query().Get("code")
	if code == "" {
		return fmt.Errorf("authorize led to %s and not back with a code", target)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
	if err := errors.Join(c.do(r.token(form)), c.want(200)); err != nil {
		return fmt.Errorf("exchange the code: %w", err)
	}
	return nil
}

// refresher gives a worker that spends its refresh token and keeps the one it gets.
func (r relyingParty) refresher() operation {
	var token string
	authorize := r.authorize()
	return func(c *client) error {
		if token == "" {
			if err := r.flow(authorize, c); err != nil {
				return err
			}
			token = c.field("refresh_token")
		}
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
		if err := errors.Join(c.do(r.token(form)), c.want(200)); err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		token = c.field("refresh_token")
		if token == "" {
			return errors.New("refresh: the answer has no new refresh token")
		}
		return nil
	}
}

func (r relyingParty) flows() operation {
	authorize := r.authorize()
	return func(c *client) error { return r.flow(authorize, c) }
}

// asParties makes each worker the client of another user.
func asParties(host string, cookies []string, do func(relyingParty) operation) func(int) operation {
	return func(i int) operation {
		return do(relyingParty{host: host, id: clientID, secret: clientSecret, cookie: cookies[i%len(cookies)]})
	}
}

// Names of the rows that oauth-large compares with.
const (
	rowFlow       = "code + PKCE flow, both requests, consent on file"
	rowRefresh    = "token refresh, rotated, durable, 8 connections"
	rowIntrospect = "introspection of an opaque token"
	rowUserinfo   = "userinfo"
)

// codeFlow has a target of its own beside the multiple: complete flows a second.
func (b *bench) codeFlow(ctx context.Context) error {
	const limit, floor = 60, 500
	f, err := b.onSmall(ctx, rowFlow, relyingParty.flows)
	if err != nil {
		return err
	}
	l := line{what: rowFlow, target: fmt.Sprintf("≤ %d ×, ≥ %d/s", limit, floor), measured: fmt.Sprintf("%.2f ×", f.multiple)}
	l.reached = reached(f.multiple <= limit && f.perSecond >= floor)
	b.table.add(l.with(f))
	return nil
}

func (b *bench) refresh(ctx context.Context) error {
	return b.oauth(ctx, rowRefresh, 18, relyingParty.refresher)
}

func (b *bench) introspection(ctx context.Context) error {
	return b.oauth(ctx, rowIntrospect, 4, relyingParty.introspecter)
}

func (b *bench) userinfo(ctx context.Context) error {
	return b.oauth(ctx, rowUserinfo, 4, relyingParty.userinfoReader)
}

func (b *bench) oauth(ctx context.Context, what string, limit float64, do func(relyingParty) operation) error {
	f, err := b.onSmall(ctx, what, do)
	if err != nil {
		return err
	}
	b.table.addMultiple(what, limit, f)
	return nil
}

// onSmall measures what clients do for people in the small file.
func (b *bench) onSmall(ctx context.Context, what string, do func(relyingParty) operation) (figures, error) {
	file := b.files[b.small]
	s, _, err := b.authd(ctx, b.release, file.dir)
	if err != nil {
		return figures{}, err
	}
	defer s.stop()
	f, err := b.compare(ctx, s, connections, asParties(s.host, file.cookies, do))
	b.results[what] = f
	return f, err
}

func (b *bench) discovery(ctx context.Context) error {
	s, _, err := b.authd(ctx, b.release, b.files[b.small].dir)
	if err != nil {
		return err
	}
	defer s.stop()
	for _, doc := range []struct{ what, path string }{
		{"discovery", "/.well-known/openid-configuration"},
		{"JWKS", "/.well-known/jwks.json"},
	} {
		f, err := b.compare(ctx, s, connections, reads(s.host, doc.path))
		if err != nil {
			return err
		}
		b.table.addMultiple(doc.what, 1.5, f)
	}
	return nil
}

// reads makes workers that fetch one document again and again.
func reads(host, path string) func(int) operation {
	request := get(host, path)
	return func(int) operation {
		return func(c *client) error { return errors.Join(c.do(request), c.want(200)) }
	}
}
