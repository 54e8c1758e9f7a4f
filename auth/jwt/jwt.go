// Package jwt gives apps a signed statement of who is signed in, which services
// of their own check without asking the server: the whole user, for a quarter of
// an hour.
//
// These are no OAuth tokens. Their type, session+jwt, keeps anything that looks
// at types from taking them for one (RFC 8725 §3.11), and the provider takes them
// nowhere. The keys are the provider's; a service that cannot fetch keys may share
// a secret instead (HS256), which is in no key set and opens nothing here.
package jwt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
)

// Type is the typ header of every token of this package.
const Type = "session+jwt"

// Keys are the provider's signing keys.
type Keys interface {
	SignJWT(ctx context.Context, alg, typ string, claims any) (string, error)
	PublicKeys(ctx context.Context) ([]byte, error) // a JWK set (RFC 7517 §5)
}

// Service is the capability. Build it with [New].
type Service struct {
	core   *core.Core
	cfg    config.JWT
	keys   Keys
	shared jose.Signer // for HS256, nil without
}

const algShared = "HS256"

// New connects the capability.
func New(c *core.Core, keys Keys) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.JWT, keys: keys}
	if s.cfg.HS256Secret == "" {
		return s, nil
	}
	var err error
	s.shared, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(s.cfg.HS256Secret)}, (&jose.SignerOptions{}).WithType(Type))
	if err != nil {
		return nil, fmt.Errorf("jwt.hs256_secret: %w", err)
	}
	return s, nil
}

// Token is the token about a user, given as core writes one. The claims are the
// user's fields as every answer has them, and around them what makes it a token
// (NOTES §9).
func (s *Service) Token(ctx context.Context, user json.RawMessage) (string, error) {
	var who struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(user, &who); err != nil || who.ID == "" || len(user) < 2 {
		return "", errors.Join(errors.New("a token needs a user"), err)
	}
	now := s.core.Now(ctx)
	claims := strconv.AppendInt([]byte(`{"iat":`), now.Unix(), 10)
	claims = append(append(claims, ','), user[1:len(user)-1]...)
	for _, claim := range []struct {
		name  string
		value any
	}{{"sub", who.ID}, {"exp", now.Add(s.cfg.Expiration).Unix()}, {"iss", s.cfg.Issuer}, {"aud", s.cfg.Audience}} {
		value, err := json.Marshal(claim.value)
		if err != nil {
			return "", fmt.Errorf("claims: %w", err)
		}
		claims = append(append(claims, `,"`+claim.name+`":`...), value...)
	}
	return s.sign(ctx, s.cfg.Alg, json.RawMessage(append(claims, '}')))
}

func (s *Service) sign(ctx context.Context, alg string, claims json.RawMessage) (string, error) {
	if alg != algShared {
		return s.keys.SignJWT(ctx, alg, Type, claims)
	}
	object, err := s.shared.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", alg, err)
	}
	return object.CompactSerialize()
}

// Header is the token for set-auth-jwt, from what get-session answers; "" when
// nobody is signed in or nobody asked for the header.
func (s *Service) Header(ctx context.Context, session []byte) (string, error) {
	if !s.cfg.Enabled || !s.cfg.SetJWTHeader {
		return "", nil
	}
	var read *struct {
		User json.RawMessage `json:"user"`
	}
	if err := json.Unmarshal(session, &read); err != nil {
		return "", fmt.Errorf("read a session: %w", err)
	}
	if read == nil {
		return "", nil
	}
	return s.Token(ctx, read.User)
}

// Overrides change one signature.
type Overrides struct {
	Issuer, Audience string
	Expiration       time.Duration
}

// Sign signs claims of an operator's choice; what they do not say of iat, exp,
// iss and aud is as in every token.
func (s *Service) Sign(ctx context.Context, payload map[string]any, o Overrides) (string, error) {
	now := s.core.Now(ctx)
	claims := map[string]any{
		"iat": now.Unix(), "exp": now.Add(first(o.Expiration, s.cfg.Expiration)).Unix(),
		"iss": first(o.Issuer, s.cfg.Issuer), "aud": first(o.Audience, s.cfg.Audience),
	}
	for name, value := range payload {
		claims[name] = value
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	return s.sign(ctx, s.cfg.Alg, text)
}

func first[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// Verify is the claims of a token of this package, nil when it is none or not
// good any more. issuer "" is the configured one.
func (s *Service) Verify(ctx context.Context, token, issuer string) (json.RawMessage, error) {
	payload, err := s.open(ctx, token)
	if payload == nil || err != nil {
		return nil, err
	}
	var claims struct {
		Issuer   string   `json:"iss"`
		Audience audience `json:"aud"`
		Expires  *float64 `json:"exp"`
		NotYet   float64  `json:"nbf"`
	}
	now := float64(s.core.Now(ctx).Unix())
	if json.Unmarshal(payload, &claims) != nil {
		return nil, nil //nolint:nilerr // claims of other kinds
	}
	switch {
	case claims.Issuer != first(issuer, s.cfg.Issuer),
		!slices.Contains(claims.Audience, s.cfg.Audience),
		claims.Expires == nil, *claims.Expires <= now, claims.NotYet > now:
		return nil, nil
	}
	return payload, nil
}

// open checks type and signature.
func (s *Service) open(ctx context.Context, token string) (json.RawMessage, error) {
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256, jose.PS256, jose.HS256})
	if err != nil || len(parsed.Signatures) != 1 {
		return nil, nil //nolint:nilerr // no token
	}
	header := parsed.Signatures[0].Header
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); typ != Type {
		return nil, nil
	}
	var key any
	if header.Algorithm == algShared { // never checked with a public key (RFC 8725 §2.1)
		if s.shared == nil {
			return nil, nil
		}
		key = []byte(s.cfg.HS256Secret)
	} else if key, err = s.publicKey(ctx, header); key == nil || err != nil {
		return nil, err
	}
	payload, err := parsed.Verify(key)
	if err != nil {
		return nil, nil //nolint:nilerr // somebody else's signature
	}
	return payload, nil
}

func (s *Service) publicKey(ctx context.Context, header jose.Header) (any, error) {
	document, err := s.keys.PublicKeys(ctx)
	if err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	for _, key := range set.Key(header.KeyID) {
		if key.Algorithm == header.Algorithm {
			return key.Key, nil
		}
	}
	return nil, nil
}

// audience is one or several (RFC 7519 §4.1.3).
type audience []string

// UnmarshalJSON reads both.
func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}
