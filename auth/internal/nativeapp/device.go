package nativeapp

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/oauth2"
)

// LoginDevice signs a person in who has no browser here: they enter a code at an
// address, anywhere, and this waits for their answer (RFC 8628). It keeps the tokens.
func (a *App) LoginDevice(ctx context.Context, request Request) (*Tokens, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, request.Timeout, fmt.Errorf("timed out: nobody entered the code within %s; run authd login again", request.Timeout))
	defer cancel()
	provider, err := a.discover(ctx, request.Issuer)
	if err != nil {
		return nil, err
	}
	if provider.endpoint.DeviceAuthURL == "" {
		return nil, fmt.Errorf("%s does not sign people in on other devices (it names no device_authorization_endpoint)", provider.issuer)
	}
	t := newAttempt(request, provider, "")
	t.nonce = "" // there is no request through a browser that could carry one
	tokens, err := a.pair(ctx, t)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, err
	}
	if err := a.Store.replace(tokens); err != nil {
		return nil, err
	}
	return tokens, nil
}

// pair asks for codes, shows the person theirs, and asks for tokens until there
// is an answer, as slowly as the server says (RFC 8628 §3.5).
func (a *App) pair(ctx context.Context, t *attempt) (*Tokens, error) {
	var options []oauth2.AuthCodeOption
	if t.request.Resource != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", t.request.Resource))
	}
	codes, err := t.config.DeviceAuth(a.context(ctx), options...)
	if err != nil {
		return nil, plain(t.provider.issuer, err)
	}
	if err := presentable(codes); err != nil {
		return nil, fmt.Errorf("%s: %w", t.provider.issuer, err)
	}
	t.request.ShowCode(codes.VerificationURI, codes.UserCode, codes.VerificationURIComplete)
	answer, err := t.config.DeviceAccessToken(a.context(ctx), codes, options...)
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode == "access_denied":
		return nil, errors.New("access was denied on the other device; you are not signed in")
	case errors.As(err, &refused) && refused.ErrorCode == "expired_token", errors.Is(err, context.DeadlineExceeded):
		return nil, errors.New("the code has expired; run authd login again")
	case err != nil:
		return nil, plain(t.provider.issuer, err)
	}
	return a.received(ctx, t, answer)
}

// presentable: what the person is shown comes from the server, and may neither
// steer the terminal nor lead anywhere but to a page.
func presentable(codes *oauth2.DeviceAuthResponse) error {
	if codes.UserCode == "" || codes.UserCode != printable(codes.UserCode) {
		return errors.New("the code that it sent cannot be shown")
	}
	for _, address := range []string{codes.VerificationURI, codes.VerificationURIComplete} {
		if address == "" && address == codes.VerificationURIComplete {
			continue // it is optional (§3.2)
		}
		parsed, err := url.Parse(address)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" || address != printable(address) {
			return fmt.Errorf("the address %q that it sent is no page", printable(address))
		}
	}
	return nil
}
