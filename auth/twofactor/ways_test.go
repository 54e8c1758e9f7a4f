package twofactor_test

import (
	"regexp"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

type body = map[string]any

const everyWay = `
[magic_link]
enabled = true
[email_otp]
enabled = true
[email_verification]
auto_sign_in_after_verification = true
[two_factor]
after_social = true
allow_passwordless = true
[social_providers.google]
client_id = "client"
client_secret = "secret"
`

var (
	afterMail     = `{"twoFactorRedirect":true,"twoFactorMethods":["totp"]}`
	afterAllElse  = `{"twoFactorRedirect":true,"twoFactorMethods":["totp","otp"]}`
	sixDigitsLine = regexp.MustCompile(`\r?\n(\d{6})\r?\n`)
)

// mailed is the code of the newest mail of a kind.
func mailed(t *testing.T, s *testkit.Server, kind string) string {
	t.Helper()
	mails := s.Mails(kind)
	if len(mails) == 0 {
		t.Fatalf("no %s mail", kind)
	}
	m := sixDigitsLine.FindStringSubmatch(mails[len(mails)-1])
	if m == nil {
		t.Fatalf("no code in\n%s", mails[len(mails)-1])
	}
	return m[1]
}

// byIDToken signs in with an ID token of Google's.
func byIDToken(c *testkit.Client, s *testkit.Server, idp *testkit.IDP, t *testing.T) *testkit.Answer {
	t.Helper()
	now := s.Clock.Now(t.Context()).Unix()
	token := idp.IDToken(body{
		"iss": "https://accounts.google.com", "aud": "client", "sub": "7", "email": ada, "email_verified": true, "name": "Ada", "iat": now, "exp": now + 3600, "nonce": "n",
	})
	return c.Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": token, "nonce": "n"}})
}

// TestEveryWayInIsHeld: whichever way somebody comes who has a second factor, there is
// no session before it, no trace of a sign-in, and the same code ends the wait.
func TestEveryWayInIsHeld(t *testing.T) {
	type way struct {
		come  func(t *testing.T, s *testkit.Server, idp *testkit.IDP, c *testkit.Client, key func(verified bool) *testkit.Answer) *testkit.Answer
		want  string // the JSON, or where the browser is sent
		leads bool
	}
	for name, w := range map[string]way{
		"a magic link that an app follows": {func(_ *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client, _ func(bool) *testkit.Answer) *testkit.Answer {
			s.Client().Post("/sign-in/magic-link", body{"email": ada}).Is(200, "")
			return c.Get("/magic-link/verify?token=" + s.Token("magic-link"))
		}, afterMail, false},
		"a magic link that leads on": {func(_ *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client, _ func(bool) *testkit.Answer) *testkit.Answer {
			s.Client().Post("/sign-in/magic-link", body{"email": ada, "callbackURL": "/in"}).Is(200, "")
			return c.Get("/magic-link/verify?callbackURL=%2Fin&token=" + s.Token("magic-link"))
		}, "/two-factor", true},
		"a code by mail": {func(t *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client, _ func(bool) *testkit.Answer) *testkit.Answer {
			t.Helper()
			s.Client().Post("/email-otp/send-verification-otp", body{"email": ada, "type": "sign-in"}).Is(200, "")
			return c.Post("/sign-in/email-otp", body{"email": ada, "otp": mailed(t, s, "email-otp")})
		}, afterMail, false},
		"the link of a verification": {func(_ *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client, _ func(bool) *testkit.Answer) *testkit.Answer {
			s.Client().Post("/send-verification-email", body{"email": bob}).Is(200, "")
			return c.Get("/verify-email?token=" + s.Token("verify-email"))
		}, afterMail, false},
		"the code of a verification": {func(t *testing.T, s *testkit.Server, _ *testkit.IDP, c *testkit.Client, _ func(bool) *testkit.Answer) *testkit.Answer {
			t.Helper()
			s.Client().Post("/email-otp/send-verification-otp", body{"email": bob, "type": "email-verification"}).Is(200, "")
			return c.Post("/email-otp/verify-email", body{"email": bob, "otp": mailed(t, s, "email-otp")})
		}, afterMail, false},
		"a passkey that did not verify its person": {func(_ *testing.T, _ *testkit.Server, _ *testkit.IDP, _ *testkit.Client, key func(bool) *testkit.Answer) *testkit.Answer {
			return key(false)
		}, afterAllElse, false},
		"an ID token of a provider": {func(t *testing.T, s *testkit.Server, idp *testkit.IDP, c *testkit.Client, _ func(bool) *testkit.Answer) *testkit.Answer {
			t.Helper()
			return byIDToken(c, s, idp, t)
		}, afterAllElse, false},
		"a provider": {func(_ *testing.T, _ *testkit.Server, idp *testkit.IDP, c *testkit.Client, _ func(bool) *testkit.Answer) *testkit.Answer {
			to := c.Post("/sign-in/social", body{"provider": "google", "callbackURL": "/in"}).Is(200, "").Field("url")
			return c.Get("/callback/google?" + idp.Authorize(to).Encode())
		}, "/two-factor", true},
	} {
		t.Run(name, func(t *testing.T) {
			s, idp := testkit.StartWithProviders(t, everyWay)
			owner := s.Client()
			byIDToken(owner, s, idp, t).Is(200, "")
			device := read(t, s, owner.Post("/two-factor/enable", body{}).Is(200, "").Field("totpURI"))
			verify(owner, "totp", device.code(0)).Is(200, "")
			_, second, _ := enrolled(t, s, bob) // whose address is not verified
			c, a := s.Client(), s.Authenticator()
			a.Verified = false
			owner.Post("/passkey/verify-registration", body{"response": a.Create(owner.Get("/passkey/generate-register-options").Is(200, ""))}).Is(200, "")
			key := func(verified bool) *testkit.Answer {
				a.Verified = verified
				return c.Post("/passkey/verify-authentication", body{"response": a.Get(c.Get("/passkey/generate-authenticate-options").Is(200, ""), a.Keys[0])})
			}
			got := w.come(t, s, idp, c.In(t), key)
			switch {
			case !w.leads && (got.Status != 200 || got.Body != w.want):
				t.Fatalf("%d %s, want %s", got.Status, got.Body, w.want)
			case w.leads && strings.TrimPrefix(got.Header.Get("Location"), s.URL) != w.want:
				t.Fatalf("%d to %q: %s", got.Status, got.Header.Get("Location"), got.Body)
			}
			nobody(t, c)
			if c.HoldsSession() || c.Cookies["better-auth.last_used_login_method"] != "" || c.Cookies["better-auth.two_factor"] == "" {
				t.Fatalf("the browser holds %v", c.Cookies)
			}
			verify(c, "totp", device.wrong()).Is(401, "INVALID_CODE")
			email, code, kept := ada, device.code(0), true
			if strings.HasSuffix(name, "of a verification") { // no way to sign in that a page could offer
				email, code, kept = bob, second.code(0), false
			}
			verify(c, "totp", code).Is(200, "")
			somebody(t, c, email)
			if (c.Cookies["better-auth.last_used_login_method"] != "") != kept {
				t.Errorf("how they came: %v", c.Cookies)
			}
		})
	}
}

// TestAPasskeyIsTwoFactorsWhenItVerifiesItsPerson: what the key was when it was made and what it does now both count.
func TestAPasskeyIsTwoFactorsWhenItVerifiesItsPerson(t *testing.T) {
	for name, c := range map[string]struct {
		made, used bool
		held       bool
	}{
		"made and used with a PIN":          {true, true, false},
		"made with one, used without":       {true, false, true},
		"made without one, used with":       {false, true, true},
		"made and used without knowing who": {false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, "")
			owner, device, _ := enrolled(t, s, ada)
			a, b := s.Authenticator(), s.Client()
			a.Verified = c.made
			owner.Post("/passkey/verify-registration", body{"response": a.Create(owner.Get("/passkey/generate-register-options").Is(200, ""))}).Is(200, "")
			a.Verified = c.used
			got := b.Post("/passkey/verify-authentication", body{"response": a.Get(b.Get("/passkey/generate-authenticate-options").Is(200, ""), a.Keys[0])}).Is(200, "")
			if held := got.Body == afterAllElse; held != c.held {
				t.Fatalf("held: %v: %s", held, got.Body)
			}
			if !c.held {
				somebody(t, b, ada)
				return
			}
			nobody(t, b)
			verify(b, "totp", device.code(0)).Is(200, "")
			somebody(t, b, ada)
		})
	}
}
