package nativeapp_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// idp is a small OpenID provider: code and PKCE, rotation with reuse detection.
// Its fields make it misbehave.
type idp struct {
	*httptest.Server
	t   *testing.T
	key ed25519.PrivateKey

	deny         bool
	silent       bool          // never sends the browser back
	issuer       string        // what discovery says, when it lies
	answerIss    string        // iss of the answer, when it lies
	answerState  string        // state of the answer, when it lies
	nonce        string        // nonce of the ID token, when it lies
	audience     string        // aud of the ID token, when it lies
	otherKey     bool          // signs with a key that is not in the JWKS
	lifetime     int           // expires_in
	slow         time.Duration // of the token endpoint
	rejectAccess int           // so many userinfo requests answer 401
	down         bool          // the token and revocation endpoints answer 503
	device       string        // the error that a device's first question for tokens gets
	deviceless   bool          // has no device authorization endpoint
	userCode     string        // shown to the person
	devicePage   string        // where they enter it

	mu        sync.Mutex
	codes     map[string]url.Values
	refresh   string // the one refresh token that works
	spent     map[string]bool
	access    string
	refreshes int
	reused    int
	revoked   []string
	asked     url.Values // the last authorization request
	resources []string   // of every token request
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{t: t, key: key, lifetime: 3600, codes: map[string]url.Values{}, spent: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks", p.jwks)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("POST /device", p.pair)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	mux.HandleFunc("POST /revoke", p.revoke)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	p.issuer, p.userCode, p.devicePage = p.URL, "WDJB-MJHT", p.URL+"/enter"
	return p
}

// pair is RFC 8628 §3.1; the code of the person's answer is the device's.
func (p *idp) pair(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") == "" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	p.asked = r.PostForm
	code := random()
	p.codes[code] = r.PostForm
	reply(w, http.StatusOK, map[string]any{
		"device_code": code, "user_code": p.userCode, "verification_uri": p.devicePage,
		"verification_uri_complete": p.devicePage + "?user_code=" + p.userCode, "expires_in": 60, "interval": 1,
	})
}

// answerDevice is RFC 8628 §3.4.
func (p *idp) answerDevice(w http.ResponseWriter, form url.Values) {
	asked, ok := p.codes[form.Get("device_code")]
	if !ok || asked.Get("client_id") != form.Get("client_id") {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	if refused := p.device; refused != "" {
		p.device = ""
		reply(w, http.StatusBadRequest, map[string]any{"error": refused})
		return
	}
	delete(p.codes, form.Get("device_code"))
	p.issue(w, asked)
}

func (p *idp) discovery(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer": p.issuer, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/jwks", "userinfo_endpoint": p.URL + "/userinfo", "revocation_endpoint": p.URL + "/revoke",
		"id_token_signing_alg_values_supported":          []string{"RS256", "EdDSA"},
		"authorization_response_iss_parameter_supported": true,
	}
	if !p.deviceless {
		document["device_authorization_endpoint"] = p.URL + "/device"
	}
	reply(w, http.StatusOK, document)
}

func (p *idp) jwks(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "k", Algorithm: "EdDSA", Use: "sig"}}})
}

func (p *idp) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	query := r.URL.Query()
	p.asked = query
	if p.silent {
		return
	}
	back := url.Values{"state": {query.Get("state")}, "iss": {p.issuer}}
	if p.answerState != "" {
		back.Set("state", p.answerState)
	}
	if p.answerIss == "none" {
		back.Del("iss")
	} else if p.answerIss != "" {
		back.Set("iss", p.answerIss)
	}
	if p.deny {
		back.Set("error", "access_denied")
	} else {
		code := random()
		p.codes[code] = query
		back.Set("code", code)
	}
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	slow := p.slow
	p.mu.Unlock()
	time.Sleep(slow)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") == "" || r.Header.Get("Authorization") != "" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	p.resources = append(p.resources, r.PostForm.Get("resource"))
	if r.PostForm.Get("grant_type") == "refresh_token" {
		p.rotate(w, r.PostForm)
		return
	}
	if r.PostForm.Get("grant_type") == "urn:ietf:params:oauth:grant-type:device_code" {
		p.answerDevice(w, r.PostForm)
		return
	}
	asked, ok := p.codes[r.PostForm.Get("code")]
	delete(p.codes, r.PostForm.Get("code"))
	challenge := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !ok || asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(challenge[:]) ||
		asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "invalid code"})
		return
	}
	p.issue(w, asked)
}

// rotate ends the whole family when a refresh token comes a second time.
func (p *idp) rotate(w http.ResponseWriter, form url.Values) {
	given := form.Get("refresh_token")
	if p.spent[given] {
		p.reused++
		p.refresh = ""
	}
	if given != p.refresh || given == "" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	p.spent[given] = true
	p.refreshes++
	p.issue(w, url.Values{"scope": {"offline_access"}})
}

func (p *idp) issue(w http.ResponseWriter, asked url.Values) {
	p.access, p.refresh = "at-"+random(), "rt-"+random()
	answer := map[string]any{"access_token": p.access, "token_type": "Bearer", "expires_in": p.lifetime}
	if strings.Contains(asked.Get("scope"), "offline_access") {
		answer["refresh_token"] = p.refresh
	}
	if strings.Contains(asked.Get("scope"), "openid") {
		answer["id_token"] = p.idToken(asked)
	}
	reply(w, http.StatusOK, answer)
}

func (p *idp) idToken(asked url.Values) string {
	key := p.key
	if p.otherKey {
		_, key, _ = ed25519.GenerateKey(rand.Reader)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		p.t.Error(err)
	}
	audience, nonce := asked.Get("client_id"), asked.Get("nonce")
	if p.audience != "" {
		audience = p.audience
	}
	if p.nonce != "" {
		nonce = p.nonce
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": p.issuer, "aud": audience, "sub": "user-1", "nonce": nonce,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		p.t.Error(err)
	}
	return token
}

func (p *idp) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rejectAccess > 0 || r.Header.Get("Authorization") != "Bearer "+p.access {
		p.rejectAccess--
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	reply(w, http.StatusOK, map[string]any{"sub": "user-1", "email": "ada@example.com"})
}

func (p *idp) revoke(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	p.revoked = append(p.revoked, r.FormValue("token_type_hint")+" "+r.FormValue("token")+" "+r.FormValue("client_id"))
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func random() string {
	bits := make([]byte, 16)
	_, _ = rand.Read(bits)
	return fmt.Sprintf("%x", bits)
}
