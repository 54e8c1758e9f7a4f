package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// startProvider runs the provider "mock", which the reference has built in, and
// returns its address. login_hint chooses who signs in.
func startProvider(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		code := base64.RawURLEncoding.EncodeToString([]byte(q.Get("login_hint")))
		back := url.Values{"code": {code}, "state": {q.Get("state")}}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		code := r.PostFormValue("code")
		if code == "" { // a refresh
			code = base64.RawURLEncoding.EncodeToString([]byte("mock.user@idp.example"))
		}
		answer(w, map[string]any{"access_token": "at-" + code, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt-x", "scope": "openid email profile"})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		email, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer at-"))
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		id := "idp-" + string(email)
		answer(w, map[string]any{"sub": id, "id": id, "email": string(email), "email_verified": true, "name": "Mock User", "picture": "https://idp.example/p.png"})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// providerTOML is how authd is told of it.
func providerTOML(address string) string {
	return fmt.Sprintf(`
[[generic_oauth.config]]
provider_id = "mock"
client_id = "mock-client"
client_secret = "mock-secret"
authorization_url = "%[1]s/authorize"
token_url = "%[1]s/token"
user_info_url = "%[1]s/userinfo"
scopes = ["openid", "email", "profile"]
`, address)
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

// goElsewhere is the whole way of a sign-in, or a link, at the provider mock.
func goElsewhere(t *testing.T, s *stage, st step, path string) {
	t.Helper()
	var began struct{ URL string }
	s.browser(st.As).Post(t, path, map[string]string{"provider": "mock", "callbackURL": "/home"}).Want(t, http.StatusOK).Decode(t, &began)
	arrived := s.browser(st.As).Get(t, authorize(t, began.URL, st.Email))
	if where := arrived.Header.Get("Location"); !strings.HasSuffix(where, "/home") {
		t.Fatalf("the way back leads to %q: %d %s", where, arrived.Status, arrived.Body)
	}
}

// authorize signs somebody in at the provider who was sent to an address, and
// gives the path below /api/auth that they come back to.
func authorize(t *testing.T, address, email string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address+"&login_hint="+url.QueryEscape(email), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, back, ok := strings.Cut(res.Header.Get("Location"), "/api/auth")
	if !ok {
		t.Fatalf("%s leads to %q", address, res.Header.Get("Location"))
	}
	return back
}
