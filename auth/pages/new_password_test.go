package pages_test

import (
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

func TestAPasskeyStandsInForAForgottenPassword(t *testing.T) {
	t.Parallel()
	const path, next = "/account/security/new-password", "another-horse-battery"
	s := testkit.Start(t, "")
	a, eve := s.Authenticator(), s.Authenticator()
	addPasskey(t, s.SignUp("eve@example.com"), eve)
	c := s.SignUp("ada@example.com")
	if strings.Contains(c.Get("./account/security").Body, path) {
		t.Error("it is offered to who has no passkey")
	}
	leads(t, c.Get("."+path), "/account/security#password")
	leads(t, form(c, path, "new_password", next), "/account/security#password")
	k := addPasskey(t, c, a)
	contains(t, c.Get("./account/security"), path)
	shows(t, c.Get("."+path), 200, "Choose a new password")
	leads(t, s.Client().Get("."+path), "/login?return_to=%2Faccount%2Fsecurity")
	leads(t, form(s.Client(), path, "new_password", next), "/login?return_to=%2Faccount%2Fsecurity")

	ask := func() *testkit.Answer { return c.Get("/passkey/generate-authenticate-options?any=true").Is(200, "") }
	used := said(t, a.Get(ask(), k))
	short := form(c, path, "new_password", "short", "credential", used)
	shows(t, short, 422, "Choose a new password")
	contains(t, short, "Too short")
	for name, proof := range map[string]string{"none": "", "no JSON": "{", "one that was used": used, "somebody else's": said(t, eve.Get(ask(), eve.Keys[0]))} {
		got := form(c, path, "new_password", next, "credential", proof)
		if got.Status != 422 || !strings.Contains(got.Body, `role="alert"`) {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
	leads(t, form(s.Client(), "/login", "email", "ada@example.com", "password", testkit.Password), "/account") // still

	elsewhere := s.SignIn("ada@example.com")
	leads(t, form(c, path, "new_password", next, "revoke_others", "1", "credential", said(t, a.Get(ask(), k))), "/account/security")
	contains(t, c.Get("./account/security"), "Your password is changed.")
	if signedIn(elsewhere) {
		t.Error("another device is signed in still")
	}
	shows(t, form(s.Client(), "/login", "email", "ada@example.com", "password", testkit.Password), 422, "Sign in")
	leads(t, form(s.Client(), "/login", "email", "ada@example.com", "password", next), "/account")
	if mails := s.Mails("password-changed"); len(mails) != 1 {
		t.Errorf("%d mails tell of it", len(mails))
	}
}

func TestAPasskeyDeletesAnAccountWhosePasswordIsForgotten(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	c := s.SignUp("ada@example.com")
	k := addPasskey(t, c, a)
	contains(t, c.Get("./delete-account"), "Delete with a passkey", `<script src="/static/passkey.`)
	s.Clock.Advance(25 * time.Hour)
	ask := func() *testkit.Answer { return c.Get("/passkey/generate-authenticate-options?any=true").Is(200, "") }
	answer := a.Get(ask(), k)
	ask() // ends what was asked for before
	shows(t, form(c, "/delete-account", "credential", said(t, answer)), 422, "Delete your account")
	shows(t, form(c, "/delete-account"), 422, "Delete your account")
	if !signedIn(c) {
		t.Fatal("it is gone without a proof")
	}
	shows(t, form(c, "/delete-account", "credential", said(t, a.Get(ask(), k))), 200, "Your account is deleted")
	if _, err := s.Admin.Find(t.Context(), "ada@example.com"); err == nil || signedIn(c) {
		t.Fatal("it is there still")
	}
}
