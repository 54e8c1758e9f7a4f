package auth_test

import (
	"testing"

	"authd/auth/internal/config"
	"authd/auth/internal/testkit"
)

// TestWhatIsTurnedOffIsKept: second factors and passkeys that the configuration turns off are
// told of at the start, count again once they are on, and can be taken away meanwhile.
func TestWhatIsTurnedOffIsKept(t *testing.T) {
	t.Parallel()
	const ada, bob = "ada@example.com", "bob@example.com"
	s := testkit.Start(t, "")
	a := s.Authenticator()
	for _, email := range []string{ada, bob} {
		c := s.SignUp(email)
		c.Post("/passkey/verify-registration", body{"response": a.Create(c.Get("/passkey/generate-register-options").Is(200, ""))}).Is(200, "")
		c.Post("/two-factor/enable", body{"password": testkit.Password, "method": "otp"}).Is(200, "")
	}
	signIn := func(email string) *testkit.Answer {
		return s.Client().Post("/sign-in/email", body{"email": email, "password": testkit.Password}).Is(200, "")
	}
	byPasskey := func() *testkit.Answer {
		c := s.Client()
		options := c.Get("/passkey/generate-authenticate-options")
		if options.Status != 200 {
			return options
		}
		return c.Post("/passkey/verify-authentication", body{"response": a.Get(options, a.Keys[0])})
	}
	idle := func() (unasked, shut bool) {
		t.Helper()
		unasked, err := s.TwoFactor.Idle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if shut, err = s.Passkeys.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		return unasked, shut
	}
	turn := func(on bool) {
		t.Helper()
		s.Reconfigure(func(cfg *config.Config) { cfg.TwoFactor.Enabled, cfg.Passkey.Enabled = on, on })
	}
	if unasked, shut := idle(); unasked || shut {
		t.Error("what is on is idle")
	}

	turn(false)
	if unasked, shut := idle(); !unasked || !shut {
		t.Errorf("nobody would be told: second factors %t, passkeys %t", unasked, shut)
	}
	if answer := signIn(ada); answer.Field("token") == "" || answer.Field("user.twoFactorEnabled") != "" {
		t.Errorf("off: %s", answer.Body)
	}
	byPasskey().Is(404, "")
	gone, err := s.Core.UserByEmail(t.Context(), s.Core.DB, bob)
	if err != nil {
		t.Fatal(err)
	}
	if had, err := s.TwoFactor.ResetTwoFactor(t.Context(), gone.ID, ""); err != nil || !had {
		t.Fatalf("reset while it is off: %t, %v", had, err)
	}

	turn(true)
	if answer := signIn(ada); answer.Field("twoFactorRedirect") != "true" {
		t.Errorf("on again: %s", answer.Body)
	}
	if answer := signIn(bob); answer.Field("user.twoFactorEnabled") != "false" {
		t.Errorf("a factor that was taken away: %s", answer.Body)
	}
	if got := byPasskey().Is(200, "").Field("user.email"); got != ada {
		t.Errorf("the passkey signs in %q", got)
	}
}
