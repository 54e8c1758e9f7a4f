package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
)

// idClaims is what an ID token says (OpenID Connect Core §2). Claims of the profile
// are in it only where they were asked for by name: else they are userinfo's.
type idClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	AuthTime int64    `json:"auth_time"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr,omitempty"`
	Nonce    string   `json:"nonce,omitempty"`
	AtHash   string   `json:"at_hash"`
	SID      string   `json:"sid,omitempty"`
}

// addIDToken signs an ID token where openid was asked for. A refresh brings a new
// one as well (OpenID Connect Core §12.2: optional; clients such as kubectl's need it),
// with the time of the first authentication and without a nonce.
func (s *Service) addIDToken(ctx context.Context, client *Client, g *grant, scopes []string, nonce string, tokens *Tokens) error {
	if !slices.Contains(scopes, scopeOpenID) {
		return nil
	}
	now := s.now(ctx)
	alg := client.IDTokenSignedResponseAlg
	claims := &idClaims{
		Issuer: s.issuer, Subject: s.subject(client, g.userID), Audience: client.ID, IssuedAt: now.Unix(), Expires: now.Add(s.idTokenLife(client)).Unix(),
		AuthTime: g.authTime.Unix(), ACR: g.acr, AMR: g.amr, Nonce: nonce, AtHash: atHash(alg, tokens.AccessToken), SID: g.sid,
	}
	setDefault(&claims.ACR, levels(s.cfg, g.amr)[0])
	more, err := s.moreClaims(ctx, client, g, scopes)
	if err != nil {
		return err
	}
	text, err := splice(claims, more)
	if err != nil {
		return err
	}
	tokens.IDToken, err = s.keys.sign(ctx, alg, json.RawMessage(text))
	return err
}

// moreClaims are the client's own, those that the scopes give access to by
// configuration, and those asked for by name (OpenID Connect Core §5.5).
func (s *Service) moreClaims(ctx context.Context, client *Client, g *grant, scopes []string) (map[string]any, error) {
	more := map[string]any{}
	for name, value := range client.Settings.Claims {
		more[name] = value
	}
	named := parseRelease(g.claims).IDToken
	if len(named) == 0 && len(s.claims) == 0 {
		return more, nil
	}
	u, err := s.activeUser(ctx, s.core.DB, g.userID)
	if err != nil {
		return nil, err
	}
	maps.Copy(more, s.scopeClaims(u, scopes))
	all := person(u)
	for _, name := range named {
		if value, has := all[name]; has {
			more[name] = value
		}
	}
	return more, nil
}

// atHash is the left half of the access token's hash, by the hash of the
// signature (OpenID Connect Core §3.1.3.6; for Ed25519 that is SHA-512).
func atHash(alg, token string) string {
	if alg == algEdDSA {
		sum := sha512.Sum512([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
