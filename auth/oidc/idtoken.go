package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"slices"
)

// idClaims is what an ID token says (OpenID Connect Core §2). It has no claims of
// the profile: those are userinfo's.
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
		Issuer: s.issuer, Subject: s.subject(client, g.userID), Audience: client.ID, IssuedAt: now.Unix(), Expires: now.Add(s.cfg.IDTokenExpiresIn).Unix(),
		AuthTime: g.authTime.Unix(), ACR: "0", AMR: g.amr, Nonce: nonce, AtHash: atHash(alg, tokens.AccessToken),
	}
	var err error
	tokens.IDToken, err = s.keys.sign(ctx, alg, claims)
	return err
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
