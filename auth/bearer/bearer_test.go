package bearer_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const tokenCookie = "better-auth.session_token"

// app is a program without cookies; it sends what value says, nothing for "".
func app(s *testkit.Server, value string) *testkit.Client {
	c := s.Client()
	c.Header.Del("Origin")
	if value != "" {
		c.Header.Set("Authorization", value)
	}
	return c
}

func TestATokenCountsHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	in := s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	signed := in.Header.Get("Set-Auth-Token")
	if cookie, _ := url.PathUnescape(in.Cookie(tokenCookie).Value); signed == "" || signed != cookie {
		t.Fatalf("set-auth-token is %q, the cookie %q", signed, cookie)
	}
	if got := in.Header.Get("Access-Control-Expose-Headers"); got != "set-auth-token" {
		t.Fatalf("pages may read %q", got)
	}
	token := in.Field("token")
	other := s.SignUp("b@example.com").Get("/get-session").Field("session.token")
	for name, test := range map[string]struct {
		header string
		counts bool
	}{
		"signed":                        {"Bearer " + signed, true},
		"signed, escaped":               {"Bearer " + url.QueryEscape(signed), true},
		"scheme in another case":        {"bEARER " + signed, true},
		"without signature":             {"Bearer " + token, true},
		"spaces around it":              {"Bearer   " + token + "  ", true},
		"the signature of another":      {"Bearer " + other + signed[len(token):], false},
		"a signature cut short":         {"Bearer " + signed[:len(signed)-1], false},
		"a broken escape":               {"Bearer " + token + ".%zz", false},
		"unknown":                       {"Bearer " + strings.Repeat("x", 32), false},
		"a handle":                      {"Bearer session_" + in.Field("user.id"), false},
		"a JWT":                         {"Bearer eyJh.eyJh.c2ln", false},
		"another scheme":                {"Basic " + signed, false},
		"no scheme":                     {signed, false},
		"nothing after the scheme":      {"Bearer ", false},
		"far too long":                  {"Bearer " + strings.Repeat("x", 5000), false},
		"two values in one header line": {"Bearer " + signed + ", Bearer " + signed, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := app(s, test.header).Get("/get-session").Is(200, "")
			if (a.Body != "null") != test.counts {
				t.Fatalf("got %s", a.Body)
			}
			if len(a.Cookies) != 0 {
				t.Fatalf("a read set cookies: %v", a.Cookies)
			}
		})
	}
}

func TestRequireSignature(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[bearer]\nrequire_signature = true\n")
	in := s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	if app(s, "Bearer "+in.Field("token")).Get("/get-session").Body != "null" {
		t.Fatal("a token without signature counts")
	}
	if app(s, "Bearer "+in.Header.Get("Set-Auth-Token")).Get("/get-session").Field("user.email") != "a@example.com" {
		t.Fatal("a token with its signature does not count")
	}
}

func TestOff(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[bearer]\nenabled = false\n")
	in := s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	if in.Header.Get("Set-Auth-Token") != "" || in.Header.Get("Access-Control-Expose-Headers") != "" {
		t.Fatal("the token is told")
	}
	signed, _ := url.PathUnescape(in.Cookie(tokenCookie).Value)
	for _, token := range []string{in.Field("token"), signed} {
		if app(s, "Bearer "+token).Get("/get-session").Body != "null" {
			t.Fatal("a token counts")
		}
	}
}

func TestAnAppActsWithoutOriginAndOnlyAsItself(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	alice, bob := s.SignUp("alice@example.com"), s.SignUp("bob@example.com")
	token := alice.Get("/get-session").Field("session.token")
	program := app(s, "Bearer "+token)
	a := program.Post("/update-user", map[string]string{"name": "Renamed"}).Is(200, "")
	if !strings.HasPrefix(a.Header.Get("Set-Auth-Token"), token+".") {
		t.Fatal("the token is not told again")
	}
	if got := alice.Get("/get-session").Field("user.name"); got != "Renamed" {
		t.Fatalf("alice is %q", got)
	}

	// Beside a cookie the header counts, and the origin is asked for again.
	bob.Header.Set("Authorization", "Bearer "+token)
	if got := bob.Get("/get-session").Field("user.email"); got != "alice@example.com" {
		t.Fatalf("acts as %q", got)
	}
	bob.Header.Set("Origin", "https://evil.example")
	bob.Post("/update-user", map[string]string{"name": "Stolen"}).Is(403, "INVALID_ORIGIN")
	if got := alice.Get("/get-session").Field("user.name"); got != "Renamed" {
		t.Fatalf("alice is %q", got)
	}
}

func TestATokenThatIsOverCostsNobodyTheirCookie(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	alice, bob := s.SignUp("alice@example.com"), s.SignUp("bob@example.com")
	token := alice.Get("/get-session").Field("session.token")
	alice.Post("/sign-out", nil).Is(200, "")
	bob.Header.Set("Authorization", "Bearer "+token)
	if a := bob.Get("/get-session"); a.Body != "null" || len(a.Cookies) != 0 {
		t.Fatalf("got %s, cookies %v", a.Body, a.Cookies)
	}
	bob.Header.Del("Authorization")
	if got := bob.Get("/get-session").Field("user.email"); got != "bob@example.com" {
		t.Fatalf("bob's own session is gone: %q", got)
	}
}

func TestTheHeaderSignsNobodyInAtThePages(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	token := s.SignUp("a@example.com").Get("/get-session").Field("session.token")
	if a := app(s, "Bearer "+token).Get("./account"); a.Status != 303 {
		t.Fatalf("got %d: a page takes the header", a.Status)
	}
}

func TestARefreshedSessionIsToldToTheApp(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[jwt]\nset_jwt_header = true\n")
	token := s.SignUp("a@example.com").Get("/get-session").Field("session.token")
	program := app(s, "Bearer "+token)
	if a := program.Get("/get-session"); a.Header.Get("Set-Auth-Token") != "" || a.Header.Get("Access-Control-Expose-Headers") != "set-auth-jwt" {
		t.Fatal("a plain read tells the token")
	}
	s.Clock.Advance(25 * time.Hour)
	a := program.Get("/get-session")
	if !strings.HasPrefix(a.Header.Get("Set-Auth-Token"), token+".") {
		t.Fatal("the extended session is not told")
	}
	if got := a.Header.Get("Access-Control-Expose-Headers"); got != "set-auth-token, set-auth-jwt" {
		t.Fatalf("pages may read %q", got)
	}
}

func TestUnsignedTokensDoNotGetAroundTheLimit(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[rate_limit]\nmax = 3\n")
	limited := false
	for _, first := range "abcdefgh" {
		a := app(s, "Bearer "+string(first)+strings.Repeat("x", 31)).Get("/get-session")
		limited = limited || a.Status == 429
	}
	if !limited {
		t.Fatal("a new token is a new bucket")
	}
}

func TestPagesOfTrustedOriginsReadTheToken(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "trusted_origins = [\"https://app.example\"]\n")
	s.SignUp("a@example.com")
	for origin, reads := range map[string]bool{"https://app.example": true, s.URL: false} {
		c := s.Client()
		c.Header.Set("Origin", origin)
		a := c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(200, "")
		if a.Header.Get("Access-Control-Allow-Origin") == origin != reads {
			t.Fatalf("%s reads: %v", origin, !reads)
		}
		exposed := strings.Split(a.Header.Get("Access-Control-Expose-Headers"), ", ")
		times := 0
		for _, name := range exposed {
			if name == "set-auth-token" {
				times++
			}
		}
		if times != 1 {
			t.Fatalf("%s may read %q", origin, exposed)
		}
	}
}
