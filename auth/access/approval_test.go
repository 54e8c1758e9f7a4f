package access_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"authd/auth/access"
	"authd/auth/admin"
	"authd/auth/internal/testkit"
)

const approval = "[sign_up]\nmode = 'approval'\n"

func administrator(t *testing.T, s *testkit.Server, email string) {
	t.Helper()
	if _, err := s.Admin.Create(t.Context(), admin.NewUser{Name: "Root", Email: email, Role: "admin", EmailVerified: true}); err != nil {
		t.Fatal(err)
	}
}

func TestAnAdministratorLetsAPersonIn(t *testing.T) {
	s := testkit.Start(t, approval)
	administrator(t, s, "root@example.com")
	administrator(t, s, "root2@example.com")
	a := signUp(s, "a@example.com", "").Is(200, "")
	if a.Field("token") != "" || len(a.Cookies) != 0 {
		t.Fatal("somebody was signed in")
	}
	if a := signIn(s, "a@example.com").Is(403, "APPROVAL_PENDING"); len(a.Cookies) != 0 {
		t.Fatal("a cookie was set")
	}
	s.Client().Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": "wrong-password"}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	mails := s.Mails("approval-request")
	if len(mails) != 2 || !strings.Contains(mails[0]+mails[1], "root@example.com") || !strings.Contains(mails[0]+mails[1], "root2@example.com") || !strings.Contains(mails[0], "authd user approve a@example.com") {
		t.Fatalf("%d mails: %v", len(mails), mails)
	}
	waiting, err := s.Access.Waiting(t.Context(), "", 10)
	if err != nil || len(waiting) != 1 || waiting[0].Email != "a@example.com" {
		t.Fatalf("%v, %v", waiting, err)
	}
	if _, err := s.Access.Approve(t.Context(), "A@example.com"); err != nil {
		t.Fatal(err)
	}
	if len(s.Mails("approval-granted")) != 1 {
		t.Fatal("the person was not told")
	}
	signIn(s, "a@example.com").Is(200, "")
	for _, decide := range []func() error{
		func() error { _, err := s.Access.Approve(t.Context(), "a@example.com"); return err },
		func() error { _, err := s.Access.Refuse(t.Context(), "a@example.com"); return err },
	} {
		if err := decide(); !errors.Is(err, access.ErrNotPending) {
			t.Fatalf("decided twice: %v", err)
		}
	}
	user(t, s, "a@example.com")
}

func TestARefusalDeletes(t *testing.T) {
	s := testkit.Start(t, approval)
	entered(t, s, "a@example.com", "")
	if _, err := s.Access.Refuse(t.Context(), "a@example.com"); err != nil {
		t.Fatal(err)
	}
	nobody(t, s, "a@example.com")
	if _, err := s.Access.Refuse(t.Context(), "a@example.com"); !errors.Is(err, access.ErrUserNotFound) {
		t.Fatalf("refused twice: %v", err)
	}
}

func TestWhoWaitsIsAnsweredAsWhoHasAnAccount(t *testing.T) {
	s := testkit.Start(t, approval)
	first := signUp(s, "a@example.com", "").Is(200, "")
	again := signUp(s, "a@example.com", "").Is(200, "")
	if len(first.Body) != len(again.Body) || again.Field("token") != "" || len(again.Cookies) != 0 {
		t.Fatalf("%s\n%s", first.Body, again.Body)
	}
	if len(s.Mails("existing-user-sign-up")) != 1 {
		t.Fatal("the owner was not told")
	}
	page := func(email string) string {
		a := s.Client().Form("./signup", url.Values{"name": {"A"}, "email": {email}, "password": {testkit.Password}}).Is(200, "")
		return a.Body
	}
	if known, unknown := page("a@example.com"), page("b@example.com"); known != unknown || !strings.Contains(known, "An administrator has to let you in") {
		t.Fatalf("%s\n%s", known, unknown)
	}
}

func TestAnInvitedPersonNeedsNoApproval(t *testing.T) {
	s := testkit.Start(t, approval)
	_, secret := invite(t, s, access.NewInvitation{})
	if u := entered(t, s, "a@example.com", secret); u.Pending {
		t.Fatal("they have to wait")
	}
}

// Before the address is proven nobody is asked to look at it, and nobody is signed
// in by proving it.
func TestAdministratorsAreToldOfProvenAddresses(t *testing.T) {
	s := testkit.Start(t, approval+"[email_and_password]\nrequire_email_verification = true\n[email_verification]\nauto_sign_in_after_verification = true\n")
	administrator(t, s, "root@example.com")
	signUp(s, "a@example.com", "").Is(200, "")
	if len(s.Mails("approval-request")) != 0 {
		t.Fatal("they were told of what a stranger typed")
	}
	signIn(s, "a@example.com").Is(403, "EMAIL_NOT_VERIFIED")
	c := s.Client()
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	if c.Get("/get-session").Body != "null" {
		t.Fatal("somebody was signed in")
	}
	s.Drain(t.Context())
	if len(s.Mails("approval-request")) != 1 {
		t.Fatal("they were not told")
	}
	signIn(s, "a@example.com").Is(403, "APPROVAL_PENDING")
	if _, err := s.Access.Approve(t.Context(), "a@example.com"); err != nil {
		t.Fatal(err)
	}
	signIn(s, "a@example.com").Is(200, "")
}

func TestThePageForWhoWaits(t *testing.T) {
	s := testkit.Start(t, approval)
	if a := s.Client().Get("./signup").Is(200, ""); !strings.Contains(a.Body, "An administrator looks at every new account") {
		t.Fatal(a.Body)
	}
	signUp(s, "a@example.com", "").Is(200, "")
	c := s.Client()
	a := c.Form("./login", url.Values{"email": {"a@example.com"}, "password": {testkit.Password}}).Is(403, "")
	if !strings.Contains(a.Body, "APPROVAL_PENDING") || len(c.Cookies) != 0 {
		t.Fatalf("%v %s", c.Cookies, a.Body)
	}
	if a := s.Client().Get("./error?error=approval_pending").Is(200, ""); !strings.Contains(a.Body, "has to let you in") {
		t.Fatal(a.Body)
	}
}
