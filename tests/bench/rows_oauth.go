package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
)

const (
	clientID     = "bench"
	clientSecret = "a-secret-that-only-the-bench-knows-0123456789"
	redirectURI  = "https://app.example.com/callback"
	verifier     = "bench-verifier-bench-verifier-bench-verifier-0123"
)

// clientConfig declares the bench's client: first-party, so that nobody is asked for consent,
// with ID tokens signed by Ed25519.
func clientConfig() string {
	return fmt.Sprintf(`[[client]]
client_id = %q
client_secret = %q
name = "Bench"
redirect_uris = [%q]
skip_consent = true
id_token_signed_response_alg = "EdDSA"
`, clientID, clientSecret, redirectURI)
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
	rowFlow       = "code + PKCE flow, both requests"
	rowRefresh    = "token refresh, rotated, durable, 8 connections"
	rowIntrospect = "introspection of an opaque token"
	rowUserinfo   = "userinfo"
)

func (b *bench) codeFlow(ctx context.Context) error {
	return b.oauth(ctx, rowFlow, 60, relyingParty.flows)
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
	file := b.files[b.small]
	s, _, err := b.authd(ctx, b.release, file.dir)
	if err != nil {
		return err
	}
	defer s.stop()
	f, err := b.compare(ctx, s, 8, asParties(s.host, file.cookies, do))
	if err != nil {
		return err
	}
	b.results[what] = f
	b.table.addMultiple(what, limit, f)
	return nil
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
