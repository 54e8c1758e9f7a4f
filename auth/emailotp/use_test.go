package emailotp_test

import (
	"strings"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// What codes are used for.

func TestAnAddressIsProvenByACode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.SignUp("a@example.com")
	send(s, "email-verification", "a@example.com")
	a := s.Client().Post("/email-otp/verify-email", body{"email": "a@example.com", "otp": code(t, s)}).Is(200, "")
	if a.Field("status") != "true" || a.Field("token") != "" || a.Field("user.emailVerified") != "true" || len(a.Cookies) != 0 {
		t.Fatal(a.Body)
	}
	if c.Get("/get-session").Field("user.emailVerified") != "true" {
		t.Fatal("it is not proven")
	}
	c.Post("/sign-in/email", body{"email": "a@example.com", "password": testkit.Password}).Is(200, "") // nothing was taken away
}

func TestProvingAnAddressMaySignIn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"[email_verification]\nauto_sign_in_after_verification = true\n")
	s.SignUp("a@example.com")
	send(s, "email-verification", "a@example.com")
	c := s.Client()
	a := c.Post("/email-otp/verify-email", body{"email": "a@example.com", "otp": code(t, s)}).Is(200, "")
	if a.Field("token") == "" || c.Get("/get-session").Field("session.token") != a.Field("token") {
		t.Fatal(a.Body)
	}
}

func TestCodesAtSignUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		toml         string
		codes, links int
	}{
		"none unless asked for":                       {"", 0, 1},
		"beside the link":                             {"send_verification_on_sign_up = true\n", 1, 1},
		"in place of the link":                        {"override_default_email_verification = true\n", 1, 0},
		"one is enough where both would send the one": {"send_verification_on_sign_up = true\noverride_default_email_verification = true\n", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, on+c.toml+"[email_verification]\nsend_on_sign_up = true\n[email_and_password]\nrequire_email_verification = true\n")
			s.SignUp("a@example.com")
			if codes, links := len(s.Mails("email-otp")), len(s.Mails("verify-email")); codes != c.codes || links != c.links {
				t.Fatalf("%d codes and %d links", codes, links)
			}
			if c.codes == 0 {
				return
			}
			s.Client().Post("/email-otp/verify-email", body{"email": "a@example.com", "otp": code(t, s)}).Is(200, "")
			s.SignIn("a@example.com")
		})
	}
}

func TestAForgottenPasswordIsReplacedByACode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	before := s.SignUp("a@example.com")
	for _, path := range []string{"/email-otp/request-password-reset", "/forget-password/email-otp"} {
		s.Client().Post(path, body{"email": "a@example.com"}).Is(200, "")
	}
	reset := func(code, password string) *testkit.Answer {
		return s.Client().Post("/email-otp/reset-password", body{"email": "a@example.com", "otp": code, "password": password})
	}
	right := code(t, s)
	reset(right, "short").Is(400, "PASSWORD_TOO_SHORT")
	reset(right, strings.Repeat("x", 129)).Is(400, "PASSWORD_TOO_LONG")
	reset(wrong(right), "another-password").Is(400, "INVALID_OTP")
	s.SignIn("a@example.com")
	reset(right, "another-password").Is(200, "")
	s.Client().Post("/sign-in/email", body{"email": "a@example.com", "password": testkit.Password}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	s.Client().Post("/sign-in/email", body{"email": "a@example.com", "password": "another-password"}).Is(200, "")
	if before.Get("/get-session").Body != "null" || len(s.Mails("password-reset")) != 1 {
		t.Fatal("who lost the password keeps a session, or hears nothing")
	}
	reset(right, "third-password").Is(400, "INVALID_OTP")
}

func TestAnAddressIsReplacedByACode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"[email_otp.change_email]\nenabled = true\n")
	c := s.SignUp("a@example.com")
	s.SignUp("taken@example.com")
	ask := func(c *testkit.Client, email string) *testkit.Answer {
		return c.Post("/email-otp/request-email-change", body{"newEmail": email})
	}
	change := func(c *testkit.Client, email, code string) *testkit.Answer {
		return c.Post("/email-otp/change-email", body{"newEmail": email, "otp": code})
	}
	ask(s.Client(), "b@example.com").Is(401, "")
	ask(c, "nonsense").Is(400, "INVALID_EMAIL")
	ask(c, "a@example.com").Is(400, "")
	if taken := ask(c, "taken@example.com").Is(200, ""); taken.Body != `{"success":true}` || len(s.Mails("email-otp")) != 0 {
		t.Fatal("it is told that an address is somebody's")
	}
	ask(c, "b@example.com").Is(200, "")
	right := code(t, s)
	other := s.SignIn("taken@example.com")
	change(other, "b@example.com", right).Is(400, "INVALID_OTP")
	change(c, "c@example.com", right).Is(400, "INVALID_OTP")
	change(c, "b@example.com", wrong(right)).Is(400, "INVALID_OTP")
	a := change(c, "b@example.com", right).Is(200, "")
	if a.Body != `{"success":true}` || a.Cookie("better-auth.session_token") == nil {
		t.Fatal(a.Body)
	}
	if got := c.Get("/get-session"); got.Field("user.email") != "b@example.com" || got.Field("user.emailVerified") != "true" || user(t, s, "a@example.com") != nil {
		t.Fatal(got.Body)
	}
	change(c, "d@example.com", right).Is(400, "INVALID_OTP")
	// Somebody took the address after the code was sent.
	ask(c, "late@example.com").Is(200, "")
	right = code(t, s)
	s.SignUp("late@example.com")
	if got := change(c, "late@example.com", right).Is(400, ""); got.Field("message") != "Email already in use" {
		t.Fatal(got.Body)
	}
}

func TestReplacingAnAddressMayTakeACodeOfTheCurrentOne(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"[email_otp.change_email]\nenabled = true\nverify_current_email = true\n")
	c := s.SignUp("a@example.com")
	ask := func(code string) *testkit.Answer {
		b := body{"newEmail": "b@example.com"}
		if code != "" {
			b["otp"] = code
		}
		return c.Post("/email-otp/request-email-change", b)
	}
	if got := ask("").Is(400, ""); got.Field("message") != "OTP is required to verify current email" {
		t.Fatal(got.Body)
	}
	send(s, "email-verification", "a@example.com")
	current := code(t, s)
	ask(wrong(current)).Is(400, "INVALID_OTP")
	if len(s.Mails("email-otp")) != 1 {
		t.Fatal("the new address was written to")
	}
	ask(current).Is(200, "")
	ask(current).Is(400, "INVALID_OTP")
	c.Post("/email-otp/change-email", body{"newEmail": "b@example.com", "otp": code(t, s)}).Is(200, "")
}

func TestReplacingIsOffUnlessAskedFor(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.SignUp("a@example.com")
	for _, path := range []string{"/email-otp/request-email-change", "/email-otp/change-email"} {
		if got := c.Post(path, body{"newEmail": "b@example.com", "otp": "123456"}).Is(400, ""); got.Field("message") != "Change email with OTP is disabled" {
			t.Fatal(got.Body)
		}
	}
}

func TestTheOperatorMakesACodeAndCannotReadOne(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	_, secret, err := s.Operators.Create(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	about := body{"email": "a@example.com", "type": "sign-in"}
	c.Post("./api/operator/createVerificationOTP", about).Is(401, "UNAUTHORIZED")
	c.Header.Set("Authorization", "Bearer "+secret)
	if got := c.Post("./api/operator/getVerificationOTP", about).Is(200, ""); got.Body != `{"otp":null}` {
		t.Fatal(got.Body)
	}
	made, ok := c.Post("./api/operator/createVerificationOTP", about).Is(200, "").JSON().(string)
	if !ok || len(made) != 6 || len(s.Mails("email-otp")) != 0 {
		t.Fatal(made)
	}
	if got := c.Post("./api/operator/getVerificationOTP", about).Is(400, ""); strings.Contains(got.Body, made) {
		t.Fatal(got.Body)
	}
	signIn(s.Client(), "a@example.com", made).Is(200, "")
}

// TestSquatterIsShutOut: an attacker registers the victim's address; when the
// victim comes by a code, nothing of the attacker's opens the account any more.
func TestSquatterIsShutOut(t *testing.T) {
	t.Parallel()
	for name, claim := range map[string]func(t *testing.T, s *testkit.Server) *testkit.Client{
		"who signs in": func(t *testing.T, s *testkit.Server) *testkit.Client {
			send(s, "sign-in", "victim@example.com")
			c := s.Client()
			signIn(c, "victim@example.com", code(t, s)).Is(200, "")
			return c
		},
		"who resets the password": func(t *testing.T, s *testkit.Server) *testkit.Client {
			c := s.Client()
			c.Post("/email-otp/request-password-reset", body{"email": "victim@example.com"}).Is(200, "")
			c.Post("/email-otp/reset-password", body{"email": "victim@example.com", "otp": code(t, s), "password": "victims-own-password"}).Is(200, "")
			c.Post("/sign-in/email", body{"email": "victim@example.com", "password": "victims-own-password"}).Is(200, "")
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, on+"[email_and_password]\nrevoke_sessions_on_password_reset = false\n")
			attacker := s.SignUp("victim@example.com")
			squatted := user(t, s, "victim@example.com")
			err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
				_, err := s.Core.LinkAccount(t.Context(), tx, squatted.ID, &core.Identity{ProviderID: "mock", AccountID: "attackers"})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Client().Post("/request-password-reset", body{"email": "victim@example.com"}).Is(200, "")
			reset := s.Token("reset-password")
			victim := claim(t, s)
			if got := victim.Get("/get-session"); got.Field("user.id") != squatted.ID || got.Field("user.emailVerified") != "true" {
				t.Fatal(got.Body)
			}
			if attacker.Get("/get-session").Body != "null" {
				t.Fatal("the attacker is still signed in")
			}
			left, err := s.Core.Accounts(t.Context(), s.Core.DB, squatted.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range left {
				if a.ProviderID != "credential" {
					t.Fatalf("%+v is left", a)
				}
			}
			s.Client().Post("/sign-in/email", body{"email": "victim@example.com", "password": testkit.Password}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
			s.Client().Post("/reset-password", body{"newPassword": testkit.Password, "token": reset}).Is(400, "INVALID_TOKEN")
		})
	}
}

func TestACodeForSomebodyWhoHasGone(t *testing.T) {
	t.Parallel()
	for kind, path := range map[string]string{"email-verification": "/email-otp/verify-email", "forget-password": "/email-otp/reset-password"} {
		s := testkit.Start(t, on)
		s.SignUp("a@example.com")
		send(s, kind, "a@example.com")
		right := code(t, s)
		err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
			_, err := s.Core.DeleteUser(t.Context(), tx, user(t, s, "a@example.com").ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Client().Post(path, body{"email": "a@example.com", "otp": right, "password": "another-password"}).Is(400, "USER_NOT_FOUND")
	}
}
