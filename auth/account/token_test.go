package account_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/testkit"
)

// hour are tokens that work for an hour from now.
func hour(t *testing.T, s *testkit.Server) core.Tokens {
	t.Helper()
	return core.Tokens{
		AccessToken: "at-1", RefreshToken: "rt-1", IDToken: "it-1", Scopes: []string{"openid", "email"},
		AccessExpires: s.Clock.Now(t.Context()).Add(time.Hour),
	}
}

func TestAnAccessTokenIsServedUntilItEndsAndThenRefreshedOnce(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, a := connected(t, s, hour(t, s))
	got := c.Post("/get-access-token", choose(a.ID)).Is(200, "")
	if got.Field("accessToken") != "at-1" || got.Field("idToken") != "it-1" || got.Field("scopes") != `["openid","email"]` || p.asked() != 0 {
		t.Fatalf("%s, asked %d times", got.Body, p.asked())
	}
	s.Clock.Advance(time.Hour - 4*time.Second)
	got = c.Post("/get-access-token", choose(a.ID)).Is(200, "")
	want := s.Clock.Now(t.Context()).Add(time.Hour).Format("2006-01-02T15:04:05.000Z")
	if got.Field("accessToken") != "at-2" || got.Field("accessTokenExpiresAt") != want || got.Field("scopes") != `["openid","email"]` {
		t.Fatalf("%s", got.Body)
	}
	if again := c.Post("/get-access-token", choose(a.ID)); again.Field("accessToken") != "at-2" || p.asked() != 1 {
		t.Fatalf("%s, asked %d times", again.Body, p.asked())
	}
}

func TestManyWhoAskAtOnceSpendARefreshTokenOnce(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, a := connected(t, s, hour(t, s))
	s.Clock.Advance(2 * time.Hour)
	p.arrived, p.leave = make(chan struct{}, 20), make(chan struct{})
	const askers = 8
	answers := make([]*testkit.Answer, askers)
	var all sync.WaitGroup
	for i := range askers {
		path := "/get-access-token"
		if i%2 == 1 {
			path = "/refresh-token"
		}
		other := *c
		all.Go(func() { answers[i] = other.Post(path, choose(a.ID)) })
	}
	<-p.arrived
	close(p.leave)
	all.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[string]bool{}
	for _, token := range p.spent {
		if seen[token] {
			t.Fatalf("a refresh token came twice: %v", p.spent)
		}
		seen[token] = true
	}
	for _, got := range answers {
		if got.Status != 200 || !strings.HasPrefix(got.Field("accessToken"), "at-") || got.Field("accessToken") == "at-1" {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	tokens, err := s.Core.AccountTokens(account(t, s, a.UserID, "mock"))
	must(t, err)
	if tokens.RefreshToken != p.live {
		t.Fatalf("stored is %s, the provider has %s", tokens.RefreshToken, p.live)
	}
}

func TestWhatAnotherProcessGotForTheRefreshTokenIsNotLost(t *testing.T) {
	for name, refused := range map[string]bool{
		"both were given tokens":          false,
		"the provider refused the second": true,
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			s := startWith(t, p, "")
			c, a := connected(t, s, hour(t, s))
			p.arrived, p.leave = make(chan struct{}, 1), make(chan struct{})
			if refused {
				p.live = "rt-theirs"
			}
			var got *testkit.Answer
			done := make(chan struct{})
			go func() {
				defer close(done)
				got = c.Post("/refresh-token", choose(a.ID))
			}()
			<-p.arrived
			setTokens(t, s, a, core.Tokens{AccessToken: "at-theirs", RefreshToken: "rt-theirs"})
			close(p.leave)
			<-done
			got.Is(200, "")
			if got.Field("accessToken") != "at-theirs" || got.Field("refreshToken") != "rt-theirs" {
				t.Fatalf("%s", got.Body)
			}
			tokens, err := s.Core.AccountTokens(account(t, s, a.UserID, "mock"))
			must(t, err)
			if tokens.AccessToken != "at-theirs" || tokens.RefreshToken != "rt-theirs" {
				t.Fatalf("stored: %+v", tokens)
			}
		})
	}
}

func TestARefreshOnDemandAnswersAllThatCameAndKeepsTheScopes(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, a := connected(t, s, hour(t, s))
	got := c.Post("/refresh-token", choose(a.ID)).Is(200, "")
	want := `{"accessToken":"at-2","refreshToken":"rt-2","accessTokenExpiresAt":"` + s.Clock.Now(t.Context()).Add(time.Hour).Format("2006-01-02T15:04:05.000Z") +
		`","refreshTokenExpiresAt":null,"scope":"openid,email","idToken":"it-1","providerId":"mock","accountId":"` + a.ID + `"}`
	if strings.TrimSpace(got.Body) != want {
		t.Fatalf("got  %s\nwant %s", got.Body, want)
	}
}

func TestAProviderThatGivesNothingLeavesWhatIsStored(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"an error":        func(w http.ResponseWriter) { w.WriteHeader(400); _, _ = w.Write([]byte(`{"error":"invalid_grant"}`)) },
		"garbage":         func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) },
		"no access token": func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"token_type":"Bearer"}`)) },
		"more than it may": func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"access_token":"` + strings.Repeat("x", 20<<20) + `"}`))
		},
		"a server's failure": func(w http.ResponseWriter) { w.WriteHeader(503) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			s := startWith(t, p, "")
			c, a := connected(t, s, hour(t, s))
			s.Clock.Advance(2 * time.Hour)
			p.answer = answer
			c.Post("/get-access-token", choose(a.ID)).Is(400, "FAILED_TO_GET_ACCESS_TOKEN")
			c.Post("/refresh-token", choose(a.ID)).Is(400, "FAILED_TO_REFRESH_ACCESS_TOKEN")
			c.Get(infoPath(a.ID)).Is(400, "FAILED_TO_GET_ACCESS_TOKEN")
			tokens, err := s.Core.AccountTokens(account(t, s, a.UserID, "mock"))
			must(t, err)
			if tokens.AccessToken != "at-1" || tokens.RefreshToken != "rt-1" {
				t.Fatalf("stored: %+v", tokens)
			}
			p.answer = nil
			if got := c.Post("/get-access-token", choose(a.ID)).Is(200, ""); got.Field("accessToken") != "at-2" {
				t.Fatalf("%s", got.Body)
			}
		})
	}
}

func TestAccountInfoAsksTheProviderNow(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, a := connected(t, s, hour(t, s))
	got := c.Get(infoPath(a.ID)).Is(200, "")
	want := `{"user":{"email":"a@example.com","emailVerified":true,"image":"https://idp.example/p.png","name":"Upstream"},"data":` +
		`{"email":"a@example.com","email_verified":true,"name":"Upstream","picture":"https://idp.example/p.png","sub":"1"},` +
		`"account":{"id":"` + a.ID + `","providerId":"mock","accountId":"1"}}`
	if strings.TrimSpace(got.Body) != want {
		t.Fatalf("got  %s\nwant %s", got.Body, want)
	}
	setTokens(t, s, a, core.Tokens{AccessToken: "at-gone"})
	c.Get(infoPath(a.ID)).Is(401, "FAILED_TO_GET_USER_INFO")
	p.userInfo = "[]"
	setTokens(t, s, a, core.Tokens{AccessToken: "at-1"})
	c.Get(infoPath(a.ID)).Is(401, "FAILED_TO_GET_USER_INFO")
}

func TestWhatCannotBeHadIsNamed(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, bare := connected(t, s, core.Tokens{})
	password := account(t, s, bare.UserID, core.CredentialProvider)
	for name, try := range map[string]struct {
		got    *testkit.Answer
		status int
		code   string
	}{
		"a password has no token":                     {c.Post("/get-access-token", choose(password.ID)), 400, "PROVIDER_NOT_SUPPORTED"},
		"a password cannot be refreshed":              {c.Post("/refresh-token", choose(password.ID)), 400, "PROVIDER_NOT_SUPPORTED"},
		"a password has nobody to ask":                {c.Get(infoPath(password.ID)), 400, "PROVIDER_NOT_CONFIGURED"},
		"no refresh token came":                       {c.Post("/refresh-token", choose(bare.ID)), 400, "REFRESH_TOKEN_NOT_FOUND"},
		"no access token came":                        {c.Get(infoPath(bare.ID)), 400, "ACCESS_TOKEN_NOT_FOUND"},
		"an id that is nobody's":                      {c.Post("/get-access-token", choose("x")), 400, "ACCOUNT_NOT_FOUND"},
		"the cookie that authd does not set":          {c.Post("/get-access-token", map[string]any{"useAccountCookie": true}), 400, "ACCOUNT_NOT_FOUND"},
		"neither form":                                {c.Post("/get-access-token", map[string]any{}), 400, "VALIDATION_ERROR"},
		"both forms":                                  {c.Post("/refresh-token", map[string]any{"accountId": bare.ID, "useAccountCookie": true}), 400, "VALIDATION_ERROR"},
		"a number for an id":                          {c.Post("/refresh-token", map[string]any{"accountId": 5}), 400, "VALIDATION_ERROR"},
		"an unknown field":                            {c.Post("/get-access-token", map[string]any{"accountId": bare.ID, "x": 1}), 400, "VALIDATION_ERROR"},
		"an unknown parameter":                        {c.Get(infoPath(bare.ID) + "&x=1"), 400, "VALIDATION_ERROR"},
		"no parameter":                                {c.Get("/account-info"), 400, "VALIDATION_ERROR"},
		"a stranger is told first what is wrong":      {s.Client().Post("/get-access-token", map[string]any{}), 400, "VALIDATION_ERROR"},
		"an account of the password's, tried by name": {c.Post("/get-access-token", choose(password.AccountID)), 400, "ACCOUNT_NOT_FOUND"},
	} {
		t.Run(name, func(t *testing.T) { try.got.Is(try.status, try.code) })
	}
	if p.asked() != 0 {
		t.Fatal("the provider was asked")
	}
}

func TestNobodyGetsTheTokensOfAnother(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	_, a := connected(t, s, hour(t, s))
	other := s.SignUp("b@example.com")
	for _, c := range []*testkit.Client{other, s.Client()} {
		status, code := 400, "ACCOUNT_NOT_FOUND"
		if len(c.Cookies) == 0 {
			status, code = 401, ""
		}
		body := map[string]string{"accountId": a.ID, "userId": a.UserID}
		for _, got := range []*testkit.Answer{c.Post("/get-access-token", body), c.Post("/refresh-token", body), c.Get(infoPath(a.ID) + "&userId=" + a.UserID)} {
			if got.Status != status || strings.Contains(got.Body, "at-1") || code != "" && got.Field("code") != code {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
		}
	}
	if p.asked() != 0 {
		t.Fatal("the provider was asked")
	}
}
