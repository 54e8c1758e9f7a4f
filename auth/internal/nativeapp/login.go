package nativeapp

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Request is one login: where, as which client, for what.
type Request struct {
	Issuer   string
	ClientID string
	Scope    string
	Resource string        // RFC 8707; empty: none
	Timeout  time.Duration // how long to wait for the person
	// Visit shows the address to the person, or opens it.
	Visit func(address string)
	// ShowCode tells the person where to enter which code, for LoginDevice;
	// complete is the address with the code in it, or empty.
	ShowCode func(address, code, complete string)
}

// attempt is what one login must recognise again.
type attempt struct {
	request  Request
	provider *provider
	config   oauth2.Config
	state    string
	nonce    string
	verifier string
}

// Login sends the person to the browser, waits for the answer and keeps the tokens.
func (a *App) Login(ctx context.Context, request Request) (*Tokens, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, request.Timeout, fmt.Errorf("timed out: nobody finished signing in within %s; run authd login again", request.Timeout))
	defer cancel()
	provider, err := a.discover(ctx, request.Issuer)
	if err != nil {
		return nil, err
	}
	// The loopback address, not the name: nothing else can be made to answer for it (RFC 8252 section 8.3).
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the browser's answer: %w", err)
	}
	try := newAttempt(request, provider, "http://"+listener.Addr().String()+callbackPath)
	tokens, err := a.await(ctx, listener, try)
	if err != nil {
		return nil, err
	}
	if err := a.Store.replace(tokens); err != nil {
		return nil, err
	}
	return tokens, nil
}

func newAttempt(request Request, provider *provider, redirect string) *attempt {
	return &attempt{
		request:  request,
		provider: provider,
		config: oauth2.Config{
			ClientID: request.ClientID, Endpoint: provider.endpoint, RedirectURL: redirect, Scopes: strings.Fields(request.Scope),
		},
		state:    random(),
		nonce:    random(),
		verifier: oauth2.GenerateVerifier(),
	}
}

// random is 256 bits that nobody guesses.
func random() string {
	bits := make([]byte, 32)
	_, _ = rand.Read(bits) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(bits)
}

// address is where the browser starts: code, PKCE with S256, state and nonce.
func (t *attempt) address() string {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(t.verifier)}
	if t.asksForIDToken() {
		options = append(options, oidc.Nonce(t.nonce))
	}
	if t.request.Resource != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", t.request.Resource))
	}
	return t.config.AuthCodeURL(t.state, options...)
}

func (t *attempt) asksForIDToken() bool {
	for _, scope := range t.config.Scopes {
		if scope == oidc.ScopeOpenID {
			return true
		}
	}
	return false
}

// check looks at what the browser brought back and returns the code in it.
func (t *attempt) check(answer url.Values) (code string, err error) {
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(t.state)) != 1 {
		return "", errors.New("the browser's answer belongs to another login (state differs); nothing was accepted, run authd login again")
	}
	// RFC 9207 section 2.4: an answer from another issuer is a mix-up.
	iss, has := answer.Get("iss"), answer.Has("iss")
	if has && iss != t.provider.issuer || !has && t.provider.ResponseIss {
		return "", fmt.Errorf("the browser's answer does not come from %s (iss differs); nothing was accepted, run authd login again", t.provider.issuer)
	}
	if refused := answer.Get("error"); refused != "" {
		return "", refusal(refused, answer.Get("error_description"))
	}
	if code = answer.Get("code"); code == "" {
		return "", errors.New("the browser's answer holds neither a code nor an error; run authd login again")
	}
	return code, nil
}

func refusal(code, description string) error {
	if code == "access_denied" {
		return errors.New("access was denied in the browser; you are not signed in")
	}
	if description == "" {
		return fmt.Errorf("the server refused: %s", printable(code))
	}
	return fmt.Errorf("the server refused: %s (%s)", printable(description), printable(code))
}

// redeem trades the code for tokens.
func (a *App) redeem(ctx context.Context, t *attempt, code string) (*Tokens, error) {
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(t.verifier)}
	if t.request.Resource != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", t.request.Resource))
	}
	answer, err := t.config.Exchange(a.context(ctx), code, options...)
	if err != nil {
		return nil, plain(t.provider.issuer, err)
	}
	return a.received(ctx, t, answer)
}

// received takes tokens from an answer, once the ID token among them holds.
func (a *App) received(ctx context.Context, t *attempt, answer *oauth2.Token) (tokens *Tokens, err error) {
	tokens = &Tokens{
		Issuer: t.provider.issuer, ClientID: t.request.ClientID, Scope: t.request.Scope, Resource: t.request.Resource,
	}
	tokens.take(answer)
	if !t.asksForIDToken() {
		return tokens, nil
	}
	tokens.Subject, err = a.verify(ctx, t, answer)
	return tokens, err
}

// verify checks the ID token: signature, iss, aud, exp, nonce and at_hash (OIDC Core section 3.1.3.7).
func (a *App) verify(ctx context.Context, t *attempt, answer *oauth2.Token) (subject string, err error) {
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return "", fmt.Errorf("%s sent no ID token", t.provider.issuer)
	}
	verifier := t.provider.oidc.Verifier(&oidc.Config{ClientID: t.request.ClientID, Now: a.Now})
	token, err := verifier.Verify(a.context(ctx), raw)
	if err != nil {
		return "", fmt.Errorf("the ID token of %s does not hold: %w", t.provider.issuer, err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(t.nonce)) != 1 {
		return "", fmt.Errorf("the ID token of %s belongs to another login (nonce differs)", t.provider.issuer)
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(answer.AccessToken); err != nil {
			return "", fmt.Errorf("the ID token of %s belongs to another access token: %w", t.provider.issuer, err)
		}
	}
	return token.Subject, nil
}
