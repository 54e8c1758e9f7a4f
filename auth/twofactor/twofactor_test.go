package twofactor_test

import (
	"encoding/base32"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"authd/auth/internal/testkit"
)

const (
	ada = "ada@example.com"
	bob = "bob@example.com"
)

// app is an authenticator app that has read a URI.
type app struct {
	t      *testing.T
	s      *testkit.Server
	secret string
}

func read(t *testing.T, s *testkit.Server, uri string) app {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		t.Fatalf("%q is no key: %v", uri, err)
	}
	return app{t, s, u.Query().Get("secret")}
}

// code is the app's, so much later than now.
func (a app) code(later time.Duration) string {
	a.t.Helper()
	code, err := totp.GenerateCodeCustom(a.secret, a.s.Clock.Now(a.t.Context()).Add(later), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	if err != nil {
		a.t.Fatal(err)
	}
	return code
}

// wrong is a code that none of the steps around now has.
func (a app) wrong() string {
	a.t.Helper()
	near := []string{}
	for step := -3; step <= 3; step++ {
		near = append(near, a.code(time.Duration(step)*30*time.Second))
	}
	for _, guess := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"} {
		if !strings.Contains(strings.Join(near, " "), guess) {
			return guess
		}
	}
	a.t.Fatal("all guesses are right")
	return ""
}

func begin(t *testing.T, c *testkit.Client) *testkit.Answer {
	t.Helper()
	return c.Post("/two-factor/enable", map[string]string{"password": testkit.Password}).Is(200, "")
}

func verify(c *testkit.Client, kind, code string) *testkit.Answer {
	return c.Post("/two-factor/verify-"+kind, map[string]any{"code": code})
}

// enrolled is somebody with an authenticator app, whose next code is a new one.
func enrolled(t *testing.T, s *testkit.Server, email string) (*testkit.Client, app, []string) {
	t.Helper()
	c := s.SignUp(email)
	a := begin(t, c)
	device := read(t, s, a.Field("totpURI"))
	verify(c, "totp", device.code(0)).Is(200, "")
	s.Clock.Advance(time.Minute)
	var codes []string
	for _, code := range a.JSON().(map[string]any)["backupCodes"].([]any) {
		codes = append(codes, code.(string))
	}
	return c, device, codes
}

// signIn gives the first proof.
func signIn(s *testkit.Server, email string) (*testkit.Client, *testkit.Answer) {
	c := s.Client()
	return c, c.Post("/sign-in/email", map[string]string{"email": email, "password": testkit.Password}).Is(200, "")
}

func heldIn(t *testing.T, s *testkit.Server, email string) *testkit.Client {
	t.Helper()
	c, a := signIn(s, email)
	if a.Field("twoFactorRedirect") != "true" {
		t.Fatalf("not held: %s", a.Body)
	}
	return c
}

func nobody(t *testing.T, c *testkit.Client) {
	t.Helper()
	if a := c.Get("/get-session").Is(200, ""); a.Body != "null" {
		t.Fatalf("somebody is signed in: %s", a.Body)
	}
}

func somebody(t *testing.T, c *testkit.Client, email string) {
	t.Helper()
	if a := c.Get("/get-session").Is(200, ""); a.Field("user.email") != email {
		t.Fatalf("%s is not signed in: %s", email, a.Body)
	}
}

func TestAnAppIsAskedForAtSignIn(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp(ada)
	c.Post("/two-factor/enable", map[string]string{"password": "wrong-wrong"}).Is(400, "INVALID_PASSWORD")
	s.Client().Post("/two-factor/enable", map[string]string{"password": testkit.Password}).Is(401, "UNAUTHORIZED")
	a := begin(t, c)
	uri := a.Field("totpURI")
	device := read(t, s, uri)
	if want := "otpauth://totp/127.0.0.1:ada%40example.com?secret=" + device.secret + "&issuer=127.0.0.1&digits=6&period=30"; uri != want {
		t.Fatalf("%s, want %s", uri, want)
	}
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(device.secret); err != nil || !regexp.MustCompile(`^[A-Za-z0-9]{32}$`).Match(raw) {
		t.Fatalf("the key holds %q, %v", raw, err)
	} else if s.FileContains(string(raw)) {
		t.Fatal("the key lies in the database")
	}
	if got := c.Post("/two-factor/get-totp-uri", map[string]string{"password": testkit.Password}).Is(200, "").Field("totpURI"); got != uri {
		t.Fatalf("read again as %s", got)
	}
	// It does not count yet.
	_, before := signIn(s, ada)
	if before.Field("user.twoFactorEnabled") != "false" {
		t.Fatal(before.Body)
	}
	old := c.Cookies["better-auth.session_token"]
	verify(c, "totp", device.wrong()).Is(401, "INVALID_CODE")
	verify(c, "totp", device.code(0)).Is(200, "")
	if c.Cookies["better-auth.session_token"] == old {
		t.Fatal("the session kept its token")
	}
	stolen := s.Client()
	stolen.Cookies["better-auth.session_token"] = old
	nobody(t, stolen)
	if got := c.Get("/get-session").Is(200, "").Field("user.twoFactorEnabled"); got != "true" {
		t.Fatal(got)
	}
	c.Post("/two-factor/enable", map[string]string{"password": testkit.Password}).Is(400, "TOTP_ALREADY_ENABLED")

	b, held := signIn(s, ada)
	if want := `{"twoFactorRedirect":true,"twoFactorMethods":["totp","otp"]}`; held.Body != want {
		t.Fatalf("%s, want %s", held.Body, want)
	}
	nobody(t, b)
	verify(b, "totp", device.wrong()).Is(401, "INVALID_CODE")
	nobody(t, b)
	done := verify(b, "totp", device.code(30*time.Second)).Is(200, "")
	if done.Field("user.email") != ada || done.Field("token") == "" {
		t.Fatal(done.Body)
	}
	if _, kept := b.Cookies["better-auth.two_factor"]; kept {
		t.Fatal("the challenge stayed in the browser")
	}
	somebody(t, b, ada)
	if n := len(s.Mails("two-factor-on")); n != 1 {
		t.Fatalf("%d mails tell of it", n)
	}
}

func TestACodeCountsOnce(t *testing.T) {
	s := testkit.Start(t, "")
	_, device, _ := enrolled(t, s, ada)
	code := device.code(0)
	verify(heldIn(t, s, ada), "totp", code).Is(200, "")
	for name, other := range map[string]string{"the same": code, "the one before": device.code(-30 * time.Second)} {
		c := heldIn(t, s, ada)
		if a := verify(c, "totp", other); a.Status != 401 || a.Field("code") != "INVALID_CODE" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		nobody(t, c)
	}
	verify(heldIn(t, s, ada), "totp", device.code(30*time.Second)).Is(200, "")
}

func TestACodeMayBeOneStepEarlyOrLate(t *testing.T) {
	for name, c := range map[string]struct {
		later time.Duration
		good  bool
	}{
		"late":     {-30 * time.Second, true},
		"early":    {30 * time.Second, true},
		"too late": {-60 * time.Second, false}, "too early": {60 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, "")
			_, device, _ := enrolled(t, s, ada)
			s.Clock.Advance(time.Hour)
			b := heldIn(t, s, ada)
			if got := verify(b, "totp", device.code(c.later)).Status; (got == 200) != c.good {
				t.Fatalf("answered %d", got)
			}
		})
	}
}

func TestAChallengeIsForOneSignIn(t *testing.T) {
	s := testkit.Start(t, "")
	_, device, _ := enrolled(t, s, ada)
	_, other, _ := enrolled(t, s, bob)

	t.Run("another user's code", func(t *testing.T) {
		c := heldIn(t, s, ada)
		verify(c, "totp", other.code(0)).Is(401, "INVALID_CODE")
		nobody(t, c)
	})
	t.Run("no challenge", func(t *testing.T) {
		verify(s.Client(), "totp", device.code(0)).Is(401, "INVALID_TWO_FACTOR_COOKIE")
	})
	t.Run("one that is not signed", func(t *testing.T) {
		c := s.Client()
		c.Cookies["better-auth.two_factor"] = "2fa-AAAAAAAAAAAAAAAAAAAA." + strings.Repeat("A", 43) + "%3D"
		verify(c, "totp", device.code(0)).Is(401, "INVALID_TWO_FACTOR_COOKIE")
	})
	t.Run("another user's challenge", func(t *testing.T) {
		mine, theirs := heldIn(t, s, bob), heldIn(t, s, ada)
		mine.Cookies["better-auth.two_factor"] = theirs.Cookies["better-auth.two_factor"]
		verify(mine, "totp", other.code(0)).Is(401, "INVALID_CODE")
		nobody(t, mine)
	})
	t.Run("used twice", func(t *testing.T) {
		c := heldIn(t, s, ada)
		kept := c.Cookies["better-auth.two_factor"]
		verify(c, "totp", device.code(0)).Is(200, "")
		again := s.Client()
		again.Cookies["better-auth.two_factor"] = kept
		verify(again, "totp", device.code(30*time.Second)).Is(401, "INVALID_TWO_FACTOR_COOKIE")
		nobody(t, again)
	})
	t.Run("too late", func(t *testing.T) {
		c := heldIn(t, s, ada)
		s.Clock.Advance(11 * time.Minute)
		verify(c, "totp", device.code(0)).Is(401, "INVALID_TWO_FACTOR_COOKIE")
		nobody(t, c)
	})
}

func TestGuessesEnd(t *testing.T) {
	s := testkit.Start(t, "")
	_, device, _ := enrolled(t, s, ada)

	t.Run("of a challenge", func(t *testing.T) {
		c := heldIn(t, s, ada)
		for range 5 {
			verify(c, "totp", device.wrong()).Is(401, "INVALID_CODE")
		}
		verify(c, "totp", device.code(0)).Is(400, "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE")
		verify(c, "totp", device.code(0)).Is(401, "INVALID_TWO_FACTOR_COOKIE")
		nobody(t, c)
	})
	t.Run("of an account, from many addresses", func(t *testing.T) {
		for i := range 5 { // five were counted already
			c := heldIn(t, s, ada)
			c.Header.Set("X-Forwarded-For", "203.0.113."+string(rune('1'+i)))
			verify(c, "totp", device.wrong()).Is(401, "INVALID_CODE")
		}
		c := heldIn(t, s, ada)
		verify(c, "totp", device.code(0)).Is(429, "ACCOUNT_TEMPORARILY_LOCKED")
		nobody(t, c)
	})
	t.Run("and begin anew", func(t *testing.T) {
		s.Clock.Advance(15 * time.Minute)
		c := heldIn(t, s, ada)
		verify(c, "totp", device.wrong()).Is(401, "INVALID_CODE")
		verify(c, "totp", device.code(0)).Is(200, "")
		somebody(t, c, ada)
	})
}
