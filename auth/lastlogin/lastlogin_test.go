package lastlogin_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

const cookie = "better-auth.last_used_login_method"

func signIn(c *testkit.Client, email string) *testkit.Answer {
	return c.Post("/sign-in/email", map[string]string{"email": email, "password": testkit.Password})
}

func TestASignInIsRemembered(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	if c.Cookies[cookie] != "email" {
		t.Fatalf("after the sign-up the browser has %v", c.Cookies)
	}
	got := signIn(s.Client(), "a@example.com").Is(200, "").Cookie(cookie)
	if got == nil || got.Value != "email" || got.HttpOnly || got.MaxAge != 30*24*3600 || got.Path != "/" {
		t.Fatalf("the cookie is %v", got)
	}
	c.Post("/sign-out", nil).Is(200, "")
	if c.Cookies[cookie] != "email" {
		t.Fatal("signing out forgets it")
	}
	page := s.Client()
	page.Form("./login", map[string][]string{"email": {"a@example.com"}, "password": {testkit.Password}})
	if page.Cookies[cookie] != "email" {
		t.Fatalf("after the page the browser has %v", page.Cookies)
	}
}

func TestWhatIsNoSignInLeavesIt(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	delete(c.Cookies, cookie)
	for name, a := range map[string]*testkit.Answer{
		"a wrong password": c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "wrong-password"}).Is(401, ""),
		"a read":           c.Get("/get-session").Is(200, ""),
		"a new password": c.Post("/change-password", map[string]any{
			"currentPassword": testkit.Password, "newPassword": testkit.Password + "2", "revokeOtherSessions": true,
		}).Is(200, ""),
	} {
		if a.Cookie(cookie) != nil {
			t.Errorf("%s sets it", name)
		}
	}
}

func TestNameAndAgeAreConfigured(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[last_login_method]\ncookie_name = \"last\"\nmax_age = \"1h\"\n")
	s.SignUp("a@example.com")
	a := signIn(s.Client(), "a@example.com").Is(200, "")
	if got := a.Cookie("last"); got == nil || got.MaxAge != 3600 || a.Cookie(cookie) != nil {
		t.Fatalf("the cookies are %v", a.Cookies)
	}
}

func TestItIsKeptWithTheUser(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[last_login_method]\nstore_in_database = true\n")
	a := s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	if got := a.Field("user.lastLoginMethod"); got != "email" {
		t.Fatalf("the sign-up tells %q", got)
	}
	c := s.SignIn("a@example.com")
	if got := c.Get("/get-session").Field("user.lastLoginMethod"); got != "email" {
		t.Fatalf("the session tells %q", got)
	}
	c.Post("/update-user", map[string]string{"lastLoginMethod": "passkey"}).Is(400, "FIELD_NOT_ALLOWED")
}

func TestOff(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[last_login_method]\nenabled = false\nstore_in_database = true\n")
	c := s.SignUp("a@example.com")
	if c.Cookies[cookie] != "" {
		t.Fatal("it is remembered")
	}
	if c.Get("/get-session").JSON().(map[string]any)["user"].(map[string]any)["lastLoginMethod"] != nil {
		t.Fatal("users have the field")
	}
}

func TestTheSignInPageMarksIt(t *testing.T) {
	t.Parallel()
	const github = "[social_providers.github]\nclient_id = \"a\"\nclient_secret = \"b\"\n"
	for name, test := range map[string]struct {
		toml, used string
		marks      int
	}{
		"a password":             {github, "email", 1},
		"a provider":             {github, "github", 1},
		"what is not there":      {github, "google", 0},
		"nothing":                {github, "", 0},
		"the only way there is":  {"[passkey]\nenabled = false\n", "email", 0},
		"somebody else's markup": {github, "<b>github</b>", 0},
		"off":                    {github + "[last_login_method]\nenabled = false\n", "github", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, test.toml)
			c := s.Client()
			if test.used != "" {
				c.Cookies[cookie] = test.used
			}
			page := c.Get("./login").Is(200, "")
			if got := strings.Count(page.Body, "Last used"); got != test.marks || strings.Contains(page.Body, "<b>") {
				t.Fatalf("%d marks", got)
			}
		})
	}
}
