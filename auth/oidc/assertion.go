package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// authPrivateKeyJWT: the client signs an assertion (OpenID Connect Core §9, RFC 7523 §2.2).
const authPrivateKeyJWT = "private_key_jwt"

// assertionType is the only kind of assertion that is known (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clockSkew is how far a client's clock may be off.
const clockSkew = 30 * time.Second

// jwtClaims are the claims that say for whom and when a JWT counts (RFC 7519 §4.1).
type jwtClaims struct {
	Issuer    string       `json:"iss"`
	Subject   string       `json:"sub"`
	Audience  audience     `json:"aud"`
	Expires   *numericDate `json:"exp"`
	NotBefore *numericDate `json:"nbf"`
	IssuedAt  *numericDate `json:"iat"`
	ID        string       `json:"jti"`
}

// audience is one text or a list of them.
type audience struct {
	values []string
	list   bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		a.list = true
		return json.Unmarshal(b, &a.values)
	}
	var one string
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	a.values = []string{one}
	return nil
}

// numericDate is seconds since 1970, perhaps with a fraction (RFC 7519 §2).
type numericDate struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (d *numericDate) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	if seconds < 0 || seconds > 1<<40 {
		return errors.New("is not a time")
	}
	d.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
	return nil
}

// inForce says what is wrong with the times of a JWT that must end within life,
// "" when nothing is.
func (c *jwtClaims) inForce(now time.Time, life time.Duration) string {
	switch {
	case c.Expires == nil:
		return "has no exp"
	case !now.Before(c.Expires.Add(clockSkew)):
		return "has expired"
	case c.Expires.Sub(now) > life+clockSkew:
		return "lasts too long"
	case c.NotBefore != nil && c.NotBefore.Sub(now) > clockSkew:
		return "is not in force yet"
	case c.IssuedAt != nil && c.IssuedAt.Sub(now) > clockSkew:
		return "was issued in the future"
	case c.IssuedAt != nil && now.Sub(c.IssuedAt.Time) > life+2*clockSkew:
		return "was issued too long ago"
	}
	return ""
}

// assertedClient is the client that an assertion speaks for, before anything of
// it is known to be true: client_id may be left out beside it (RFC 7521 §4.2).
func assertedClient(assertion string) string {
	signed, err := parseJWS(assertion, clientAlgs())
	if err != nil {
		return ""
	}
	var claims jwtClaims
	if json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims) != nil {
		return ""
	}
	return claims.Subject
}

// checkAssertion tells whether a client has signed an assertion, for us, just
// now, and not used it before (RFC 7523 §3, OpenID Connect Core §9).
func (s *Service) checkAssertion(ctx context.Context, c *Client, assertion string) error {
	refuse := func(what string) error {
		s.security(ctx, "client-assertion-refused", slog.String("client", c.ID), slog.String("why", what))
		return unauthenticated("the client assertion " + what)
	}
	signed, err := parseJWS(assertion, algsOf(c, c.Settings.AssertionAlg))
	if err != nil {
		return refuse("is not a JWT signed with an algorithm that this client may use")
	}
	payload, err := s.verifyClient(ctx, c, signed)
	if err != nil {
		return refuse("cannot be verified: " + err.Error())
	}
	var claims jwtClaims
	if json.Unmarshal(payload, &claims) != nil {
		return refuse("has claims that cannot be read")
	}
	if claims.Issuer != c.ID || claims.Subject != c.ID {
		return refuse("must have the client_id as iss and sub")
	}
	if !s.meant(c, claims.Audience) {
		return refuse("is not for this server: aud must be " + s.issuer)
	}
	now := s.now(ctx)
	if wrong := claims.inForce(now, s.cfg.AssertionMaxLifetime); wrong != "" {
		return refuse(wrong)
	}
	if claims.ID == "" || len(claims.ID) > maxJTI {
		return refuse("has no usable jti")
	}
	first, err := s.firstUse(ctx, "assertion", c.ID, claims.ID, claims.Expires.Add(clockSkew))
	if err != nil {
		return err
	}
	if !first {
		return refuse("was used before")
	}
	return nil
}

// meant tells whether a JWT of a client is for this server: for its issuer or one
// of the endpoints where it may be shown (RFC 7523 §3, RFC 9126 §2). FAPI 2.0
// §5.3.2.1 takes only the issuer, and only as a text.
func (s *Service) meant(c *Client, aud audience) bool {
	if c.Settings.Profile == profileFAPI2 {
		return !aud.list && slices.Equal(aud.values, []string{s.issuer})
	}
	for _, value := range aud.values {
		if value == s.issuer || slices.Contains(s.assertedAt(), value) {
			return true
		}
	}
	return false
}

// assertedAt are the addresses of the endpoints where clients prove themselves.
func (s *Service) assertedAt() []string {
	at := s.issuer + "/api/auth/oauth2/"
	return []string{at + "token", at + "par", at + "introspect", at + "revoke"}
}

func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func fromBase64URL(text string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(text)
}
