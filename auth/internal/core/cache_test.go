package core

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/internal/config"
)

const cacheSecret = "an-app-only-secret-0123456789-0123456789"

func cacheFor(t testing.TB, strategy string) *sessionCache {
	t.Helper()
	s, err := newSessionCache(config.CookieCache{MaxAge: 5 * time.Minute, Strategy: strategy, Secret: cacheSecret})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func somebody(now time.Time) *Auth {
	return &Auth{
		Session: &Session{ID: "s", UserID: "u", Token: NewToken(32), ExpiresAt: millis(now.Add(time.Hour)), CreatedAt: millis(now), UpdatedAt: millis(now)},
		User:    &User{ID: "u", Name: `A "quoted" ,"updatedAt": <name> \u2028` + "\u2028\n\x01\xff", Email: "a@example.com", CreatedAt: millis(now), UpdatedAt: millis(now)},
	}
}

func TestACacheReadsBackAsWhatWasWritten(t *testing.T) {
	now := time.Now()
	for _, strategy := range []string{"compact", "jwt", "jwe"} {
		s, a := cacheFor(t, strategy), somebody(now)
		value, life := s.encode(nil, a, now)
		if life != 5*time.Minute {
			t.Errorf("%s: lives %v", strategy, life)
		}
		got, ok := s.answer(value, a.Session.Token, now.Add(4*time.Minute))
		if !ok || string(got) != string(a.AppendJSON(nil)) {
			t.Errorf("%s: %v\n%s\n%s", strategy, ok, got, a.AppendJSON(nil))
		}
		if _, ok := s.answer(value, a.Session.Token, now.Add(5*time.Minute)); ok {
			t.Errorf("%s: read after its age", strategy)
		}
		if _, ok := s.answer(value, NewToken(32), now); ok {
			t.Errorf("%s: read for another token", strategy)
		}
	}
}

// TestTheJWECacheIsWhatAJOSELibraryReads holds our use of the ciphers against go-jose.
func TestTheJWECacheIsWhatAJOSELibraryReads(t *testing.T) {
	now := time.Now()
	a := somebody(now)
	value, _ := cacheFor(t, "jwe").encode(nil, a, now)
	object, err := jose.ParseEncryptedCompact(value, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256CBC_HS512})
	if err != nil {
		t.Fatal(err)
	}
	key, err := deriveJWEKey([]byte(cacheSecret))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := object.Decrypt(key)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		User struct{ Email string }
		Exp  int64
		JTI  string
	}
	if err := json.Unmarshal(plain, &claims); err != nil || claims.User.Email != "a@example.com" || claims.JTI == "" {
		t.Fatalf("%+v, %v", claims, err)
	}
	thumb := sha256.Sum256([]byte(`{"k":"` + base64.RawURLEncoding.EncodeToString(key) + `","kty":"oct"}`))
	if object.Header.KeyID != base64.RawURLEncoding.EncodeToString(thumb[:]) {
		t.Fatalf("kid %q is not the key's thumbprint (RFC 7638)", object.Header.KeyID)
	}
}

func TestTheJWTCacheIsWhatAJOSELibraryVerifies(t *testing.T) {
	now := time.Now()
	value, _ := cacheFor(t, "jwt").encode(nil, somebody(now), now)
	token, err := jwt.ParseSigned(value, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.Claims
	if err := token.Claims([]byte(cacheSecret), &claims); err != nil {
		t.Fatal(err)
	}
	if err := claims.Validate(jwt.Expected{Time: now}); err != nil {
		t.Fatal(err)
	}
}

func FuzzACacheThatWeDidNotMakeIsNotRead(f *testing.F) {
	now := time.Now()
	a := somebody(now)
	caches := map[string]*sessionCache{}
	good := map[string]bool{}
	for _, strategy := range []string{"compact", "jwt", "jwe"} {
		caches[strategy] = cacheFor(f, strategy)
		value, _ := caches[strategy].encode(nil, a, now)
		good[value] = true
		f.Add(value)
		f.Add(value[:len(value)-1])
	}
	f.Add("....")
	f.Fuzz(func(t *testing.T, value string) {
		for strategy, s := range caches {
			if _, ok := s.answer(value, a.Session.Token, now); ok && !good[strings.TrimSpace(value)] {
				t.Fatalf("%s read %q", strategy, value)
			}
		}
	})
}

func TestASealedValueOpensOnlyInItsPlaceAndUnderItsSecrets(t *testing.T) {
	seal := func(secrets ...string) *Sealer {
		k, err := NewKeyring(secrets)
		if err != nil {
			t.Fatal(err)
		}
		s, err := k.Sealer("test")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	old, both, other := seal("old"), seal("new", "old"), seal("other")
	sealed, err := old.Seal("row 1", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := both.Open("row 1", sealed); err != nil || string(got) != "text" {
		t.Fatal(got, err)
	}
	if both.Current("row 1", sealed) || !old.Current("row 1", sealed) {
		t.Fatal("which secret is in force?")
	}
	for name, open := range map[string]func() ([]byte, error){
		"moved":        func() ([]byte, error) { return old.Open("row 2", sealed) },
		"other secret": func() ([]byte, error) { return other.Open("row 1", sealed) },
		"changed":      func() ([]byte, error) { return old.Open("row 1", sealed[:len(sealed)-12]+strings.Repeat("A", 12)) },
		"not sealed":   func() ([]byte, error) { return old.Open("row 1", "text") },
		"empty":        func() ([]byte, error) { return old.Open("row 1", "s1.") },
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
}
