package upstream

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	clockSkew = time.Minute
	tokenAge  = time.Hour // of an ID token that an app sends, for providers that say so
)

// check is what an ID token is held against beside the provider itself.
type check struct {
	nonce  string // must be in it, unless ""
	kept   bool   // it was verified when it came: its age is of no matter
	direct bool   // it came from the token endpoint, not from an app
}

// SignsInByIDToken says whether apps may sign in with an ID token.
func (p *Provider) SignsInByIDToken() bool {
	verifiable := p.def.JWKS != "" || p.def.Discovery != "" && p.def.Identity != fromUserInfo
	return !p.noIDTokens && !p.def.NoApps && !p.def.Direct && verifiable
}

// VerifyIDToken signs in by an ID token that an app got itself: it must be the
// provider's, for one of our client ids, in time, and have the nonce if one is
// given. accessToken may be "". Errors: ErrIDTokenUnsupported, ErrIDToken,
// ErrNoProfile, ErrUnreachable.
func (p *Provider) VerifyIDToken(ctx context.Context, idToken, nonce, accessToken string) (*Profile, error) {
	if !p.SignsInByIDToken() {
		return nil, ErrIDTokenUnsupported
	}
	t := &Tokens{IDToken: idToken, AccessToken: accessToken}
	if p.def.Opaque && strings.Count(idToken, ".") != 2 {
		t.IDToken = ""
		raw, err := p.fetch(ctx, t, &endpoints{userInfo: p.def.UserInfo})
		if err != nil {
			return nil, err
		}
		return p.describe(ctx, t, raw)
	}
	claims, err := p.verify(ctx, idToken, check{nonce: nonce})
	if err != nil {
		return nil, err
	}
	return p.describe(ctx, t, claims)
}

// verify checks an ID token (OpenID Connect Core §3.1.3.7) and gives its claims.
func (p *Provider) verify(ctx context.Context, token string, c check) (map[string]any, error) {
	at, err := p.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	refuse := func(why string) error { return fmt.Errorf("%w: %s", ErrIDToken, why) }
	parsed, err := jwt.ParseSigned(token, p.algorithms())
	if err != nil || len(parsed.Headers) != 1 {
		return nil, refuse("it is no signed JWT, or of an algorithm that does not count")
	}
	body, err := p.signed(ctx, parsed, at, c)
	if err != nil {
		return nil, err
	}
	claims, err := object(body)
	if err != nil {
		return nil, refuse("its claims cannot be read")
	}
	if err := p.checkTimes(claims, p.now(ctx), c); err != nil {
		return nil, err
	}
	issuers := at.issuers
	switch {
	case len(issuers) == 0 && p.def.CheckClaims == nil:
		return nil, refuse("nothing is known of who should have issued it")
	case len(issuers) > 0 && !slices.Contains(issuers, text(claims["iss"])):
		return nil, refuse("iss is another")
	case !p.forUs(claims, c):
		return nil, refuse("aud or azp is another")
	case c.nonce != "" && !p.sameNonce(text(claims["nonce"]), c.nonce):
		return nil, refuse("nonce is another, or missing")
	case text(claims["sub"]) == "":
		return nil, refuse("it has no sub")
	}
	if p.def.CheckClaims != nil {
		if err := p.def.CheckClaims(p, claims); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrIDToken, err)
		}
	}
	return claims, nil
}

// algorithms that count. none never does, and one that takes a secret only with
// the client's own: else the provider's public key would pass for the secret
// (RFC 8725 §2.1).
func (p *Provider) algorithms() []jose.SignatureAlgorithm {
	all := []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
	if p.def.SecretSigned && p.secret != "" {
		all = append(all, jose.HS256)
	}
	return all
}

// signed verifies the signature and gives the claims.
func (p *Provider) signed(ctx context.Context, token *jwt.JSONWebToken, at *endpoints, c check) ([]byte, error) {
	var raw rawClaims
	if p.def.Direct && c.direct {
		err := token.UnsafeClaimsWithoutVerification(&raw)
		return raw, err
	}
	if token.Headers[0].Algorithm == string(jose.HS256) {
		if err := token.Claims([]byte(p.secret), &raw); err != nil {
			return nil, fmt.Errorf("%w: its signature is not the provider's", ErrIDToken)
		}
		return raw, nil
	}
	id, alg := token.Headers[0].KeyID, token.Headers[0].Algorithm
	for _, again := range []bool{false, true} {
		keys, err := p.keys.get(ctx, p, at.jwks, again)
		if err != nil {
			return nil, err
		}
		for _, key := range fitting(keys, id, alg) {
			if token.Claims(key.Key, &raw) == nil {
				return raw, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: its signature is not the provider's", ErrIDToken)
}

// rawClaims keeps the claims as they are written.
type rawClaims []byte

// UnmarshalJSON implements json.Unmarshaler.
func (r *rawClaims) UnmarshalJSON(b []byte) error {
	*r = append((*r)[:0], b...)
	return nil
}

func (p *Provider) checkTimes(claims map[string]any, now time.Time, c check) error {
	if c.kept {
		return nil
	}
	expires, issued := unix(claims["exp"]), unix(claims["iat"])
	switch {
	case expires.IsZero() || !now.Before(expires.Add(clockSkew)):
		return fmt.Errorf("%w: it has expired, or never does", ErrIDToken)
	case now.Add(clockSkew).Before(unix(claims["nbf"])) || now.Add(clockSkew).Before(issued):
		return fmt.Errorf("%w: it is of the future", ErrIDToken)
	case p.def.MaxAge && !c.direct && (issued.IsZero() || now.Sub(issued) > tokenAge+clockSkew):
		return fmt.Errorf("%w: it is too old", ErrIDToken)
	}
	return nil
}

// unix is a NumericDate (RFC 7519 §2), zero when it is none.
func unix(value any) time.Time {
	if value == nil {
		return time.Time{}
	}
	return after(time.Unix(0, 0), value)
}

// forUs: one of our ids is in aud, and azp, which names the one it was issued to,
// is ours too (§3.1.3.7, 3 to 5).
func (p *Provider) forUs(claims map[string]any, c check) bool {
	ids := p.clientIDs
	if len(p.def.Audiences) > 0 && !c.direct {
		ids = p.def.Audiences
	}
	var audience []string
	switch aud := claims["aud"].(type) {
	case string:
		audience = []string{aud}
	case []any:
		for _, one := range aud {
			audience = append(audience, text(one))
		}
	}
	ours := func(id string) bool { return id != "" && slices.Contains(ids, id) }
	azp := text(claims["azp"])
	return slices.ContainsFunc(audience, ours) && (len(audience) == 1 || azp == "" || ours(azp))
}

func (p *Provider) sameNonce(got, want string) bool {
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 {
		return true
	}
	sum := sha256.Sum256([]byte(want))
	return p.def.HashedNonce && subtle.ConstantTimeCompare([]byte(got), []byte(hex.EncodeToString(sum[:]))) == 1
}
