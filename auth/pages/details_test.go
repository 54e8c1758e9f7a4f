package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

func TestTheProfileFormKeepsTheOperatorsFields(t *testing.T) {
	s := testkit.Start(t, `
[user.additional_fields.age]
type = "number"
[user.additional_fields.born]
type = "date"
[user.additional_fields.company]
required = true
default_value = "Acme"
[user.additional_fields.news]
type = "boolean"
[user.additional_fields.plan]
input = false
default_value = "free"
[user.additional_fields.tags]
type = "string[]"
`)
	c := s.SignUp("a@example.com")
	if body := c.Get("./account").Body; strings.Contains(body, "field-plan") || !strings.Contains(body, `value="Acme"`) {
		t.Fatal(body)
	}
	c.Form("./account/profile", url.Values{
		"name": {"Ada"}, "field-age": {"4,5"}, "field-born": {"1815-12-10"}, "field-company": {"Engines"}, "field-news": {"1"},
		"field-plan": {"gold"}, "field-tags": {"maths\r\n\r\n poetry \r\n"},
	}).Is(303, "")
	a := c.Get("/get-session")
	if !strings.Contains(a.Body, `"age":4.5,"born":"1815-12-10T00:00:00.000Z","company":"Engines","news":true,"plan":"free","tags":["maths","poetry"]`) {
		t.Fatal(a.Body)
	}
	if body := c.Get("./account").Body; !strings.Contains(body, `value="1815-12-10"`) || !strings.Contains(body, "maths\npoetry") {
		t.Fatal(body)
	}
	for name, wrong := range map[string]url.Values{
		"no number":      {"name": {"B"}, "field-company": {"x"}, "field-age": {"four"}},
		"no date":        {"name": {"B"}, "field-company": {"x"}, "field-born": {"soon"}},
		"nothing needed": {"name": {"B"}, "field-company": {""}},
		"no name":        {"name": {" "}, "field-company": {"x"}},
	} {
		if body := c.Form("./account/profile", wrong).Is(422, "").Body; !strings.Contains(body, "field-problem") {
			t.Errorf("%s: %s", name, body)
		}
	}
	if again := c.Get("/get-session").Body; again != a.Body {
		t.Fatalf("something was saved: %s", again)
	}
	c.Form("./account/profile", url.Values{"name": {"Ada"}, "field-company": {"x"}}).Is(303, "")
	if body := c.Get("/get-session").Body; !strings.Contains(body, `"age":null,"born":null,"company":"x","news":false,"plan":"free","tags":null`) {
		t.Fatal(body)
	}
}

func TestAskingForAnotherAddressOnThePage(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	c.Form("./account/email", url.Values{"new_email": {"A@example.com"}}).Is(422, "")
	c.Form("./account/email", url.Values{"new_email": {"b@"}}).Is(422, "")
	if n := len(s.Mails("verify-email")); n != 0 {
		t.Fatalf("%d mails", n)
	}
	c.Form("./account/email", url.Values{"new_email": {"b@example.com"}}).Is(303, "")
	if n := len(s.Mails("verify-email")); n != 1 {
		t.Fatalf("%d mails", n)
	}
}

// withoutPassword is somebody who came by other means.
func withoutPassword(t *testing.T, s *testkit.Server, email string) *testkit.Client {
	t.Helper()
	c := s.SignUp(email)
	u, err := s.Admin.Find(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM account WHERE user_id = $1`, u.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAFirstPasswordTakesAFreshSession(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("has@example.com").Form("./account/set-password", url.Values{"new_password": {"another-password"}}).Is(303, "")
	s.SignIn("has@example.com") // the password stayed

	c := withoutPassword(t, s, "a@example.com")
	c.Form("./account/set-password", url.Values{"new_password": {"short"}}).Is(422, "")
	s.Clock.Advance(25 * time.Hour)
	leads(t, form(c, "/account/set-password", "new_password", testkit.Password), "/account/security")
	tells(t, c.Get("./account/security"), 200, "You signed in too long ago for this.")
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(401, "")
}

func TestSettingAFirstPassword(t *testing.T) {
	s := testkit.Start(t, "")
	c := withoutPassword(t, s, "a@example.com")
	if body := c.Get("./account/security").Body; !strings.Contains(body, "/account/set-password") {
		t.Fatal("the page does not offer it")
	}
	c.Form("./account/set-password", url.Values{"new_password": {testkit.Password}}).Is(303, "")
	s.SignIn("a@example.com")
	if n := len(s.Mails("password-changed")); n != 1 {
		t.Fatalf("%d notices", n)
	}
	if body := c.Get("./account/security").Body; strings.Contains(body, "/account/set-password") {
		t.Fatal("the page offers it again")
	}
}
