package account_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// provider is an upstream called mock: each refresh token works once, and one
// that comes twice is taken for stolen, so that all of them end.
type provider struct {
	*httptest.Server
	mu       sync.Mutex
	live     string // the refresh token that works, "" when none does
	made     int
	spent    []string
	answer   func(w http.ResponseWriter) // in place of the token endpoint's own
	userInfo string
	arrived  chan struct{} // when set: told of each refresh, which then waits for
	leave    chan struct{} // this
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{live: "rt-1", userInfo: `{"sub":"1","email":"a@example.com","email_verified":true,"name":"Upstream","picture":"https://idp.example/p.png"}`}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer at-gone" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(p.userInfo))
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	if p.arrived != nil {
		p.arrived <- struct{}{}
		<-p.leave
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := r.PostFormValue("refresh_token")
	p.spent = append(p.spent, sent)
	w.Header().Set("Content-Type", "application/json")
	if p.answer != nil {
		p.answer(w)
		return
	}
	if sent != p.live {
		p.live = ""
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	p.made++
	p.live = fmt.Sprintf("rt-%d", p.made+1)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": fmt.Sprintf("at-%d", p.made+1), "refresh_token": p.live, "token_type": "Bearer", "expires_in": 3600, "scope": "openid",
	})
}

// asked is how often a refresh token came.
func (p *provider) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.spent)
}

// startWith runs a server that has the provider.
func startWith(t *testing.T, p *provider, toml string) *testkit.Server {
	t.Helper()
	return testkit.Start(t, toml+fmt.Sprintf(`
[[generic_oauth.config]]
provider_id = "mock"
client_id = "authd"
client_secret = "upstream-secret"
authorization_url = "%[1]s/authorize"
token_url = "%[1]s/token"
user_info_url = "%[1]s/userinfo"
`, p.URL))
}

// connected is a browser that is signed in as a@example.com, with an identity at
// the provider, and that identity's account.
func connected(t *testing.T, s *testkit.Server, tokens core.Tokens) (*testkit.Client, *core.Account) {
	t.Helper()
	c := s.SignUp("a@example.com")
	user := userOf(t, s, "a@example.com")
	id := who("1", "a@example.com", true)
	id.Tokens = tokens
	must(t, linkTo(t, s, user.ID, id))
	return c, account(t, s, user.ID, "mock")
}

func choose(id string) map[string]string { return map[string]string{"accountId": id} }

func infoPath(id string) string { return "/account-info?accountId=" + url.QueryEscape(id) }

// setTokens changes what is stored, as another process would.
func setTokens(t *testing.T, s *testkit.Server, a *core.Account, tokens core.Tokens) {
	t.Helper()
	must(t, s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		now, err := s.Core.Account(t.Context(), tx, a.UserID, a.ID)
		if err != nil {
			return err
		}
		return s.Core.UpdateAccount(t.Context(), tx, now, &tokens, false)
	}))
}
