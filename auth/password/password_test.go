package password_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const verified = "[email_and_password]\nrequire_email_verification = true\n"

func TestAWrongPasswordAndAnUnknownAddressLookTheSame(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	wrong := s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "wrong-password"}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	unknown := s.Client().Post("/sign-in/email", map[string]string{"email": "b@example.com", "password": "wrong-password"}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	if wrong.Body != unknown.Body || len(wrong.Cookies) != 0 || len(unknown.Cookies) != 0 {
		t.Fatalf("%s %v\n%s %v", wrong.Body, wrong.Cookies, unknown.Body, unknown.Cookies)
	}
}

func TestSignUpRefusals(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("taken@example.com")
	for name, c := range map[string]struct {
		body   map[string]any
		status int
		code   string
	}{
		"seven characters are too few":         {map[string]any{"email": "a@example.com", "password": "1234567", "name": "A"}, 400, "PASSWORD_TOO_SHORT"},
		"129 characters are too many":          {map[string]any{"email": "a@example.com", "password": strings.Repeat("x", 129), "name": "A"}, 400, "PASSWORD_TOO_LONG"},
		"a surrogate pair counts as two":       {map[string]any{"email": "a@example.com", "password": strings.Repeat("😀", 65), "name": "A"}, 400, "PASSWORD_TOO_LONG"},
		"an address has a domain":              {map[string]any{"email": "a@example", "password": testkit.Password, "name": "A"}, 400, "VALIDATION_ERROR"},
		"an address is taken in any case":      {map[string]any{"email": "TAKEN@example.com", "password": testkit.Password, "name": "A"}, 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"},
		"nobody makes themselves an admin":     {map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "role": "admin"}, 400, "FIELD_NOT_ALLOWED"},
		"nobody is sent to a foreign site":     {map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "callbackURL": "https://evil.example"}, 403, "INVALID_CALLBACK_URL"},
		"a callback is a text":                 {map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "callbackURL": 5}, 400, ""},
		"what is missing is named":             {map[string]any{}, 400, "VALIDATION_ERROR"},
		"what is of the wrong type is refused": {map[string]any{"email": []string{"a@example.com"}, "password": testkit.Password, "name": "A"}, 400, "VALIDATION_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.Client().Post("/sign-up/email", c.body).Is(c.status, c.code)
			if len(a.Cookies) != 0 {
				t.Fatal("a cookie was set")
			}
			s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(401, "")
		})
	}
}

func TestSignUpMayBeClosed(t *testing.T) {
	s := testkit.Start(t, "[email_and_password]\ndisable_sign_up = true\n")
	s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(400, "EMAIL_PASSWORD_SIGN_UP_DISABLED")
}

func TestWhereAddressesMustBeVerifiedADuplicateSignUpTellsNothing(t *testing.T) {
	s := testkit.Start(t, verified)
	first := s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	again := s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": "another-password", "name": "A"}).Is(200, "")
	if first.Field("token") != "" || again.Field("token") != "" || len(first.Cookies)+len(again.Cookies) != 0 {
		t.Fatal("somebody was signed in")
	}
	if len(first.Body) != len(again.Body) {
		t.Fatalf("the answers differ:\n%s\n%s", first.Body, again.Body)
	}
	if len(s.Mails("verify-email")) != 1 || len(s.Mails("existing-user-sign-up")) != 1 {
		t.Fatal("the owner of the address was not told")
	}
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "another-password"}).Is(401, "")
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(403, "EMAIL_NOT_VERIFIED")

	c := s.Client()
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(200, "")
}

func TestAResetLinkWorksOnceAndEndsSessions(t *testing.T) {
	s := testkit.Start(t, "")
	old := s.SignUp("a@example.com")
	s.Client().Post("/request-password-reset", map[string]string{"email": "A@Example.com", "redirectTo": "/reset"}).Is(200, "")
	token := s.Token("reset-password")

	to := s.Client().Get("/reset-password/"+token+"?callbackURL=/reset").Is(302, "").Header.Get("Location")
	if to != s.URL+"/reset?token="+token {
		t.Fatalf("led to %s", to)
	}
	s.Client().Post("/reset-password", map[string]string{"newPassword": "short", "token": token}).Is(400, "PASSWORD_TOO_SHORT")
	s.Client().Post("/reset-password", map[string]string{"newPassword": "a-new-password", "token": token}).Is(200, "")
	s.Client().Post("/reset-password", map[string]string{"newPassword": "another-password", "token": token}).Is(400, "INVALID_TOKEN")
	if old.Get("/get-session").Body != "null" {
		t.Fatal("the old session lives on")
	}
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(401, "")
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "a-new-password"}).Is(200, "")
	if len(s.Mails("password-reset")) != 1 {
		t.Fatal("the owner was not told")
	}
}

func TestResetLinksThatDoNotWork(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	request := func() string {
		s.Client().Post("/request-password-reset", map[string]string{"email": "a@example.com"}).Is(200, "")
		return s.Token("reset-password")
	}
	expired := request()
	s.Clock.Advance(time.Hour)
	used, sibling := request(), request()
	s.Client().Post("/reset-password", map[string]string{"newPassword": "a-new-password", "token": used}).Is(200, "")
	for name, token := range map[string]string{
		"expired": expired, "used": used, "asked for before another was used": sibling, "unknown": "nope", "empty": "",
	} {
		t.Run(name, func(t *testing.T) {
			s.Client().Post("/reset-password", map[string]string{"newPassword": "evil-password", "token": token}).Is(400, "INVALID_TOKEN")
			s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "a-new-password"}).Is(200, "")
			to := s.Client().Get("/reset-password/"+url.PathEscape(token+"x")+"?callbackURL=/r").Is(302, "").Header.Get("Location")
			if to != s.URL+"/r?error=INVALID_TOKEN" {
				t.Fatal(to)
			}
		})
	}
}

func TestAskingForAResetTellsNothingOfTheAddress(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	known := s.Client().Post("/request-password-reset", map[string]string{"email": "a@example.com"}).Is(200, "")
	unknown := s.Client().Post("/request-password-reset", map[string]string{"email": "b@example.com"}).Is(200, "")
	if known.Body != unknown.Body || len(s.Mails("reset-password")) != 1 {
		t.Fatal("known and unknown addresses differ")
	}
	s.Client().Post("/request-password-reset", map[string]string{"email": "a@example.com", "redirectTo": "https://evil.example"}).Is(403, "INVALID_REDIRECT_URL")
}

func TestChangingThePassword(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	other := s.SignIn("a@example.com")
	c.Post("/change-password", map[string]any{"currentPassword": "wrong-password", "newPassword": "a-new-password"}).Is(400, "INVALID_PASSWORD")
	c.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "short"}).Is(400, "PASSWORD_TOO_SHORT")
	a := c.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "a-new-password"}).Is(200, "")
	if a.Field("token") != "" || other.Get("/get-session").Body == "null" {
		t.Fatal("sessions must stay unless asked otherwise")
	}
	before := c.Cookies["better-auth.session_token"]
	a = c.Post("/change-password", map[string]any{"currentPassword": "a-new-password", "newPassword": testkit.Password, "revokeOtherSessions": true}).Is(200, "")
	if a.Field("token") == "" || c.Cookies["better-auth.session_token"] == before {
		t.Fatal("the caller needs a new session")
	}
	if other.Get("/get-session").Body != "null" || c.Get("/get-session").Body == "null" {
		t.Fatal("the other session must end, the caller's go on")
	}
	if len(s.Mails("password-changed")) != 2 {
		t.Fatal("the owner was not told")
	}
}

func TestPasswordsOfBetterAuthAndBcryptWorkAndAreRehashed(t *testing.T) {
	s := testkit.Start(t, "")
	user := s.SignUp("a@example.com").Get("/get-session").Field("user.id")
	for name, hash := range map[string]string{
		// Made with better-auth's parameters by Node's scrypt, and with htpasswd.
		"scrypt": scryptHash,
		"bcrypt": bcryptHash,
	} {
		t.Run(name, func(t *testing.T) {
			setHash(t, s, user, hash)
			s.SignIn("a@example.com")
			now, err := s.Core.PasswordHash(t.Context(), s.Core.DB, user)
			if err != nil || !strings.HasPrefix(now, "$argon2id$") {
				t.Fatalf("stored: %.12s…, %v", now, err)
			}
			s.SignIn("a@example.com")
		})
	}
}

func TestABannedPersonCannotSignInAndLosesTheSession(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	if _, err := s.Admin.Ban(t.Context(), "a@example.com", "spam", nil); err != nil {
		t.Fatal(err)
	}
	if c.Get("/get-session").Body != "null" {
		t.Fatal("the session lives on")
	}
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(403, "BANNED_USER")
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "wrong-password"}).Is(401, "")
	if _, err := s.Admin.Unban(t.Context(), "a@example.com"); err != nil {
		t.Fatal(err)
	}
	s.SignIn("a@example.com")
}
