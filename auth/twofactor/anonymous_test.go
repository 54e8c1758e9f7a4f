package twofactor_test

import (
	"testing"

	"authd/auth/internal/testkit"
)

// TestAnAnonymousUserIsNotLostOverASecondFactor: the browser has no session while the
// sign-in waits, and is known to have been theirs all the same.
func TestAnAnonymousUserIsNotLostOverASecondFactor(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[anonymous]\nenabled = true\n")
	_, _, codes := enrolled(t, s, "a@example.com")
	c := s.Client()
	guest := c.Post("/sign-in/anonymous", nil).Is(200, "").Field("user.id")
	if got := c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(200, ""); got.Field("twoFactorRedirect") != "true" {
		t.Fatalf("no second factor is asked for: %s", got.Body)
	}
	if _, err := s.Core.User(t.Context(), s.Core.DB, guest); err != nil {
		t.Fatal("they are gone before anybody signed in")
	}
	c.Post("/two-factor/verify-backup-code", map[string]any{"code": codes[0]}).Is(200, "")
	if _, err := s.Core.User(t.Context(), s.Core.DB, guest); err == nil {
		t.Error("the anonymous user is there still")
	}
	if c.Get("/get-session").Field("user.email") != "a@example.com" {
		t.Error("nobody is signed in")
	}
}
