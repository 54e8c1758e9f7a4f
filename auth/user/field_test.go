package user_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

const fields = `
[user.additional_fields.company]
required = true
[user.additional_fields.age]
type = "number"
[user.additional_fields.born]
type = "date"
[user.additional_fields.tags]
type = "string[]"
[user.additional_fields.news]
type = "boolean"
default_value = false
[user.additional_fields.plan]
input = false
default_value = "free"
[user.additional_fields.note]
input = false
[user.additional_fields.hidden]
returned = false
[session.additional_fields.theme]
default_value = "light"
[session.additional_fields.tenant]
input = false
`

func signUp(email string, more map[string]any) map[string]any {
	body := map[string]any{"email": email, "password": testkit.Password, "name": "A", "company": "Acme"}
	for k, v := range more {
		body[k] = v
	}
	return body
}

func TestAdditionalFieldsStandInEveryAnswer(t *testing.T) {
	for _, cache := range []string{"", "[session.cookie_cache]\nenabled = true\n"} {
		s := testkit.Start(t, cache+fields)
		c := s.Client()
		in := c.Post("/sign-up/email", signUp("a@example.com", map[string]any{"age": 4.5, "born": "1990-01-02", "tags": []string{"x"}, "hidden": "h"})).Is(200, "")
		want := `"twoFactorEnabled":false,"age":4.5,"born":"1990-01-02T00:00:00.000Z","company":"Acme","news":false,"note":null,"plan":"free","tags":["x"],"id":"`
		for name, body := range map[string]string{
			"sign-up": in.Body, "sign-in": s.Client().Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": testkit.Password}).Body,
			"get-session": c.Get("/get-session").Body, "get-session again": c.Get("/get-session").Body,
		} {
			if !strings.Contains(body, want) || strings.Contains(body, "hidden") {
				t.Errorf("%s: %s", name, body)
			}
		}
		if body := c.Get("/get-session").Body; !strings.Contains(body, `"tenant":null,"theme":"light","id":"`) {
			t.Error(body)
		}
		if body := c.Get("/list-sessions").Body; !strings.Contains(body, `"theme":"light"`) {
			t.Error(body)
		}
		c.Get("/token").Is(200, "")
	}
}

func TestWhatASignUpMaySayOfFields(t *testing.T) {
	s := testkit.Start(t, fields)
	for name, c := range map[string]struct {
		more          map[string]any
		code, message string
	}{
		"a field that is not for people": {map[string]any{"note": "x"}, "FIELD_NOT_ALLOWED", "note is not allowed to be set"},
		"a role":                         {map[string]any{"role": "admin"}, "FIELD_NOT_ALLOWED", "role is not allowed to be set"},
		"null for what is required":      {map[string]any{"company": nil}, "VALIDATION_ERROR", "[body.company] Invalid input: expected string, received null"},
		"a text for a number":            {map[string]any{"age": "4"}, "VALIDATION_ERROR", "[body.age] Invalid input: expected number, received string"},
		"no date":                        {map[string]any{"born": "yesterday"}, "VALIDATION_ERROR", "[body.born] Invalid ISO datetime"},
		"a list of numbers":              {map[string]any{"tags": []int{1}}, "VALIDATION_ERROR", "[body.tags] Invalid input: expected string in the array"},
		"too much":                       {map[string]any{"tags": []string{strings.Repeat("x", 9000)}}, "VALIDATION_ERROR", "[body] Too big: expected at most 8192 bytes of fields"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.Client().Post("/sign-up/email", signUp("b@example.com", c.more)).Is(400, c.code)
			if a.Field("message") != c.message {
				t.Fatal(a.Body)
			}
		})
	}
	a := s.Client().Post("/sign-up/email", map[string]any{"email": "b@example.com", "password": testkit.Password, "name": "B"}).Is(400, "MISSING_FIELD")
	if a.Field("message") != "company is required" {
		t.Fatal(a.Body)
	}
	if users, err := s.Admin.List(t.Context(), "", 10); err != nil || len(users) != 0 {
		t.Fatalf("%d users, %v", len(users), err)
	}
	// What has a default is not refused but left alone, as the contract does; nothing said is nothing asked.
	a = s.Client().Post("/sign-up/email", signUp("c@example.com", map[string]any{"plan": "gold", "note": ""})).Is(200, "")
	if a.Field("user.plan") != "free" || a.Field("user.note") != "" {
		t.Fatal(a.Body)
	}
}

func TestUpdatingFields(t *testing.T) {
	s := testkit.Start(t, fields)
	c := s.Client()
	c.Post("/sign-up/email", signUp("a@example.com", nil)).Is(200, "")
	c.Post("/update-user", map[string]any{"news": true}).Is(200, "")
	c.Post("/update-user", map[string]any{"plan": "gold"}).Is(400, "FIELD_NOT_ALLOWED")
	c.Post("/update-user", map[string]any{"unknown": "x"}).Is(400, "")
	a := c.Get("/get-session")
	if a.Field("user.news") != "true" || a.Field("user.plan") != "free" || a.Field("user.company") != "Acme" || a.Field("user.name") != "A" {
		t.Fatal(a.Body)
	}
	c.Post("/update-session", map[string]any{"tenant": "t"}).Is(400, "FIELD_NOT_ALLOWED")
	c.Post("/update-session", map[string]any{"userId": "x"}).Is(400, "")
	if a := c.Post("/update-session", map[string]any{"theme": "dark"}).Is(200, ""); a.Field("session.theme") != "dark" {
		t.Fatal(a.Body)
	}
	a = c.Get("/get-session")
	if a.Field("session.theme") != "dark" || a.Field("user.news") != "true" {
		t.Fatal(a.Body)
	}
	if user, err := s.Admin.Update(t.Context(), "a@example.com", map[string]any{"plan": "gold", "name": "B"}); err != nil || user.Name != "B" {
		t.Fatal(err)
	}
	if a := c.Get("/get-session"); a.Field("user.plan") != "gold" || a.Field("user.news") != "true" || a.Field("user.name") != "B" {
		t.Fatal(a.Body)
	}
	if _, err := s.Admin.Update(t.Context(), "a@example.com", map[string]any{"plna": "x"}); err == nil {
		t.Fatal("a slip of the pen was taken")
	}
}

func TestASignUpWithAKnownAddressLooksTheSameWithFields(t *testing.T) {
	s := testkit.Start(t, "[email_and_password]\nrequire_email_verification = true\n"+fields)
	one := s.Client().Post("/sign-up/email", signUp("a@example.com", nil)).Is(200, "")
	two := s.Client().Post("/sign-up/email", signUp("a@example.com", nil)).Is(200, "")
	if len(one.Body) != len(two.Body) || !strings.Contains(two.Body, `"plan":"free"`) {
		t.Fatalf("%s\n%s", one.Body, two.Body)
	}
}
