package testkit

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/internal/egress"
)

// IDP plays every upstream provider, on the addresses that they really have: it
// stands in for the network of an egress.Client. It is as strict as the real
// ones: codes work once, for the client, the redirect URI and the PKCE verifier
// that they were made for, and only for who proves to be that client in the way
// the provider wants.
type IDP struct {
	t     testing.TB
	now   func() time.Time
	key   *ecdsa.PrivateKey
	keyID string

	// Claims, when set, changes an ID token before it is signed.
	Claims func(claims map[string]any)
	// Answers replace what is served at "host/path".
	Answers map[string]http.HandlerFunc

	mu    sync.Mutex
	codes map[string]*grant
	live  map[string]string // access and refresh tokens, and the host they are of
	asked []Asked
	made  int
}

// Asked is one request that reached the outside.
type Asked struct {
	At     string // "POST host/path"
	Header http.Header
	Query  url.Values
	Form   url.Values
}

// grant is a code, and what it was made for.
type grant struct {
	shape                        *Shape
	redirectURI, challenge, once string
	scope                        string
}

// NewIDP makes one that tells the time by clock.
func NewIDP(t testing.TB, clock *Clock) *IDP {
	i := &IDP{
		t: t, now: func() time.Time { return clock.Now(t.Context()) },
		Answers: map[string]http.HandlerFunc{}, codes: map[string]*grant{}, live: map[string]string{},
	}
	i.Rotate()
	return i
}

// Egress is a way out that leads here.
func (i *IDP) Egress() *egress.Client {
	return egress.New(egress.Options{World: i, UserAgent: "authd"})
}

// Asked lists the requests so far.
func (i *IDP) Asked() []Asked {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.asked)
}

// RoundTrip implements http.RoundTripper.
func (i *IDP) RoundTrip(r *http.Request) (*http.Response, error) {
	form := url.Values{}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			if form, err = url.ParseQuery(string(body)); err != nil {
				return nil, err
			}
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.PostForm = form
	at := r.URL.Host + r.URL.Path
	i.mu.Lock()
	i.asked = append(i.asked, Asked{At: r.Method + " " + at, Header: r.Header, Query: r.URL.Query(), Form: form})
	i.mu.Unlock()
	w := httptest.NewRecorder()
	if h, ok := i.Answers[at]; ok {
		h(w, r)
	} else {
		i.serve(w, r, at)
	}
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// serve finds the provider whose address it is.
func (i *IDP) serve(w http.ResponseWriter, r *http.Request, at string) {
	for _, s := range Shapes() {
		switch {
		case at == s.Exchange, s.Refresh != "" && at == s.Refresh:
			i.token(w, r, &s)
			return
		case s.JWKS != "" && at == s.JWKS:
			i.ServeKeys(w, r)
			return
		case s.Discovery != "" && at == s.Discovery:
			write(w, 200, s.discovery())
			return
		}
		if body, ok := s.API[r.Method+" "+at]; ok {
			i.api(w, r, &s, body)
			return
		}
	}
	http.NotFound(w, r)
}

// ServeKeys answers with the keys that ID tokens are signed with.
func (i *IDP) ServeKeys(w http.ResponseWriter, _ *http.Request) {
	write(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: i.keyID, Algorithm: "ES256", Use: "sig"}}})
}

// KeyID is the name of that key.
func (i *IDP) KeyID() string { return i.keyID }

// Public is the key that they are verified with.
func (i *IDP) Public() crypto.PublicKey { return i.key.Public() }

// Rotate signs with another key from now on, and publishes it in place of the old.
func (i *IDP) Rotate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.made++
	i.key, i.keyID = key, fmt.Sprintf("k%d", i.made+1)
}

// Authorize is what a person's browser does with the address that authd sends it
// to: it gives the parameters it comes back with. What the real provider would
// not accept fails the test.
func (i *IDP) Authorize(address string) url.Values {
	i.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		i.t.Fatal(err)
	}
	all := Shapes()
	at := slices.IndexFunc(all, func(s Shape) bool { return s.Authorize == u.Host+u.Path })
	if at < 0 {
		i.t.Fatalf("nobody is at %s", u.Host+u.Path)
	}
	s, q := &all[at], u.Query()
	if complaint := s.refuse(u); complaint != "" {
		i.t.Fatalf("%s does not take this request: %s: %s", s.ID, complaint, address)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.made++
	code := fmt.Sprintf("code-%d", i.made)
	i.codes[code] = &grant{
		shape: s, redirectURI: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), once: q.Get("nonce"), scope: q.Get("scope"),
	}
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	for name, value := range s.Back {
		back.Set(name, value)
	}
	return back
}

// token is the token endpoint.
func (i *IDP) token(w http.ResponseWriter, r *http.Request, s *Shape) {
	form := r.PostForm
	if s.GET {
		form = r.URL.Query()
	}
	if complaint := s.prove(r, form, i.now()); complaint != "" {
		write(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": complaint})
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	g := &grant{shape: s}
	switch form.Get("grant_type") {
	case "authorization_code":
		g = i.codes[form.Get("code")]
		delete(i.codes, form.Get("code"))
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		switch {
		case g == nil || g.shape.ID != s.ID:
			refuseGrant(w, "the code is not known")
			return
		case !s.GET && g.redirectURI != form.Get("redirect_uri"):
			refuseGrant(w, "another redirect_uri")
			return
		case g.challenge != "" && g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]):
			refuseGrant(w, "the code_verifier does not fit")
			return
		case s.Back["device_id"] != form.Get("device_id"):
			refuseGrant(w, "device_id")
			return
		}
	case "refresh_token":
		if i.live[form.Get("refresh_token")] != s.ID {
			refuseGrant(w, "the refresh token is not known")
			return
		}
		delete(i.live, form.Get("refresh_token"))
	default:
		write(w, 400, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if s.TokenType != "" {
		w.Header().Set("Content-Type", s.TokenType)
	}
	_ = json.NewEncoder(w).Encode(i.tokens(s, g))
}

func refuseGrant(w http.ResponseWriter, why string) {
	write(w, 400, map[string]any{"error": "invalid_grant", "error_description": why})
}

// tokens makes the answer of the token endpoint. The caller holds mu.
func (i *IDP) tokens(s *Shape, g *grant) map[string]any {
	i.made++
	access, refresh := fmt.Sprintf("access-%d", i.made), fmt.Sprintf("refresh-%d", i.made)
	i.live[access], i.live[refresh] = s.ID, s.ID
	answer := map[string]any{"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 3600, "scope": g.scope}
	if s.IDToken != nil {
		claims := maps.Clone(s.IDToken)
		claims["aud"], claims["iat"], claims["exp"] = "client", i.now().Unix(), i.now().Add(time.Hour).Unix()
		if g.once != "" {
			claims["nonce"] = g.once
		}
		answer["id_token"] = i.IDToken(claims)
	}
	maps.Copy(answer, s.More)
	return answer
}

// IDToken signs claims with the key that every provider here publishes.
func (i *IDP) IDToken(claims map[string]any) string {
	i.t.Helper()
	if i.Claims != nil {
		i.Claims(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.key}, (&jose.SignerOptions{}).WithHeader("kid", i.keyID))
	if err != nil {
		i.t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return token
}

// api answers a request with an access token.
func (i *IDP) api(w http.ResponseWriter, r *http.Request, s *Shape, body string) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found && s.TokenInForm { // in the form or the query, as some want it
		token = r.PostForm.Get("access_token") + r.URL.Query().Get("access_token")
		if sent := r.URL.Query().Get("input_token"); sent != "" && token == "client|secret" { // Facebook's debug_token
			token = sent
		}
	}
	i.mu.Lock()
	live := i.live[token] == s.ID
	i.mu.Unlock()
	for name, value := range s.APIHeader {
		live = live && r.Header.Get(name) == value
	}
	if !live || r.Header.Get("User-Agent") == "" {
		write(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// NewClock is a clock that stands at a time.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }
