package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/url"
	"strings"
)

// credentials are what a client shows of itself (RFC 6749 §2.3).
type credentials struct {
	id     string
	secret string // or the assertion
	method string // how it came
}

// readCredentials finds them in the Authorization header or the body, never in both.
func readCredentials(authorization string, form url.Values) (credentials, error) {
	c := credentials{id: form.Get("client_id"), secret: form.Get("client_secret"), method: authNone}
	if c.secret != "" {
		c.method = authPost
	}
	if form.Get("client_assertion") != "" || form.Get("client_assertion_type") != "" {
		return c.asserted(authorization, form)
	}
	if authorization == "" {
		if c.id == "" {
			return c, bad(invalidRequest, "Missing required client_id")
		}
		return c, nil
	}
	id, secret, ok := parseBasic(authorization)
	if !ok {
		return c, unauthenticated("the Authorization header cannot be read")
	}
	if c.secret != "" {
		return c, bad(invalidRequest, "the client proves itself in more than one way")
	}
	if c.id != "" && c.id != id {
		return c, bad(invalidRequest, "client_id is not that of the Authorization header")
	}
	return credentials{id: id, secret: secret, method: authBasic}, nil
}

// asserted reads an assertion (RFC 7521 §4.2). It comes alone.
func (c credentials) asserted(authorization string, form url.Values) (credentials, error) {
	if c.secret != "" || authorization != "" {
		return c, bad(invalidRequest, "the client proves itself in more than one way")
	}
	if form.Get("client_assertion_type") != assertionType {
		return c, bad(invalidClient, "client_assertion_type must be "+assertionType)
	}
	c.secret, c.method = form.Get("client_assertion"), authPrivateKeyJWT
	if c.id == "" {
		c.id = assertedClient(c.secret)
	}
	if c.id == "" {
		return c, bad(invalidClient, "the client assertion cannot be read")
	}
	return c, nil
}

// parseBasic reads HTTP Basic with id and secret form-encoded (RFC 6749 §2.3.1).
func parseBasic(header string) (id, secret string, ok bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(raw), ":")
	if !ok {
		return "", "", false
	}
	return formDecode(id), formDecode(secret), true
}

// formDecode takes what cannot be form-encoded as it stands: many clients do not encode.
func formDecode(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// local tells whether the database alone knows all that these can be checked with.
func (c *credentials) local() bool {
	return c.method != authPrivateKeyJWT && !strings.HasPrefix(c.id, "https://")
}

// authenticate finds out which client asks, and that it is the one.
func (s *Service) authenticate(ctx context.Context, authorization string, form url.Values) (*Client, error) {
	shown, err := readCredentials(authorization, form)
	if err != nil {
		return nil, err
	}
	return s.prove(ctx, shown, s.known)
}

// clientFinder reads a client by its id. Errors: ErrClientNotFound.
type clientFinder func(ctx context.Context, id string) (*Client, error)

// prove checks credentials against the client that find reads. They must come the
// way it is registered for, so that a secret that leaked from one place is of no
// use in another.
func (s *Service) prove(ctx context.Context, shown credentials, find clientFinder) (*Client, error) {
	client, err := find(ctx, shown.id)
	if errors.Is(err, ErrClientNotFound) {
		return nil, unauthenticated(unknownClient(err, "missing client"))
	}
	if err != nil {
		return nil, err
	}
	if client.Disabled {
		return nil, unauthenticated("the client is disabled")
	}
	if shown.method != client.TokenEndpointAuthMethod {
		if shown.method == authNone {
			return nil, unauthenticated("missing required credentials")
		}
		wrong := unauthenticated("client registered for " + client.TokenEndpointAuthMethod + " cannot use " + shown.method)
		if shown.method != authBasic { // only who came with the header must be told 401
			wrong = bad(wrong.Code, wrong.Description)
		}
		return nil, wrong
	}
	if shown.method == authPrivateKeyJWT {
		if err := s.checkAssertion(ctx, client, shown.secret); err != nil {
			return nil, err
		}
		return client, nil
	}
	if !client.Public() && !client.secretMatches(shown.secret, s.now(ctx)) {
		s.security(ctx, "client-secret-wrong", slog.String("client", client.ID))
		return nil, unauthenticated("invalid client_secret")
	}
	return client, nil
}
