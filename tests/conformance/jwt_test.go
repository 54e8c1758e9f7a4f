package conformance

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// signer is a client's own key.
type signer struct {
	jose.Signer
	public jose.JSONWebKey
}

func newSigner(t *testing.T, alg jose.SignatureAlgorithm) *signer {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(alg), Use: "sig"}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{Signer: made, public: key.Public()}
}

func (s *signer) jwks() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.public}}
}

func (s *signer) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	text, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// unsigned is a JWT with alg none (RFC 7519 §6).
func unsigned(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

// assertion are the claims by which the client proves itself (OpenID Connect Core §9).
func (c *client) assertion(audience string) map[string]any {
	now := time.Now().Add(c.later)
	return map[string]any{"iss": c.id(), "sub": c.id(), "aud": audience, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

// verified are the claims of a JWT of authd's: the signature is that of the one
// published key that it names (OpenID Connect Core §3.1.3.7, §10.1).
func (c *client) verified(text string, alg jose.SignatureAlgorithm) (claims, header map[string]any) {
	c.t.Helper()
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{alg})
	if err != nil {
		c.t.Fatalf("not signed with %s: %v", alg, err)
	}
	var published jose.JSONWebKeySet
	c.Client().Get(c.t, "="+c.text(c.t, "jwks_uri")[len(c.URL):]).Decode(c.t, &published)
	found := published.Key(token.Headers[0].KeyID)
	if token.Headers[0].KeyID == "" || len(found) != 1 {
		c.t.Fatalf("kid %q names %d published keys", token.Headers[0].KeyID, len(found))
	}
	if err := token.Claims(found[0].Key, &claims); err != nil {
		c.t.Fatalf("the signature: %v", err)
	}
	header = map[string]any{"kid": token.Headers[0].KeyID, "alg": token.Headers[0].Algorithm}
	for name, value := range token.Headers[0].ExtraHeaders {
		header[string(name)] = value
	}
	return claims, header
}

// idToken checks the ID token that came with an access token (OpenID Connect Core
// §2, §3.1.3.6, §3.1.3.7).
func (c *client) idToken(t *tokens, nonce string) {
	c.t.Helper()
	alg, _ := c.asked["id_token_signed_response_alg"].(string)
	if alg == "" {
		alg = "RS256" // Registration §2
	}
	claims, header := c.verified(t.raw, jose.SignatureAlgorithm(alg))
	t.id = claims
	now := float64(time.Now().Add(c.later).Unix())
	if claims["iss"] != c.URL || claims["aud"] != c.id() || claims["azp"] != nil && claims["azp"] != c.id() {
		c.t.Errorf("iss %v, aud %v, azp %v", claims["iss"], claims["aud"], claims["azp"])
	}
	if typ := header["typ"]; typ != nil && typ != "JWT" {
		c.t.Errorf("typ is %v", typ)
	}
	expires, _ := claims["exp"].(float64)
	issued, _ := claims["iat"].(float64)
	if expires <= now || issued > now+60 || issued < now-300 {
		c.t.Errorf("iat %v, exp %v at %v", claims["iat"], claims["exp"], now)
	}
	if since, ok := claims["auth_time"].(float64); !ok || since > now+60 {
		c.t.Errorf("auth_time is %v", claims["auth_time"])
	}
	if got, _ := claims["nonce"].(string); got != nonce {
		c.t.Errorf("nonce is %q, want %q", got, nonce)
	}
	if alg == "RS256" {
		sum := sha256.Sum256([]byte(t.access))
		if want := base64.RawURLEncoding.EncodeToString(sum[:16]); claims["at_hash"] != want {
			c.t.Errorf("at_hash is %v, want %s", claims["at_hash"], want)
		}
	}
	subject, _ := claims["sub"].(string)
	if subject == "" || len(subject) > 255 || slices.ContainsFunc([]byte(subject), func(b byte) bool { return b > 127 }) {
		c.t.Errorf("sub is %v", claims["sub"])
	}
	if _, ok := claims["acr"].(string); claims["acr"] != nil && !ok {
		c.t.Errorf("acr is %v", claims["acr"])
	}
	if amr, ok := claims["amr"].([]any); claims["amr"] != nil && (!ok || len(amr) == 0) {
		c.t.Errorf("amr is %v", claims["amr"])
	}
	standardClaims(c.t, claims)
}

// sameJSON tells whether two values are written alike.
func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	return reflect.DeepEqual(plain(t, a), plain(t, b))
}

func plain(t *testing.T, value any) any {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var again any
	if err := json.Unmarshal(raw, &again); err != nil {
		t.Fatal(err)
	}
	return again
}
