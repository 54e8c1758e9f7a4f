package session_test

import (
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const (
	tokenCookie = "better-auth.session_token"
	dataCookie  = "better-auth.session_data"
)

func TestAnUnknownBrowserHasNoSessionAndNoCookieIsTouched(t *testing.T) {
	s := testkit.Start(t, "")
	for name, cookie := range map[string]string{
		"none":                "",
		"no signature":        "abcdefghijklmnopqrstuvwxyzABCDEF",
		"signature of others": "abcdefghijklmnopqrstuvwxyzABCDEF.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D",
		"broken escape":       "%zz",
	} {
		t.Run(name, func(t *testing.T) {
			c := s.Client()
			if cookie != "" {
				c.Cookies[tokenCookie] = cookie
			}
			a := c.Get("/get-session").Is(200, "")
			if a.Body != "null" || len(a.Cookies) != 0 {
				t.Fatalf("got %s with cookies %v", a.Body, a.Cookies)
			}
			if a.Header.Get("Cache-Control") != "no-store" {
				t.Fatal("the answer may be cached")
			}
		})
	}
}

func TestASessionIsExtendedOnceADay(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	first := c.Get("/get-session").Field("session.expiresAt")

	s.Clock.Advance(23 * time.Hour)
	a := c.Get("/get-session")
	if a.Field("session.expiresAt") != first || a.Cookie(tokenCookie) != nil {
		t.Fatal("extended before a day was over")
	}
	s.Clock.Advance(2 * time.Hour)
	if got := c.Get("/get-session?disableRefresh=true").Field("session.expiresAt"); got != first {
		t.Fatal("extended although the caller said not to")
	}
	a = c.Get("/get-session")
	want := s.Clock.Now(t.Context()).Add(7 * 24 * time.Hour).Format("2006-01-02T15:04:05.000Z")
	if got := a.Field("session.expiresAt"); got != want {
		t.Fatalf("ends %s, want %s", got, want)
	}
	if ck := a.Cookie(tokenCookie); ck == nil || ck.MaxAge != 604800 {
		t.Fatalf("the cookie was not sent again: %v", ck)
	}
}

func TestASessionThatIsNotToBeRememberedEndsAfterADay(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	c := s.Client()
	a := c.Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "rememberMe": false}).Is(200, "")
	if ck := a.Cookie(tokenCookie); ck.MaxAge != 0 {
		t.Fatalf("the cookie outlives the browser: %v", ck)
	}
	if a.Cookie("better-auth.dont_remember") == nil {
		t.Fatal("dont_remember is missing")
	}
	s.Clock.Advance(24*time.Hour - time.Minute)
	if c.Get("/get-session").Body == "null" {
		t.Fatal("ended too early")
	}
	s.Clock.Advance(time.Minute)
	if c.Get("/get-session").Body != "null" {
		t.Fatal("was extended, or never ends")
	}
}

func TestAnEndedSessionClearsTheBrowser(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	s.Clock.Advance(8 * 24 * time.Hour)
	a := c.Get("/get-session")
	if a.Body != "null" || len(a.Cookies) != 3 || c.Cookies[tokenCookie] != "" || c.Cookies[dataCookie] != "" {
		t.Fatalf("got %s, cookies %v", a.Body, a.Cookies)
	}
}

func TestOthersSessionsAreListedByHandleOnly(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	other := s.SignIn("a@example.com")
	otherToken := other.Get("/get-session").Field("session.token")

	list, ok := c.Get("/list-sessions").Is(200, "").JSON().([]any)
	if !ok || len(list) != 2 {
		t.Fatalf("got %v", list)
	}
	own := c.Get("/get-session").Field("session.token")
	var handle string
	for _, v := range list {
		token, _ := v.(map[string]any)["token"].(string)
		if token == otherToken {
			t.Fatal("another session's token is shown")
		}
		if token != own {
			handle = token
		}
	}
	thief := s.Client()
	thief.Header.Set("Authorization", "Bearer "+handle)
	if thief.Get("/get-session").Body != "null" {
		t.Fatal("a handle signs in")
	}
	stranger := s.SignUp("b@example.com")
	stranger.Post("/revoke-session", map[string]string{"token": handle}).Is(200, "")
	stranger.Post("/revoke-session", map[string]string{"token": otherToken}).Is(200, "")
	if other.Get("/get-session").Body == "null" {
		t.Fatal("a stranger ended the session")
	}
	c.Post("/revoke-session", map[string]string{"token": handle}).Is(200, "")
	if other.Get("/get-session").Body != "null" {
		t.Fatal("the handle did not end the session")
	}
	if c.Get("/get-session").Body == "null" {
		t.Fatal("the caller's own session ended too")
	}
}

func TestRevokingAllAndAllOthers(t *testing.T) {
	s := testkit.Start(t, "")
	a := s.SignUp("a@example.com")
	b, c := s.SignIn("a@example.com"), s.SignIn("a@example.com")
	a.Post("/revoke-other-sessions", nil).Is(200, "")
	if a.Get("/get-session").Body == "null" || b.Get("/get-session").Body != "null" || c.Get("/get-session").Body != "null" {
		t.Fatal("others must end, the own session stays")
	}
	a.Post("/revoke-sessions", nil).Is(200, "")
	if a.Get("/get-session").Body != "null" {
		t.Fatal("the own session must end too")
	}
}

func TestListingSessionsNeedsAFreshSession(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	s.Clock.Advance(25 * time.Hour)
	c.Get("/list-sessions").Is(403, "SESSION_NOT_FRESH")
}

func TestSignOut(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	thief := s.Client()
	for k, v := range c.Cookies {
		thief.Cookies[k] = v
	}
	c.Post("/sign-out", nil).Is(200, "")
	if c.HoldsSession() || thief.Get("/get-session").Body != "null" {
		t.Fatal("the session lives on")
	}
	if a := s.Client().Post("/sign-out", nil).Is(200, ""); a.Field("success") != "true" {
		t.Fatal(a.Body)
	}
}

func TestTheCookieCacheEndsWithinItsAge(t *testing.T) {
	for _, strategy := range []string{"compact", "jwt", "jwe"} {
		t.Run(strategy, func(t *testing.T) {
			s := testkit.Start(t, "[session.cookie_cache]\nenabled = true\nstrategy = \""+strategy+"\"\n")
			c := s.SignUp("a@example.com")
			if c.Cookies[dataCookie] == "" {
				t.Fatal("no cache was set")
			}
			fromCache := c.Get("/get-session")
			if len(fromCache.Cookies) != 0 {
				t.Fatalf("a cached read set cookies: %v", fromCache.Cookies)
			}
			fromDB := c.Get("/get-session?disableCookieCache=true")
			if fromDB.Body != fromCache.Body {
				t.Fatalf("cache and database differ:\n%s\n%s", fromCache.Body, fromDB.Body)
			}
			if fromDB.Cookie(dataCookie) == nil {
				t.Fatal("the cache was not sent again")
			}
			copied := s.Client()
			for k, v := range c.Cookies {
				copied.Cookies[k] = v
			}
			c.Post("/sign-out", nil).Is(200, "")
			if copied.Get("/get-session").Body == "null" {
				t.Fatal("the cache was not used")
			}
			copied.Get("/list-sessions").Is(401, "UNAUTHORIZED")
			copied.Cookies[dataCookie] = c.Cookies[dataCookie]
			s.Clock.Advance(5*time.Minute + time.Second)
			if copied.Get("/get-session").Body != "null" {
				t.Fatal("the revoked session outlived the cache")
			}
		})
	}
}

func TestACacheThatIsNotOursIsNotRead(t *testing.T) {
	for _, strategy := range []string{"compact", "jwt", "jwe"} {
		t.Run(strategy, func(t *testing.T) {
			s := testkit.Start(t, "[session.cookie_cache]\nenabled = true\nstrategy = \""+strategy+"\"\n")
			alice, bob := s.SignUp("alice@example.com"), s.SignUp("bob@example.com")
			good := alice.Cookies[dataCookie]
			for name, value := range map[string]string{
				"of another session": bob.Cookies[dataCookie],
				"cut":                good[:len(good)-2],
				"one byte changed":   good[:len(good)/2] + flip(good[len(good)/2]) + good[len(good)/2+1:],
				"signature changed":  good[:len(good)-3] + flip(good[len(good)-3]) + good[len(good)-2:],
				"garbage":            "x.y.z",
				"empty parts":        "....",
			} {
				t.Run(name, func(t *testing.T) {
					alice.Cookies[dataCookie] = value
					a := alice.Get("/get-session").Is(200, "")
					if a.Field("user.email") != "alice@example.com" {
						t.Fatal(a.Body)
					}
					if a.Cookie(dataCookie) == nil {
						t.Fatal("a good cache was not sent in its place")
					}
				})
			}
		})
	}
}

func flip(b byte) string {
	if b == 'A' {
		return "B"
	}
	return "A"
}

func TestALargeCacheIsCutIntoChunksAndReadBack(t *testing.T) {
	s := testkit.Start(t, "[session.cookie_cache]\nenabled = true\n")
	c := s.SignUp("a@example.com")
	c.Post("/update-user", map[string]string{"name": strings.Repeat("ü\u2028\"<&>", 600)}).Is(200, "")
	if c.Cookies[dataCookie] != "" || c.Cookies[dataCookie+".0"] == "" || c.Cookies[dataCookie+".1"] == "" {
		t.Fatalf("no chunks: %d cookies", len(c.Cookies))
	}
	a := c.Get("/get-session")
	if len(a.Cookies) != 0 {
		t.Fatal("the chunks were not read")
	}
	if c.Get("/get-session?disableCookieCache=1").Body != a.Body {
		t.Fatal("chunks and database differ")
	}
	c.Post("/update-user", map[string]string{"name": "A"}).Is(200, "")
	if c.Cookies[dataCookie] == "" || c.Cookies[dataCookie+".0"] != "" {
		t.Fatal("old chunks were left")
	}
}

func TestACacheNeverOutlivesItsSession(t *testing.T) {
	s := testkit.Start(t, "[session]\nexpires_in = \"2m\"\nupdate_age = \"1m\"\n[session.cookie_cache]\nenabled = true\nmax_age = \"1h\"\n")
	c := s.SignUp("a@example.com")
	if ck := c.Get("/get-session?disableCookieCache=1").Cookie(dataCookie); ck.MaxAge > 120 {
		t.Fatalf("the cache lives %d s, the session 120", ck.MaxAge)
	}
}
