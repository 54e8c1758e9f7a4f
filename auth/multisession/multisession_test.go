package multisession_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const tokenCookie = "better-auth.session_token"

// adds signs somebody in in a browser that may hold others, and returns their token.
func adds(c *testkit.Client, email string, more ...any) string {
	body := map[string]any{"email": email, "password": testkit.Password}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return c.Post("/sign-in/email", body).Is(200, "").Field("token")
}

func people(s *testkit.Server, emails ...string) {
	for _, email := range emails {
		s.SignUp(email)
	}
}

// listed are the accounts of a browser, newest first: address and what stands for the token.
func listed(t *testing.T, c *testkit.Client) (emails []string, tokens map[string]string) {
	t.Helper()
	list, ok := c.Get("/multi-session/list-device-sessions").Is(200, "").JSON().([]any)
	if !ok {
		t.Fatal("no list")
	}
	tokens = map[string]string{}
	for _, entry := range list {
		one := entry.(map[string]any)
		email := one["user"].(map[string]any)["email"].(string)
		emails = append(emails, email)
		tokens[email] = one["session"].(map[string]any)["token"].(string)
	}
	return emails, tokens
}

func is(c *testkit.Client) string { return c.Get("/get-session").Field("user.email") }

func beside(token string) string { return tokenCookie + "_multi-" + strings.ToLower(token) }

func TestABrowserHoldsSeveralAccounts(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com", "bob@example.com")
	c := s.Client()
	ada := adds(c, "ada@example.com")
	bob := adds(c, "bob@example.com")
	if c.Cookies[beside(ada)] == "" || c.Cookies[beside(bob)] != c.Cookies[tokenCookie] {
		t.Fatalf("the cookies are %v", c.Cookies)
	}
	emails, tokens := listed(t, c)
	if strings.Join(emails, " ") != "bob@example.com ada@example.com" {
		t.Fatalf("listed are %v", emails)
	}
	if tokens["bob@example.com"] != bob || !strings.HasPrefix(tokens["ada@example.com"], "session_") {
		t.Fatalf("for the tokens stand %v", tokens)
	}
	thief := s.Client()
	thief.Header.Set("Authorization", "Bearer "+tokens["ada@example.com"])
	if thief.Get("/get-session").Body != "null" {
		t.Fatal("a handle signs in")
	}
	thief.Header.Del("Authorization")
	thief.Post("/multi-session/set-active", map[string]string{"sessionToken": tokens["ada@example.com"]}).Is(401, "INVALID_SESSION_TOKEN")
	thief.Post("/multi-session/set-active", map[string]string{"sessionToken": ada}).Is(401, "INVALID_SESSION_TOKEN")
	if len(thief.Cookies) != 0 {
		t.Fatal("another browser was given a session")
	}

	for name, ref := range map[string]string{"by handle": tokens["ada@example.com"], "by token": ada} {
		t.Run(name, func(t *testing.T) {
			c.Post("/multi-session/set-active", map[string]string{"sessionToken": bob}).Is(200, "")
			a := c.Post("/multi-session/set-active", map[string]string{"sessionToken": ref}).Is(200, "")
			if a.Field("user.email") != "ada@example.com" || a.Field("session.token") != ada || is(c) != "ada@example.com" {
				t.Fatalf("got %s", a.Body)
			}
			if signed, _ := url.PathUnescape(c.Cookies[tokenCookie]); a.Header.Get("Set-Auth-Token") != signed {
				t.Fatal("set-auth-token names another session")
			}
		})
	}
}

func TestOneIsSignedOutAndTheOthersStay(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com", "bob@example.com", "eve@example.com")
	c := s.Client()
	ada, bob, eve := adds(c, "ada@example.com"), adds(c, "bob@example.com"), adds(c, "eve@example.com")
	stolen := s.Client()
	stolen.Header.Set("Authorization", "Bearer "+ada)

	c.Post("/multi-session/revoke", map[string]string{"sessionToken": ada}).Is(200, "")
	if stolen.Get("/get-session").Body != "null" || c.Cookies[beside(ada)] != "" {
		t.Fatal("the session lives on")
	}
	if is(c) != "eve@example.com" {
		t.Fatal("the one that counts has changed")
	}
	c.Post("/multi-session/revoke", map[string]string{"sessionToken": ada}).Is(401, "INVALID_SESSION_TOKEN")
	c.Post("/multi-session/revoke", map[string]string{"sessionToken": eve}).Is(200, "")
	if is(c) != "bob@example.com" {
		t.Fatalf("now counts %q", is(c))
	}
	c.Post("/multi-session/revoke", map[string]string{"sessionToken": bob}).Is(200, "")
	if c.HoldsSession() {
		t.Fatalf("left are %v", c.Cookies)
	}
	c.Post("/multi-session/revoke", map[string]string{"sessionToken": bob}).Is(401, "UNAUTHORIZED")
}

func TestSigningOutLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com", "bob@example.com")
	c := s.Client()
	tokens := []string{adds(c, "ada@example.com"), adds(c, "bob@example.com")}
	elsewhere := s.SignIn("ada@example.com")
	c.Post("/sign-out", nil).Is(200, "")
	if c.HoldsSession() {
		t.Fatalf("left are %v", c.Cookies)
	}
	for _, token := range tokens {
		app := s.Client()
		app.Header.Set("Authorization", "Bearer "+token)
		if app.Get("/get-session").Body != "null" {
			t.Fatal("a session lives on")
		}
	}
	if is(elsewhere) != "ada@example.com" {
		t.Fatal("another browser was signed out too")
	}
}

func TestAPersonHasOneAccountInABrowser(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com")
	c := s.Client()
	first := adds(c, "ada@example.com")
	second := adds(c, "ada@example.com")
	if c.Cookies[beside(first)] != "" || c.Cookies[beside(second)] == "" {
		t.Fatalf("the cookies are %v", c.Cookies)
	}
	if emails, _ := listed(t, c); len(emails) != 1 {
		t.Fatalf("listed are %v", emails)
	}
}

func TestABrowserKeepsNoMoreThanTheMaximum(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[multi_session]\nmaximum_sessions = 2\n")
	people(s, "ada@example.com", "bob@example.com", "eve@example.com")
	c := s.Client()
	adds(c, "ada@example.com")
	adds(c, "bob@example.com")
	eve := adds(c, "eve@example.com")
	if is(c) != "eve@example.com" || c.Cookies[beside(eve)] != "" {
		t.Fatalf("the cookies are %v", c.Cookies)
	}
	if emails, _ := listed(t, c); strings.Join(emails, " ") != "eve@example.com bob@example.com ada@example.com" {
		t.Fatalf("listed are %v", emails)
	}
}

func TestWhoIsNotToBeRememberedIsForgottenWithTheBrowser(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com", "bob@example.com")
	c := s.Client()
	a := c.Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "rememberMe": false}).Is(200, "")
	ada := a.Field("token")
	if ck := a.Cookie(beside(ada)); ck == nil || ck.MaxAge != 0 {
		t.Fatalf("the cookie is %v", ck)
	}
	bob := adds(c, "bob@example.com")
	if ck := c.Post("/multi-session/set-active", map[string]string{"sessionToken": ada}).Is(200, "").Cookie(tokenCookie); ck.MaxAge != 0 {
		t.Fatalf("chosen again, it is remembered: %v", ck)
	}
	a = c.Post("/multi-session/set-active", map[string]string{"sessionToken": bob}).Is(200, "")
	if a.Cookie(tokenCookie).MaxAge != 604800 || c.Cookies["better-auth.dont_remember"] != "" {
		t.Fatal("bob is not remembered any more")
	}
}

func TestSessionsThatAreOverAreNotOffered(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com", "bob@example.com")
	c := s.Client()
	ada := adds(c, "ada@example.com", "rememberMe", false)
	adds(c, "bob@example.com")
	s.Clock.Advance(25 * time.Hour)
	if emails, _ := listed(t, c); strings.Join(emails, " ") != "bob@example.com" {
		t.Fatalf("listed are %v", emails)
	}
	c.Post("/multi-session/set-active", map[string]string{"sessionToken": ada}).Is(401, "INVALID_SESSION_TOKEN")
	if c.Cookies[beside(ada)] != "" {
		t.Fatal("the cookie of a session that is over stays")
	}
	if is(c) != "bob@example.com" {
		t.Fatal("bob is signed out too")
	}
}

func TestForgedCookiesHoldNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com", "bob@example.com")
	c, victim := s.Client(), s.Client()
	adds(c, "bob@example.com")
	ada := adds(victim, "ada@example.com")
	for name, cookie := range map[string][2]string{
		"without signature":     {beside(ada), ada},
		"signature of another":  {beside(ada), ada + c.Cookies[tokenCookie][32:]},
		"under another's name":  {beside(ada[1:] + ada[:1]), victim.Cookies[tokenCookie]},
		"another cookie's name": {"better-auth.other_multi-" + strings.ToLower(ada), victim.Cookies[tokenCookie]},
	} {
		t.Run(name, func(t *testing.T) {
			c.Cookies[cookie[0]] = cookie[1]
			defer delete(c.Cookies, cookie[0])
			if emails, _ := listed(t, c); strings.Join(emails, " ") != "bob@example.com" {
				t.Fatalf("listed are %v", emails)
			}
			c.Post("/multi-session/set-active", map[string]string{"sessionToken": ada}).Is(401, "INVALID_SESSION_TOKEN")
		})
	}
	if is(victim) != "ada@example.com" {
		t.Fatal("the victim's session has ended")
	}
}

func TestABannedAccountIsNotOffered(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	people(s, "ada@example.com", "bob@example.com")
	c := s.Client()
	ada := adds(c, "ada@example.com")
	adds(c, "bob@example.com")
	if _, err := s.Admin.Ban(t.Context(), "ada@example.com", "spam", nil); err != nil {
		t.Fatal(err)
	}
	c.Post("/multi-session/set-active", map[string]string{"sessionToken": ada}).Is(401, "INVALID_SESSION_TOKEN")
	if emails, _ := listed(t, c); strings.Join(emails, " ") != "bob@example.com" {
		t.Fatalf("listed are %v", emails)
	}
}

func TestOff(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[multi_session]\nenabled = false\n")
	people(s, "ada@example.com")
	c := s.Client()
	token := adds(c, "ada@example.com")
	if c.Cookies[beside(token)] != "" || c.Cookies[tokenCookie] == "" {
		t.Fatalf("the cookies are %v", c.Cookies)
	}
	if a := c.Get("/multi-session/list-device-sessions"); a.Status != 404 {
		t.Fatalf("got %d", a.Status)
	}
}
