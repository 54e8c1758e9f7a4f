package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// hint is what an ID token of ours says about a person, long after it has ended.
type hint struct {
	client  *Client // who it was made for
	subject string
	sid     string
}

// errHint is for what is no ID token of ours.
var errHint = errors.New("is not an ID token of this server")

// readHint reads an ID token that a client was given once (OpenID Connect Core
// §3.1.2.1, RP-Initiated Logout §2): one that we signed, whose client is still
// there. It may have expired. No other JWT of ours counts: they name their type
// (RFC 8725 §3.11), ID tokens do not. Errors: errHint.
func (s *Service) readHint(ctx context.Context, token string) (*hint, error) {
	var algs []jose.SignatureAlgorithm
	for _, alg := range signingAlgs() {
		algs = append(algs, jose.SignatureAlgorithm(alg))
	}
	object, err := jose.ParseSignedCompact(token, algs)
	if err != nil {
		return nil, errHint
	}
	header := object.Signatures[0].Header
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	if typ != "" && !strings.EqualFold(typ, "JWT") {
		return nil, errHint
	}
	payload, err := s.keys.verify(ctx, object)
	if err != nil {
		return nil, err
	}
	var claims struct {
		Issuer   string       `json:"iss"`
		Subject  string       `json:"sub"`
		Audience jwt.Audience `json:"aud"`
		IssuedAt int64        `json:"iat"`
		Expires  int64        `json:"exp"`
		SID      string       `json:"sid"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Issuer != s.issuer || claims.Subject == "" ||
		len(claims.Audience) != 1 || claims.IssuedAt == 0 || claims.Expires == 0 {
		return nil, errHint
	}
	client, err := s.Client(ctx, claims.Audience[0])
	if errors.Is(err, ErrClientNotFound) {
		return nil, errHint
	}
	if err != nil {
		return nil, err
	}
	return &hint{client: client, subject: claims.Subject, sid: claims.SID}, nil
}

// verify checks a signature of ours with the key that it names. Errors: errHint.
func (k *keys) verify(ctx context.Context, object *jose.JSONWebSignature) ([]byte, error) {
	l, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	header := object.Signatures[0].Header
	known := l.byID[header.KeyID]
	if known == nil || known.alg != header.Algorithm {
		return nil, errHint
	}
	var public jose.JSONWebKey
	if err := json.Unmarshal(known.public, &public); err != nil {
		return nil, fmt.Errorf("signing key %s: %w", known.id, err)
	}
	payload, err := object.Verify(public.Key)
	if err != nil {
		return nil, errHint
	}
	return payload, nil
}
