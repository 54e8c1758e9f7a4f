package user_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// verified returns the browser of somebody whose address is proven.
func verified(s *testkit.Server, email string) *testkit.Client {
	c := s.SignUp(email)
	ask(s, email)
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	return c
}

func emailOf(c *testkit.Client) string { return c.Get("/get-session").Field("user.email") }

func TestAVerifiedAddressIsReplacedInTwoSteps(t *testing.T) {
	s := testkit.Start(t, "")
	c := verified(s, "old@example.com")
	c.Post("/request-password-reset", map[string]string{"email": "old@example.com"}).Is(200, "")
	reset := s.Token("reset-password")
	c.Post("/change-email", map[string]string{"newEmail": "New@example.com", "callbackURL": "/c"}).Is(200, "")
	if n := len(s.Mails("verify-email")); n != 1 {
		t.Fatal("the new address was written to before the old one agreed")
	}
	confirm := s.Token("change-email")
	if to := s.Client().Get("/verify-email?token="+confirm+"&callbackURL=/c").Is(302, "").Header.Get("Location"); to != "/c" {
		t.Fatal(to)
	}
	if emailOf(c) != "old@example.com" {
		t.Fatal("replaced after one step")
	}
	replace := s.Token("verify-email")
	// Not in a browser where nobody, or somebody else, is signed in: and that uses nothing up.
	s.Client().Get("/verify-email?token="+replace).Is(401, "INVALID_USER")
	s.SignUp("other@example.com").Get("/verify-email?token="+replace).Is(401, "INVALID_USER")
	a := c.Get("/verify-email?token="+replace).Is(200, "")
	if a.Field("user.email") != "new@example.com" || a.Field("user.emailVerified") != "true" || a.Cookie("better-auth.session_token") == nil {
		t.Fatal(a.Body)
	}
	if emailOf(c) != "new@example.com" {
		t.Fatal("not replaced")
	}
	c.Get("/verify-email?token="+replace).Is(200, "") // a second click is no error
	s.Client().Post("/reset-password", map[string]string{"token": reset, "newPassword": "another-password"}).Is(400, "INVALID_TOKEN")
	s.SignIn("new@example.com")
	s.Client().Post("/sign-in/email", map[string]string{"email": "old@example.com", "password": testkit.Password}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
}

func TestAnUnverifiedAddressIsReplacedByTheNewOnesLink(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("old@example.com")
	c.Post("/change-email", map[string]string{"newEmail": "new@example.com"}).Is(200, "")
	if emailOf(c) != "old@example.com" || len(s.Mails("change-email")) != 0 {
		t.Fatal("replaced without verification")
	}
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	if emailOf(c) != "new@example.com" {
		t.Fatal("not replaced")
	}
}

func TestAnUnverifiedAddressIsReplacedAtOnceWhereConfigured(t *testing.T) {
	s := testkit.Start(t, "[user.change_email]\nupdate_email_without_verification = true\n")
	s.SignUp("taken@example.com")
	c := s.SignUp("old@example.com")
	c.Post("/change-email", map[string]string{"newEmail": "taken@example.com"}).Is(200, "")
	if emailOf(c) != "old@example.com" {
		t.Fatal("took another's address")
	}
	c.Post("/change-email", map[string]string{"newEmail": "new@example.com"}).Is(200, "")
	if a := c.Get("/get-session"); a.Field("user.email") != "new@example.com" || a.Field("user.emailVerified") != "false" {
		t.Fatal(a.Body)
	}
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	if c.Get("/get-session").Field("user.emailVerified") != "true" {
		t.Fatal("the new address cannot be verified")
	}
}

func TestATakenAddressLooksLikeAnyOther(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("taken@example.com")
	c := verified(s, "me@example.com")
	one := c.Post("/change-email", map[string]string{"newEmail": "taken@example.com"}).Is(200, "")
	if n := len(s.Mails("change-email")); n != 0 {
		t.Fatalf("%d mails", n)
	}
	two := c.Post("/change-email", map[string]string{"newEmail": "free@example.com"}).Is(200, "")
	if one.Body != two.Body {
		t.Fatalf("%s %s", one.Body, two.Body)
	}
	// Taken between the two steps: no mail to it either.
	confirm := s.Token("change-email")
	s.SignUp("free@example.com")
	before := len(s.Mails("verify-email"))
	c.Get("/verify-email?token="+confirm).Is(200, "")
	if n := len(s.Mails("verify-email")); n != before {
		t.Fatal("the owner of the address got a link")
	}
}

func TestLinksOfAChangeThatDoNotWork(t *testing.T) {
	s := testkit.Start(t, "")
	c := verified(s, "me@example.com")
	change := func(email string) string {
		c.Post("/change-email", map[string]string{"newEmail": email}).Is(200, "")
		return s.Token("change-email")
	}
	first := change("a@example.com")
	second := change("b@example.com")
	c.Get("/verify-email?token="+first).Is(401, "INVALID_TOKEN") // a new request ends the earlier one
	s.SignUp("other@example.com").Get("/verify-email?token="+second).Is(401, "INVALID_USER")
	s.Clock.Advance(time.Hour)
	c.Get("/verify-email?token="+second).Is(401, "TOKEN_EXPIRED")

	third := change("c@example.com")
	c.Get("/verify-email?token="+third).Is(200, "")
	replace := s.Token("verify-email")
	if _, err := s.Admin.SignOut(t.Context(), "me@example.com"); err != nil {
		t.Fatal(err)
	}
	s.SignIn("me@example.com").Get("/verify-email?token="+replace).Is(401, "INVALID_TOKEN") // all access ended, this too
	if u, err := s.Admin.Find(t.Context(), "me@example.com"); err != nil || u.Email != "me@example.com" {
		t.Fatal(err)
	}
}

func TestWhatCannotBeAskedFor(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("me@example.com")
	if m := c.Post("/change-email", map[string]string{"newEmail": "ME@example.com"}).Is(400, "").Field("message"); m != "Email is the same" {
		t.Fatal(m)
	}
	c.Post("/change-email", map[string]string{"newEmail": "no"}).Is(400, "VALIDATION_ERROR")
	c.Post("/change-email", map[string]string{"newEmail": "a@example.com", "callbackURL": "https://evil.example"}).Is(403, "INVALID_CALLBACK_URL")
	s.Client().Post("/change-email", map[string]string{"newEmail": "a@example.com"}).Is(401, "UNAUTHORIZED")
	off := testkit.Start(t, "[user.change_email]\nenabled = false\n[user.delete_user]\nenabled = false\n")
	c = off.SignUp("me@example.com")
	c.Post("/change-email", map[string]string{"newEmail": "a@example.com"}).Is(400, "CHANGE_EMAIL_DISABLED")
	c.Post("/delete-user", map[string]string{"password": testkit.Password}).Is(404, "")
	c.Get("./delete-account").Is(404, "")
	if emailOf(c) != "me@example.com" {
		t.Fatal("changed or deleted")
	}
}

func TestThePagesOfAChangeActOnPostOnly(t *testing.T) {
	s := testkit.Start(t, "")
	c := verified(s, "me@example.com")
	c.Post("/change-email", map[string]string{"newEmail": "new@example.com"}).Is(200, "")
	confirm := s.Token("change-email")
	for range 2 { // a scanner looks, and looks again
		if body := s.Client().Get("./change-email?token="+confirm).Is(200, "").Body; !strings.Contains(body, "new@example.com") {
			t.Fatal(body)
		}
	}
	if n := len(s.Mails("verify-email")); n != 1 {
		t.Fatal("looking has acted")
	}
	s.Client().Form("./change-email", url.Values{"token": {confirm}}).Is(200, "")
	replace := s.Token("verify-email")
	if to := s.Client().Get("./change-email?token="+replace).Is(303, "").Header.Get("Location"); !strings.HasPrefix(to, "/login?return_to=") {
		t.Fatal(to)
	}
	c.Get("./change-email?token="+replace).Is(200, "")
	if emailOf(c) != "me@example.com" {
		t.Fatal("looking has acted")
	}
	c.Form("./change-email", url.Values{"token": {replace}}).Is(200, "")
	if emailOf(c) != "new@example.com" {
		t.Fatal("not replaced")
	}
	c.Get("./change-email?token=x").Is(410, "")
}
