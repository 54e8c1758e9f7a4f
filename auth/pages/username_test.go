package pages_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

func TestTheFieldOfTheSignInPageTakesAUsername(t *testing.T) {
	if page := testkit.Start(t, "").Client().Get("./login").Body; !strings.Contains(page, `type="email"`) || strings.Contains(page, "or username") {
		t.Error("without usernames the field is for an address")
	}
	s := testkit.Start(t, "[username]\nenabled = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "username": "Ada"}).Is(200, "")
	if page := s.Client().Get("./login").Body; !strings.Contains(page, "E-mail address or username") || strings.Contains(page, `type="email"`) || !strings.Contains(page, `autocomplete="username`) {
		t.Error(page)
	}
	for _, name := range []string{"ADA", "a@example.com"} {
		c := s.Client()
		if a := form(c, "/login", "email", name, "password", testkit.Password).Is(303, ""); !c.HoldsSession() {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	for rule, name := range map[string]string{"unknown": "eve", "a wrong password": "ada", "too short for anybody's": "x", "no name at all": "a b"} {
		c := s.Client()
		a := form(c, "/login", "email", name, "password", "not-the-password").Is(422, "")
		if !strings.Contains(a.Body, "The username or the password is wrong.") || c.HoldsSession() {
			t.Errorf("%s: %s", rule, a.Body)
		}
	}
	if a := form(s.Client(), "/login", "email", " ", "password", "x").Is(422, ""); !strings.Contains(a.Body, "Enter your e-mail address or your username.") {
		t.Error(a.Body)
	}
}

func TestANameDoesNotTellTheAddressThatIsToBeConfirmed(t *testing.T) {
	s := testkit.Start(t, "[username]\nenabled = true\n[email_and_password]\nrequire_email_verification = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "username": "ada"}).Is(200, "")
	c := s.Client()
	a := form(c, "/login", "email", "ada", "password", testkit.Password).Is(422, "")
	if !strings.Contains(a.Body, "not confirmed yet") || strings.Contains(a.Body, "a@example.com") || c.HoldsSession() {
		t.Error(a.Body)
	}
}
