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

const usernames = "[username]\nenabled = true\n"

func TestAUsernameIsChosenAtTheSignUp(t *testing.T) {
	hasNot(t, testkit.Start(t, "").Client().Get("./signup").Body, `name="username"`)
	s := testkit.Start(t, usernames)
	s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "username": "ada"}).Is(200, "")
	has(t, s.Client().Get("./signup").Body, `name="username"`, "3 to 30 letters")
	for name, says := range map[string]string{
		"ADA": "This username is taken.", "admin": "This username is taken.", "x": "Use at least 3 characters.", "grace hopper": "Use letters from a to z",
		strings.Repeat("x", 31): "Use at most 30 characters.",
	} {
		c := s.Client()
		a := form(c, "/signup", "name", "Grace", "email", "g@example.com", "username", name, "password", testkit.Password)
		shows(t, a, 422, "Create your account")
		has(t, a.Body, says, `value="`+name+`"`, `value="g@example.com"`)
		if signedIn(c) {
			t.Fatalf("%s: an account was made", name)
		}
	}
	grace := s.Client()
	form(grace, "/signup", "name", "Grace", "email", "g@example.com", "username", " Grace.H ", "password", testkit.Password).Is(303, "")
	if a := grace.Get("/get-session"); a.Field("user.username") != "grace.h" || a.Field("user.displayUsername") != "Grace.H" {
		t.Fatal(a.Body)
	}
	without := s.Client()
	form(without, "/signup", "name", "B", "email", "b@example.com", "username", "", "password", testkit.Password).Is(303, "")
	if a := without.Get("/get-session"); a.Field("user.username") != "" {
		t.Fatal(a.Body)
	}
}

func TestAUsernameIsChangedOnTheAccountPage(t *testing.T) {
	s := testkit.Start(t, usernames)
	s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "username": "ada"}).Is(200, "")
	c := s.SignUp("b@example.com")
	save := func(name string) *testkit.Answer { return form(c, "/account/profile", "name", "Bob", "username", name) }
	leads(t, save(""), "/account")
	for name, says := range map[string]string{"Ada": "This username is taken.", "b": "Use at least 3 characters."} {
		a := save(name).Is(422, "")
		has(t, a.Body, says, `value="`+name+`"`)
	}
	if a := c.Get("/get-session"); a.Field("user.username") != "" {
		t.Fatal(a.Body)
	}
	leads(t, save("Bob_B"), "/account")
	has(t, c.Get("./account").Body, `value="Bob_B"`)
	leads(t, save("BOB_b"), "/account")
	if a := c.Get("/get-session"); a.Field("user.username") != "bob_b" || a.Field("user.displayUsername") != "BOB_b" {
		t.Fatal(a.Body)
	}
	has(t, save("").Is(422, "").Body, "Enter a username.")
	c.Post("/update-user", map[string]any{"displayUsername": "The Bob"}).Is(200, "") // what is shown may be anything
	leads(t, save("bob_b"), "/account")
	if a := c.Get("/get-session"); a.Field("user.displayUsername") != "The Bob" {
		t.Fatal("saving what did not change changed it:", a.Body)
	}
}

func TestHowAUsernameIsShownIsChangedOnTheAccountPage(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, usernames)
	c := s.SignUp("a@example.com")
	hasNot(t, c.Get("./account").Body, "username_shown") // there is no name to show
	save := func(name, shown string) *testkit.Answer {
		return form(c, "/account/profile", "name", "Ada", "username", name, "username_shown", shown)
	}
	leads(t, save("ada", "ignored"), "/account")
	for _, step := range []struct{ name, shown, want string }{
		{"ada", "Countess Ada", "Countess Ada"},
		{"ada", "Countess Ada", "Countess Ada"}, // nothing changed
		{"ada", "", "ada"},                      // as it is written
		{"Lady_Ada", "ada", "Lady_Ada"},         // another name, and the same field as before
		{"countess", "The Countess", "The Countess"},
	} {
		leads(t, save(step.name, step.shown), "/account")
		has(t, c.Get("./account").Body, `name="username_shown" type="text" value="`+step.want+`"`)
		if a := c.Get("/get-session"); a.Field("user.displayUsername") != step.want || a.Field("user.username") != strings.ToLower(step.name) {
			t.Fatal(a.Body)
		}
	}
	for _, bad := range []string{"Ada\u202eevil", strings.Repeat("x", 256)} {
		has(t, save("countess", bad).Is(422, "").Body, "all of which can be seen")
	}
	if a := c.Get("/get-session"); a.Field("user.displayUsername") != "The Countess" {
		t.Fatal(a.Body)
	}
	kept := testkit.Start(t, usernames+"immutable_username = true\n")
	c = kept.SignUp("a@example.com")
	leads(t, save("ada", ""), "/account")
	leads(t, save("eve", "Countess Ada"), "/account")
	if a := c.Get("/get-session"); a.Field("user.displayUsername") != "Countess Ada" || a.Field("user.username") != "ada" {
		t.Fatal(a.Body)
	}
	off := testkit.Start(t, usernames+"display_username = false\n")
	c = off.SignUp("a@example.com")
	leads(t, save("ada", "Eve"), "/account")
	hasNot(t, c.Get("./account").Body, "username_shown")
}

func TestANameThatIsKeptIsNotAskedFor(t *testing.T) {
	s := testkit.Start(t, usernames+"immutable_username = true\n")
	c := s.SignUp("a@example.com")
	leads(t, form(c, "/account/profile", "name", "A", "username", "ada"), "/account")
	has(t, c.Get("./account").Body, `value="ada"`, "readonly")
	leads(t, form(c, "/account/profile", "name", "B", "username", "eve"), "/account")
	if a := c.Get("/get-session"); a.Field("user.username") != "ada" || a.Field("user.name") != "B" {
		t.Fatal(a.Body)
	}
}

func TestASignUpWithAPasskeyTakesAUsername(t *testing.T) {
	s := testkit.Start(t, usernames)
	c, a := s.Client(), s.Authenticator()
	person := []string{"name", "Ada", "email", "ada@example.com", "username", "Ada"}
	answer := said(t, a.Create(form(c, "/signup/passkey/options", person...).Is(200, "")))
	leads(t, form(c, "/signup/passkey", append(person, "credential", answer)...), "/account")
	if a := c.Get("/get-session"); a.Field("user.username") != "ada" || a.Field("user.displayUsername") != "Ada" {
		t.Fatal(a.Body)
	}
	other := []string{"name", "Eve", "email", "eve@example.com", "username", "ADA"}
	if form(s.Client(), "/signup/passkey/options", other...).Status == 200 {
		t.Error("options for a name that is taken")
	}
	has(t, form(s.Client(), "/signup/passkey", other...).Is(422, "").Body, "This username is taken.")
}
