package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/api"
)

// algPS256 is RSASSA-PSS (RFC 7518 §3.5).
const algPS256 = "PS256"

// clientAlgs are the signatures that clients may use: for assertions, request
// objects and DPoP proofs. All are of key pairs, so that nothing public can ever
// serve as a shared secret, and none is not among them (RFC 8725 §3.1, §3.2).
func clientAlgs() []string { return []string{algES256, algEdDSA, algPS256, algRS256} }

// fapiAlgs are those of the FAPI 2.0 Security Profile §5.4.1.
func fapiAlgs() []string { return []string{algES256, algEdDSA, algPS256} }

// maxKeys bounds a client's key set.
const maxKeys = 50

var errNoKey = errors.New("no key of the client fits the signature")

// parseKeySet reads a client's public keys. Keys of kinds that are unknown here
// are passed over, as RFC 7517 §5 asks; a private or shared key spoils the set:
// whoever publishes one must be told.
func parseKeySet(raw []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil || set.Keys == nil {
		return nil, errors.New("is not a JWK set: an object with keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("has more than %d keys", maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, one := range set.Keys {
		if holdsSecret(one) {
			return nil, errors.New("has a private or a shared key")
		}
		var k jose.JSONWebKey
		if json.Unmarshal(one, &k) == nil && k.Use != "enc" && k.Valid() {
			k.Certificates, k.CertificatesURL = nil, nil // a key counts by being in the set, not by a certificate
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// holdsSecret looks at the members of a JWK that are nobody else's business
// (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
func holdsSecret(jwk json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(jwk, &members) != nil {
		return false
	}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, there := members[name]; there {
			return true
		}
	}
	return false
}

// fits tells whether a key is one for an algorithm: a signature must not choose
// how its key is read (RFC 8725 §3.1).
func fits(k *jose.JSONWebKey, alg string) bool {
	if k.Algorithm != "" && k.Algorithm != alg && (k.Algorithm != "Ed25519" || alg != algEdDSA) {
		return false
	}
	switch public := k.Key.(type) {
	case *rsa.PublicKey:
		return (alg == algRS256 || alg == algPS256) && public.N.BitLen() >= rsaBits && public.N.BitLen() <= maxRSABits
	case *ecdsa.PublicKey:
		return alg == algES256 && public.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return alg == algEdDSA
	default:
		return false
	}
}

// maxRSABits bounds the work that somebody else's key can make.
const maxRSABits = 8192

// parseJWS reads a signed JWT in compact form whose algorithm is one of those.
func parseJWS(token string, algs []string) (*jose.JSONWebSignature, error) {
	allowed := make([]jose.SignatureAlgorithm, len(algs))
	for i, alg := range algs {
		allowed[i] = jose.SignatureAlgorithm(alg)
	}
	return jose.ParseSignedCompact(token, allowed)
}

// verifyWith checks a signature with whichever key of a set fits it.
func verifyWith(signed *jose.JSONWebSignature, keys []jose.JSONWebKey) ([]byte, error) {
	header := signed.Signatures[0].Protected
	for i := range keys {
		if header.KeyID != "" && keys[i].KeyID != "" && keys[i].KeyID != header.KeyID || !fits(&keys[i], header.Algorithm) {
			continue
		}
		if payload, err := signed.Verify(keys[i].Key); err == nil {
			return payload, nil
		}
	}
	return nil, errNoKey
}

// verifyClient checks that a client signed. Where its keys are at an address,
// they are read again when none fits: it may have new ones.
func (s *Service) verifyClient(ctx context.Context, c *Client, signed *jose.JSONWebSignature) ([]byte, error) {
	if len(c.JWKS) > 0 {
		keys, err := parseKeySet(c.JWKS)
		if err != nil {
			return nil, fmt.Errorf("the client's jwks %w", err)
		}
		return verifyWith(signed, keys)
	}
	if c.JWKSURI == "" {
		return nil, errors.New("the client has no keys")
	}
	trusted := c.Registration == madeByOperator
	keys, err := s.remote.keys(ctx, c.JWKSURI, trusted, false)
	if err == nil {
		payload, wrong := verifyWith(signed, keys)
		if wrong == nil {
			return payload, nil
		}
	}
	if keys, err = s.remote.keys(ctx, c.JWKSURI, trusted, true); err != nil {
		return nil, err
	}
	return verifyWith(signed, keys)
}

// thumbprint is the SHA-256 thumbprint of a public key (RFC 7638).
func thumbprint(k *jose.JSONWebKey) (string, error) {
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return base64URL(sum), nil
}

// algsOf are the algorithms a client may sign with, given the one it registered.
func algsOf(c *Client, registered string) []string {
	algs := clientAlgs()
	if c.Settings.Profile == profileFAPI2 {
		algs = fapiAlgs()
	}
	if registered != "" {
		algs = slices.DeleteFunc(algs, func(alg string) bool { return alg != registered })
	}
	return algs
}

// checkKeys: how a client shows its public keys (RFC 7591 §2), and that one with
// private_key_jwt does.
func (s *Service) checkKeys(c *Client) *api.OAuthError {
	if len(c.JWKS) > 0 && c.JWKSURI != "" {
		return bad(invalidMetadata, "jwks and jwks_uri cannot both be given")
	}
	if len(c.JWKS) > 0 {
		if len(c.JWKS) > keysMaxBody {
			return bad(invalidMetadata, "jwks is too large")
		}
		if _, err := parseKeySet(c.JWKS); err != nil {
			return bad(invalidMetadata, "jwks "+err.Error())
		}
	}
	if c.JWKSURI != "" {
		u, err := url.Parse(c.JWKSURI)
		plain := c.Registration == madeByOperator // it may be on a network of one's own
		if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(c.JWKSURI) > maxRedirectURI || u.Scheme != "https" && (u.Scheme != "http" || !plain) {
			return bad(invalidMetadata, "jwks_uri must be an https address")
		}
	}
	if c.TokenEndpointAuthMethod == authPrivateKeyJWT && len(c.JWKS) == 0 && c.JWKSURI == "" {
		return bad(invalidMetadata, "private_key_jwt needs jwks or jwks_uri")
	}
	if alg := c.Settings.AssertionAlg; alg != "" && !slices.Contains(clientAlgs(), alg) {
		return bad(invalidMetadata, "token_endpoint_auth_signing_alg must be one of: "+strings.Join(clientAlgs(), ", "))
	}
	return checkProfile(c)
}
