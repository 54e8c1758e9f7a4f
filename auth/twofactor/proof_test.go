package twofactor_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

var sixDigits = regexp.MustCompile(`\n(\d{6})\r?\n`)

// sent is the code of the newest mail.
func sent(t *testing.T, s *testkit.Server) string {
	t.Helper()
	mails := s.Mails("two-factor-otp")
	if len(mails) == 0 {
		t.Fatal("no code was sent")
	}
	m := sixDigits.FindStringSubmatch(mails[len(mails)-1])
	if m == nil {
		t.Fatalf("the mail has no code:\n%s", mails[len(mails)-1])
	}
	return m[1]
}

// another is a code of as many digits that differs.
func another(code string) string {
	return string('0'+(code[0]-'0'+1)%10) + code[1:]
}

func TestABackupCodeIsUsedUp(t *testing.T) {
	s := testkit.Start(t, "")
	_, device, codes := enrolled(t, s, ada)
	if len(codes) != 10 || !regexp.MustCompile(`^[A-Za-z0-9]{5}-[A-Za-z0-9]{5}$`).MatchString(codes[0]) {
		t.Fatal(codes)
	}
	for _, code := range codes {
		if s.FileContains(code) || s.FileContains(strings.ReplaceAll(code, "-", "")) {
			t.Fatal("a code lies in the database")
		}
	}
	c := heldIn(t, s, ada)
	verify(c, "backup-code", "AAAAA-AAAAA").Is(401, "INVALID_BACKUP_CODE")
	nobody(t, c)
	verify(c, "backup-code", strings.ReplaceAll(codes[3], "-", " ")).Is(200, "")
	somebody(t, c, ada)
	c = heldIn(t, s, ada)
	verify(c, "backup-code", codes[3]).Is(401, "INVALID_BACKUP_CODE")
	nobody(t, c)
	told := s.Mails("backup-code-used")
	if len(told) != 1 || !strings.Contains(told[0], "9") || strings.Contains(told[0], codes[3]) {
		t.Fatal(told)
	}
	verify(c, "totp", device.code(0)).Is(200, "")

	t.Run("others take their place", func(t *testing.T) {
		c.Post("/two-factor/generate-backup-codes", map[string]string{"password": "wrong-wrong"}).Is(400, "INVALID_PASSWORD")
		a := c.Post("/two-factor/generate-backup-codes", map[string]string{"password": testkit.Password}).Is(200, "")
		if a.Field("status") != "true" {
			t.Fatal(a.Body)
		}
		next := a.JSON().(map[string]any)["backupCodes"].([]any)[0].(string)
		b := heldIn(t, s, ada)
		verify(b, "backup-code", codes[4]).Is(401, "INVALID_BACKUP_CODE")
		verify(b, "backup-code", next).Is(200, "")
		somebody(t, b, ada)
	})
	t.Run("another user's", func(t *testing.T) {
		_, _, others := enrolled(t, s, bob)
		b := heldIn(t, s, ada)
		verify(b, "backup-code", others[0]).Is(401, "INVALID_BACKUP_CODE")
		nobody(t, b)
	})
	t.Run("without a session", func(t *testing.T) {
		_, _, codes := enrolled(t, s, "eve@example.com")
		b := heldIn(t, s, "eve@example.com")
		a := b.Post("/two-factor/verify-backup-code", map[string]any{"code": codes[0], "disableSession": true}).Is(200, "")
		if strings.Contains(a.Body, `"token"`) || a.Field("user.email") != "eve@example.com" {
			t.Fatal(a.Body)
		}
		nobody(t, b)
		verify(b, "backup-code", codes[0]).Is(401, "INVALID_BACKUP_CODE")
	})
}

func TestACodeIsSent(t *testing.T) {
	s := testkit.Start(t, "")
	owner := s.SignUp(ada)
	if a := owner.Post("/two-factor/enable", map[string]string{"password": testkit.Password, "method": "otp"}).Is(200, ""); a.Body != `{"method":"otp"}` {
		t.Fatal(a.Body)
	}
	somebody(t, owner, ada)
	c, held := signIn(s, ada)
	if want := `{"twoFactorRedirect":true,"twoFactorMethods":["otp"]}`; held.Body != want {
		t.Fatalf("%s, want %s", held.Body, want)
	}
	verify(c, "otp", "000000").Is(400, "OTP_HAS_EXPIRED") // none was sent
	c.Post("/two-factor/send-otp", nil).Is(200, "")
	first := sent(t, s)
	if s.FileContains(first) {
		t.Fatal("the code lies in the database")
	}
	c.Post("/two-factor/send-otp", map[string]any{}).Is(200, "")
	code := sent(t, s)
	if first != code {
		verify(c, "otp", first).Is(401, "INVALID_CODE")
	}
	nobody(t, c)

	t.Run("not for another sign-in", func(t *testing.T) {
		other := heldIn(t, s, ada)
		verify(other, "otp", code).Is(400, "OTP_HAS_EXPIRED")
		nobody(t, other)
	})
	verify(c, "otp", code).Is(200, "")
	somebody(t, c, ada)

	t.Run("too late", func(t *testing.T) {
		c := heldIn(t, s, ada)
		c.Post("/two-factor/send-otp", nil).Is(200, "")
		s.Clock.Advance(4 * time.Minute)
		verify(c, "otp", sent(t, s)).Is(400, "OTP_HAS_EXPIRED")
		nobody(t, c)
	})
	t.Run("guessed too often", func(t *testing.T) {
		c := heldIn(t, s, ada)
		c.Post("/two-factor/send-otp", nil).Is(200, "")
		code := sent(t, s)
		for range 5 {
			verify(c, "otp", another(code)).Is(401, "INVALID_CODE")
		}
		verify(c, "otp", code).Is(400, "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE")
		verify(c, "otp", code).Is(400, "OTP_HAS_EXPIRED")
		nobody(t, c)
	})
	t.Run("guessed on with new codes", func(t *testing.T) {
		c := heldIn(t, s, ada)
		c.Post("/two-factor/send-otp", nil).Is(200, "")
		for range 5 { // with those before it is ten
			verify(c, "otp", another(sent(t, s))).Is(401, "INVALID_CODE")
		}
		verify(c, "otp", sent(t, s)).Is(429, "ACCOUNT_TEMPORARILY_LOCKED")
		nobody(t, c)
	})
	s.Client().Post("/two-factor/send-otp", nil).Is(401, "INVALID_TWO_FACTOR_COOKIE")
}

func TestATrustedBrowserIsNotAsked(t *testing.T) {
	s := testkit.Start(t, "")
	_, device, codes := enrolled(t, s, ada)
	_, other, _ := enrolled(t, s, bob)
	c := heldIn(t, s, ada)
	c.Post("/two-factor/verify-totp", map[string]any{"code": device.code(0), "trustDevice": true}).Is(200, "")
	value, err := url.QueryUnescape(c.Cookies["better-auth.trust_device"])
	if err != nil || !regexp.MustCompile(`^[\w-]{43}!trust-device-[A-Za-z0-9]{32}\.[A-Za-z0-9+/]{43}=$`).MatchString(value) {
		t.Fatalf("the cookie is %q", value)
	}
	first := c.Cookies["better-auth.trust_device"]
	again := func(c *testkit.Client, email string) *testkit.Answer {
		return c.Post("/sign-in/email", map[string]string{"email": email, "password": testkit.Password}).Is(200, "")
	}
	if a := again(c, ada); a.Field("user.email") != ada {
		t.Fatalf("asked: %s", a.Body)
	}
	if c.Cookies["better-auth.trust_device"] == first {
		t.Fatal("the token did not change")
	}
	t.Run("with a copy from before", func(t *testing.T) {
		thief := s.Client()
		thief.Cookies["better-auth.trust_device"] = first
		if a := again(thief, ada); a.Field("twoFactorRedirect") != "true" {
			t.Fatal(a.Body)
		}
	})
	t.Run("for another user", func(t *testing.T) {
		b := s.Client()
		b.Cookies["better-auth.trust_device"] = c.Cookies["better-auth.trust_device"]
		if a := again(b, bob); a.Field("twoFactorRedirect") != "true" {
			t.Fatal(a.Body)
		}
		verify(b, "totp", other.code(0)).Is(200, "")
	})
	t.Run("while guesses lock the account", func(t *testing.T) {
		for range 2 {
			b := heldIn(t, s, ada)
			for range 5 {
				verify(b, "totp", device.wrong()).Is(401, "INVALID_CODE")
			}
		}
		verify(heldIn(t, s, ada), "backup-code", codes[0]).Is(429, "ACCOUNT_TEMPORARILY_LOCKED")
		if a := again(c, ada); a.Field("user.email") != ada {
			t.Fatalf("locked out: %s", a.Body)
		}
	})
	t.Run("listed and forgotten", func(t *testing.T) {
		u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, ada)
		if err != nil {
			t.Fatal(err)
		}
		if had, err := s.Services.TwoFactor.ForgetDevice(t.Context(), u.ID, "no-such-device"); had || err != nil {
			t.Fatal(had, err)
		}
		if had, err := s.Services.TwoFactor.ForgetDevice(t.Context(), u.ID, ""); !had || err != nil {
			t.Fatal(had, err)
		}
		if a := again(c, ada); a.Field("twoFactorRedirect") != "true" {
			t.Fatal(a.Body)
		}
	})
	t.Run("no longer than that", func(t *testing.T) {
		b := heldIn(t, s, bob)
		b.Post("/two-factor/verify-totp", map[string]any{"code": other.code(30 * time.Second), "trustDevice": true}).Is(200, "")
		s.Clock.Advance(31 * 24 * time.Hour)
		if a := again(b, bob); a.Field("twoFactorRedirect") != "true" {
			t.Fatal(a.Body)
		}
	})
}

func TestItIsTurnedOff(t *testing.T) {
	s := testkit.Start(t, "")
	c, _, codes := enrolled(t, s, ada)
	c.Post("/two-factor/disable", map[string]string{"password": "wrong-wrong"}).Is(400, "INVALID_PASSWORD")
	heldIn(t, s, ada)
	waiting := heldIn(t, s, ada)
	old := c.Cookies["better-auth.session_token"]
	c.Post("/two-factor/disable", map[string]string{"password": testkit.Password}).Is(200, "")
	if c.Cookies["better-auth.session_token"] == old {
		t.Fatal("the session kept its token")
	}
	if got := c.Get("/get-session").Is(200, "").Field("user.twoFactorEnabled"); got != "false" {
		t.Fatal(got)
	}
	verify(waiting, "backup-code", codes[0]).Is(401, "INVALID_TWO_FACTOR_COOKIE")
	nobody(t, waiting)
	if _, a := signIn(s, ada); a.Field("user.email") != ada {
		t.Fatal(a.Body)
	}
	c.Post("/two-factor/generate-backup-codes", map[string]string{"password": testkit.Password}).Is(400, "TWO_FACTOR_NOT_ENABLED")
	c.Post("/two-factor/get-totp-uri", map[string]string{"password": testkit.Password}).Is(400, "TOTP_NOT_ENABLED")
	if n := len(s.Mails("two-factor-off")); n != 1 {
		t.Fatalf("%d mails tell of it", n)
	}
}

// TestTheSessionSaysBothProofs: what an app's acr is made of (RFC 8176).
func TestTheSessionSaysBothProofs(t *testing.T) {
	s := testkit.Start(t, "")
	_, device, _ := enrolled(t, s, ada)
	c := heldIn(t, s, ada)
	verify(c, "totp", device.code(0)).Is(200, "")
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, ada)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := s.Core.Sessions(t.Context(), s.Core.DB, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(sessions[len(sessions)-1].AMR)
	if err != nil || string(got) != `["pwd","otp","mfa"]` {
		t.Fatalf("%s, %v", got, err)
	}
}
