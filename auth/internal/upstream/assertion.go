package upstream

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// signer makes the JWTs that authd proves itself with.
type signer struct {
	signer jose.Signer
	// claims, when set, makes a client secret instead of an assertion (Apple).
	secret func(now time.Time) jwt.Claims
}

const assertionLife = 2 * time.Minute

var errKey = errors.New("not a usable private key")

// newSigner reads a private key in PEM.
func newSigner(text, id string) (*signer, error) {
	// In one line of an environment variable, ends of lines are often written out.
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil {
		return nil, errKey
	}
	key, err := parseKey(block.Bytes)
	if err != nil {
		return nil, errKey
	}
	alg, err := algorithm(key)
	if err != nil {
		return nil, err
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		return nil, errKey
	}
	return &signer{signer: made}, nil
}

func parseKey(der []byte) (crypto.PrivateKey, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return x509.ParsePKCS1PrivateKey(der)
}

func algorithm(key crypto.PrivateKey) (jose.SignatureAlgorithm, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() >= 2048 {
			return jose.RS256, nil
		}
	case *ecdsa.PrivateKey:
		switch k.Curve {
		case elliptic.P256():
			return jose.ES256, nil
		case elliptic.P384():
			return jose.ES384, nil
		case elliptic.P521():
			return jose.ES512, nil
		}
	case ed25519.PrivateKey:
		return jose.EdDSA, nil
	}
	return "", errKey
}

// prove gives the secret to send, or adds an assertion (RFC 7523 §2.2) to the
// parameters.
func (p *Provider) prove(ctx context.Context, at *endpoints, more url.Values) (secret string, err error) {
	if p.sign == nil {
		return p.secret, nil
	}
	now := p.now(ctx)
	if p.sign.secret != nil {
		return p.sign.sign(p.sign.secret(now))
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return "", err
	}
	assertion, err := p.sign.sign(jwt.Claims{
		Issuer: p.clientID(), Subject: p.clientID(), Audience: jwt.Audience{at.token}, ID: base64.RawURLEncoding.EncodeToString(id),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	})
	more.Set("client_assertion", assertion)
	more.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	return "", err
}

func (s *signer) sign(claims jwt.Claims) (string, error) {
	made, err := jwt.Signed(s.signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign an assertion: %w", err)
	}
	return made, nil
}
