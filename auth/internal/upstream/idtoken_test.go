package upstream_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/internal/testkit"
	"authd/auth/internal/upstream"
)

func shape(t *testing.T, id string) testkit.Shape {
	t.Helper()
	all := testkit.Shapes()
	at := slices.IndexFunc(all, func(s testkit.Shape) bool { return s.ID == id })
	if at < 0 {
		t.Fatalf("nothing plays %s", id)
	}
	return all[at]
}

// claims are those of a good ID token of the shape, with changes; nil removes one.
func (w *world) claims(s testkit.Shape, changes map[string]any) map[string]any {
	now := w.clock.Now(w.t.Context())
	all := maps.Clone(s.IDToken)
	all["aud"], all["iat"], all["exp"], all["nonce"] = "client", now.Unix(), now.Add(time.Hour).Unix(), "nonce-1"
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// sign makes a token by any key and header.
func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// part encodes a part of a JWT that no library would make.
func part(t *testing.T, value any) string {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func TestIDTokensThatCount(t *testing.T) {
	w, p := one(t, shape(t, "google"))
	s := shape(t, "google")
	for rule, changes := range map[string]map[string]any{
		"as it is":                                      nil,
		"the other spelling of the issuer":              {"iss": "accounts.google.com"},
		"several audiences, issued to us":               {"aud": []string{"client", "other"}, "azp": "client"},
		"issued to another app of ours for our backend": {"azp": "android"},
		"59 seconds of skew":                            {"iat": w.clock.Now(t.Context()).Add(59 * time.Second).Unix()},
	} {
		profile, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, changes)), "nonce-1", "")
		if err != nil || profile.ID != s.IDToken["sub"] || profile.Email != ada || !profile.EmailVerified {
			t.Errorf("%s: %+v, %v", rule, profile, err)
		}
	}
	if _, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, nil)), "", ""); err != nil {
		t.Errorf("the app keeps no nonce: %v", err)
	}
	if n := len(w.Asked()); n != 1 {
		t.Errorf("the keys were read %d times", n)
	}
}

func TestIDTokensThatDoNotCount(t *testing.T) {
	s := shape(t, "google")
	for rule, changes := range map[string]map[string]any{
		"of another issuer":                           {"iss": "https://accounts.google.com.evil.example"},
		"of no issuer":                                {"iss": nil},
		"for another client":                          {"aud": "other"},
		"for nobody":                                  {"aud": nil},
		"for an empty audience":                       {"aud": []string{}},
		"for several others":                          {"aud": []string{"other", "more"}},
		"for us and others, issued to another":        {"aud": []string{"client", "other"}, "azp": "other"},
		"with another nonce":                          {"nonce": "nonce-2"},
		"without a nonce":                             {"nonce": nil},
		"with the hash of the nonce, as only Apple's": {"nonce": hashed("nonce-1")},
		"expired":                                     {"exp": 1767323045 - 120},
		"that never expires":                          {"exp": nil},
		"whose time is no number":                     {"exp": "tomorrow"},
		"not valid yet":                               {"nbf": 1767323045 + 120},
		"of the future":                               {"iat": 1767323045 + 120},
		"of two hours ago":                            {"iat": 1767323045 - 7200},
		"of nobody knows when":                        {"iat": nil},
		"without a subject":                           {"sub": nil},
		"with an empty subject":                       {"sub": ""},
	} {
		t.Run(rule, func(t *testing.T) {
			w, p := one(t, s)
			profile, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, changes)), "nonce-1", "")
			if !errors.Is(err, upstream.ErrIDToken) || profile != nil {
				t.Errorf("%+v, %v", profile, err)
			}
		})
	}
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestForgedIDTokens are signatures that are not the provider's.
func TestForgedIDTokens(t *testing.T) {
	s, secret := shape(t, "google"), strings.Repeat("secret", 8)
	w := open(t, "[social_providers.google]\nclient_id = 'client'\nclient_secret = '"+secret+"'\n")
	p := w.provider("google")
	good := w.IDToken(w.claims(s, nil))
	if _, err := p.VerifyIDToken(t.Context(), good, "nonce-1", ""); err != nil {
		t.Fatal(err)
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(w.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwk, err := json.Marshal(jose.JSONWebKey{Key: w.Public(), KeyID: w.KeyID(), Algorithm: "ES256", Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	claims := w.claims(s, nil)
	parts := strings.Split(good, ".")
	withKey := jose.SignerOptions{EmbedJWK: true}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: own, KeyID: w.KeyID()}}, &withKey)
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for rule, token := range map[string]string{
		"alg none":                                     part(t, map[string]any{"alg": "none"}) + "." + parts[1] + ".",
		"alg NONE with a signature":                    part(t, map[string]any{"alg": "NONE", "kid": w.KeyID()}) + "." + parts[1] + "." + parts[2],
		"an alg that is not of the key":                part(t, map[string]any{"alg": "RS256", "kid": w.KeyID()}) + "." + parts[1] + "." + parts[2],
		"an alg that does not exist":                   part(t, map[string]any{"alg": "X", "kid": w.KeyID()}) + "." + parts[1] + "." + parts[2],
		"no signature":                                 parts[0] + "." + parts[1] + ".",
		"other claims under the signature":             parts[0] + "." + part(t, w.claims(s, map[string]any{"sub": "mallory"})) + "." + parts[2],
		"the public key as secret, in PEM":             sign(t, jose.HS256, public, w.KeyID(), claims),
		"the public key as secret, as JWK":             sign(t, jose.HS256, jwk, w.KeyID(), claims),
		"the client's secret, which an app might know": sign(t, jose.HS256, []byte(secret), w.KeyID(), claims),
		"another key under the same id":                sign(t, jose.ES256, own, w.KeyID(), claims),
		"another key under an id of its own":           sign(t, jose.ES256, own, "k9", claims),
		"another key that comes along in the header":   embedded,
		"nothing":            "",
		"garbage":            "a.b.c",
		"an access token":    "ya29.a0AfH6SMBx",
		"an encrypted token": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aaaa.bbbb.cccc",
		"much of it":         strings.Repeat("a", 1<<20),
	} {
		profile, err := p.VerifyIDToken(t.Context(), token, "nonce-1", "")
		if !errors.Is(err, upstream.ErrIDToken) || profile != nil {
			t.Errorf("%s: %+v, %v", rule, profile, err)
		}
	}
	// None of it makes authd call the provider over and over.
	if n := len(w.Asked()); n != 1 {
		t.Errorf("the keys were read %d times", n)
	}
}

func TestKeysChange(t *testing.T) {
	s := shape(t, "google")
	w, p := one(t, s)
	verify := func() error {
		_, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, nil)), "", "")
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	w.Rotate()
	w.clock.Advance(11 * time.Second)
	if err := verify(); err != nil {
		t.Errorf("signed with the new key: %v", err)
	}
	w.Answers[s.JWKS] = http.NotFound
	w.clock.Advance(time.Hour)
	if err := verify(); err != nil {
		t.Errorf("the keys cannot be read at the moment: %v", err)
	}
	w.clock.Advance(25 * time.Hour)
	if err := verify(); !errors.Is(err, upstream.ErrUnreachable) {
		t.Errorf("the keys cannot be read for a day: %v", err)
	}
}

func TestKeySetsThatAreNone(t *testing.T) {
	s := shape(t, "google")
	for rule, body := range map[string]string{
		"garbage": "<html>", "no keys": `{"keys":[]}`, "an unknown kind": `{"keys":[{"kty":"AKP","kid":"k2"}]}`,
		"a short key":                         `{"keys":[{"kty":"RSA","kid":"k2","n":"u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0_IzW7yWR7QkrmBL7jTKEn5u-w","e":"AQAB"}]}`,
		"a secret that was published":         `{"keys":[{"kty":"oct","kid":"k2","k":"c2VjcmV0"}]}`,
		"more than is read of such documents": `{"keys":[` + strings.Repeat(" ", 300<<10) + `]}`,
	} {
		t.Run(rule, func(t *testing.T) {
			w, p := one(t, s)
			w.Answers[s.JWKS] = func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(body)) }
			_, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, nil)), "", "")
			if !errors.Is(err, upstream.ErrIDToken) && !errors.Is(err, upstream.ErrUnreachable) {
				t.Error(err)
			}
		})
	}
}

// TestKeysForSomethingElse are published, and sign, but not what they sign here.
func TestKeysForSomethingElse(t *testing.T) {
	s := shape(t, "google")
	for rule, c := range map[string]struct {
		bits int
		key  jose.JSONWebKey
		ok   bool
	}{
		"for this":              {2048, jose.JSONWebKey{Algorithm: "RS256", Use: "sig"}, true},
		"for another algorithm": {2048, jose.JSONWebKey{Algorithm: "PS256", Use: "sig"}, false},
		"for encryption":        {2048, jose.JSONWebKey{Use: "enc"}, false},
		"too short":             {1024, jose.JSONWebKey{Algorithm: "RS256", Use: "sig"}, false},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w, p := one(t, s)
			key, err := rsa.GenerateKey(rand.Reader, c.bits)
			if err != nil {
				t.Fatal(err)
			}
			c.key.Key, c.key.KeyID = key.Public(), "r1"
			body, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{c.key}})
			if err != nil {
				t.Fatal(err)
			}
			w.Answers[s.JWKS] = answer(200, string(body))
			_, err = p.VerifyIDToken(t.Context(), sign(t, jose.RS256, key, "r1", w.claims(s, nil)), "", "")
			if c.ok != (err == nil) || !c.ok && !errors.Is(err, upstream.ErrIDToken) {
				t.Error(err)
			}
		})
	}
}

func TestIDTokenOfTheCodeFlow(t *testing.T) {
	for _, id := range []string{"google", "apple", "microsoft", "cognito", "line", "twitch", "example"} {
		for rule, changes := range map[string]map[string]any{
			"another request's nonce": {"nonce": "nonce-2"},
			"another client":          {"aud": "other"},
			"another issuer":          {"iss": "https://evil.example"},
			"expired":                 {"exp": 1767323045 - 120},
		} {
			t.Run(id+", "+rule, func(t *testing.T) {
				s := shape(t, id)
				w, p := one(t, s)
				w.Claims = func(claims map[string]any) { maps.Copy(claims, changes) }
				tokens, err := p.Exchange(t.Context(), code(w.Authorize(w.begin(p))))
				if err != nil {
					t.Fatal(err)
				}
				if profile, err := p.Profile(t.Context(), tokens, nil); !errors.Is(err, upstream.ErrIDToken) || profile != nil {
					t.Errorf("%+v, %v", profile, err)
				}
			})
		}
	}
}

// TestKeptIDToken: account-info reads one that lay in the database for long.
func TestKeptIDToken(t *testing.T) {
	s := shape(t, "google")
	w, p := one(t, s)
	token := w.IDToken(w.claims(s, nil))
	w.clock.Advance(30 * 24 * time.Hour)
	if _, err := p.Profile(t.Context(), &upstream.Tokens{IDToken: token}, nil); !errors.Is(err, upstream.ErrIDToken) {
		t.Errorf("an old one: %v", err)
	}
	if profile, err := p.Profile(t.Context(), &upstream.Tokens{IDToken: token, Kept: true}, nil); err != nil || profile.Email != ada {
		t.Errorf("a kept one: %+v, %v", profile, err)
	}
	forged := token[:strings.LastIndex(token, ".")] + ".AAAA"
	if _, err := p.Profile(t.Context(), &upstream.Tokens{IDToken: forged, Kept: true}, nil); !errors.Is(err, upstream.ErrIDToken) {
		t.Errorf("a forged one: %v", err)
	}
}

func TestWhoTakesIDTokensOfApps(t *testing.T) {
	takes := []string{"apple", "cognito", "example", "facebook", "google", "line", "microsoft"}
	for _, s := range testkit.Shapes() {
		_, p := one(t, s)
		if got, want := p.SignsInByIDToken(), slices.Contains(takes, s.ID); got != want {
			t.Errorf("%s: %v", s.ID, got)
		}
		if slices.Contains(takes, s.ID) {
			continue
		}
		if _, err := p.VerifyIDToken(t.Context(), "a.b.c", "", ""); !errors.Is(err, upstream.ErrIDTokenUnsupported) {
			t.Errorf("%s: %v", s.ID, err)
		}
	}
	s := shape(t, "google")
	s.Config = "disable_id_token_sign_in = true\n"
	w, p := one(t, s)
	if _, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, nil)), "", ""); !errors.Is(err, upstream.ErrIDTokenUnsupported) {
		t.Errorf("turned off: %v", err)
	}
}
