package auth_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"authd/auth/internal/testkit"
)

// TestASecretIsReplaced: what was sealed and signed under the old one works while both
// are there; what must last works after the old one has gone.
func TestASecretIsReplaced(t *testing.T) {
	t.Parallel()
	const next = "the-next-secret-0123456789-0123456789-012345"
	s, idp := testkit.StartWithProviders(t, "[two_factor]\nallow_passwordless = true\n[social_providers.google]\nclient_id = \"client\"\nclient_secret = \"secret\"\n")
	old := s.Secret()
	c := s.Client()
	byGoogle := func(c *testkit.Client) *testkit.Answer {
		now := s.Clock.Now(t.Context()).Unix()
		token := idp.IDToken(body{
			"iss": "https://accounts.google.com", "aud": "client", "sub": "7", "email": "ada@example.com", "email_verified": true, "name": "Ada", "iat": now, "exp": now + 3600, "nonce": "n",
		})
		return c.Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": token, "nonce": "n", "accessToken": "an-access-token"}}).Is(200, "")
	}
	byGoogle(c)
	a := c.Post("/two-factor/enable", body{}).Is(200, "")
	uri, err := url.Parse(a.Field("totpURI"))
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		t.Helper()
		code, err := totp.GenerateCodeCustom(uri.Query().Get("secret"), s.Clock.Now(t.Context()), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	backups := a.JSON().(body)["backupCodes"].([]any)
	c.Post("/two-factor/verify-totp", body{"code": code()}).Is(200, "")
	accessToken := func(c *testkit.Client) string {
		account := c.Get("/list-accounts").Is(200, "").JSON().([]any)[0].(body)
		return c.Post("/get-access-token", body{"accountId": account["id"]}).Is(200, "").Field("accessToken")
	}
	works := func(c *testkit.Client, backup int) {
		t.Helper()
		s.Clock.Advance(time.Minute)
		c.Post("/two-factor/verify-totp", body{"code": code()}).Is(200, "")
		c.Post("/two-factor/verify-backup-code", body{"code": backups[backup], "disableSession": true}).Is(200, "")
		c.Post("/two-factor/verify-backup-code", body{"code": backups[backup], "disableSession": true}).Is(401, "INVALID_BACKUP_CODE")
		if got := accessToken(c); got != "an-access-token" {
			t.Errorf("the provider's token is %q", got)
		}
	}
	works(c, 0)

	s.Restart(next, old)
	works(c, 1) // the cookie is of the old one
	if n, err := s.Reseal(t.Context()); err != nil || n < len(backups)-2+2 {
		t.Fatalf("%d sealed anew: %v", n, err)
	}
	if n, err := s.Reseal(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d sealed once more: %v", n, err)
	}
	works(c, 2)

	s.Restart(next)
	if got := c.Get("/get-session").Body; got != "null" {
		t.Fatalf("a session of the old secret counts: %s", got)
	}
	d := s.Client()
	byGoogle(d)
	works(d, 3)

	s.Restart(old) // it opens nothing any more, and nothing is taken for right
	e := s.Client()
	byGoogle(e)
	s.Clock.Advance(time.Minute)
	e.Post("/two-factor/verify-backup-code", body{"code": backups[4]}).Is(401, "INVALID_BACKUP_CODE")
	if e.Post("/two-factor/verify-totp", body{"code": code()}).Status == 200 {
		t.Fatal("a code was checked against what cannot be opened")
	}
}
