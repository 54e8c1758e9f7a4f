package user_test

import (
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

func ask(s *testkit.Server, email string) {
	s.Client().Post("/send-verification-email", map[string]string{"email": email, "callbackURL": "/v"}).Is(200, "")
}

func TestAVerificationLinkProvesTheAddressOnce(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	ask(s, "a@example.com")
	token := s.Token("verify-email")
	if to := s.Client().Get("/verify-email?token="+token+"&callbackURL=/v").Is(302, "").Header.Get("Location"); to != "/v" {
		t.Fatalf("led to %s", to)
	}
	if c.Get("/get-session").Field("user.emailVerified") != "true" {
		t.Fatal("the address is not verified")
	}
	// A second click is no error: the address is verified.
	if to := s.Client().Get("/verify-email?token="+token+"&callbackURL=/v").Is(302, "").Header.Get("Location"); to != "/v" {
		t.Fatalf("led to %s", to)
	}
	c.Post("/send-verification-email", map[string]string{"email": "a@example.com"}).Is(400, "EMAIL_ALREADY_VERIFIED")
}

func TestVerificationLinksThatDoNotWork(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	ask(s, "a@example.com")
	expired := s.Token("verify-email")
	s.Clock.Advance(time.Hour)
	s.Client().Post("/request-password-reset", map[string]string{"email": "a@example.com"}).Is(200, "")
	for name, token := range map[string]string{"unknown": "bad", "empty": "", "for another purpose": s.Token("reset-password")} {
		t.Run(name, func(t *testing.T) {
			s.Client().Get("/verify-email?token="+token).Is(401, "INVALID_TOKEN")
			if to := s.Client().Get("/verify-email?token="+token+"&callbackURL=/v?x=1").Is(302, "").Header.Get("Location"); to != "/v?error=INVALID_TOKEN&x=1" {
				t.Fatalf("led to %s", to)
			}
			if c.Get("/get-session").Field("user.emailVerified") != "false" {
				t.Fatal("the address was verified")
			}
		})
	}
	s.Client().Get("/verify-email?token="+expired).Is(401, "TOKEN_EXPIRED")
	if to := s.Client().Get("/verify-email?token="+expired+"&callbackURL=/v").Is(302, "").Header.Get("Location"); to != "/v?error=TOKEN_EXPIRED" {
		t.Fatalf("led to %s", to)
	}
	s.Client().Get("/verify-email?token=x&callbackURL=https://evil.example").Is(403, "INVALID_CALLBACK_URL")
}

func TestAskingForVerificationTellsNothingOfTheAddress(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	ask(s, "a@example.com")
	ask(s, "unknown@example.com")
	if n := len(s.Mails("verify-email")); n != 1 {
		t.Fatalf("%d mails", n)
	}
	s.SignIn("a@example.com").Post("/send-verification-email", map[string]string{"email": "b@example.com"}).Is(400, "EMAIL_MISMATCH")
}

func TestFollowingTheLinkSignsInWhereConfigured(t *testing.T) {
	s := testkit.Start(t, "[email_and_password]\nrequire_email_verification = true\n[email_verification]\nauto_sign_in_after_verification = true\n")
	s.Client().Post("/sign-up/email", map[string]string{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "")
	c := s.Client()
	token := s.Token("verify-email")
	c.Get("/verify-email?token="+token).Is(200, "")
	if c.Get("/get-session").Field("user.email") != "a@example.com" {
		t.Fatal("nobody is signed in")
	}
	again := s.Client()
	again.Get("/verify-email?token="+token).Is(200, "")
	if again.Get("/get-session").Body != "null" {
		t.Fatal("a used link signed in")
	}
}

func TestUpdatingTheProfile(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	c.Post("/update-user", map[string]any{"name": "Alice B", "image": "https://x.example/a.png"}).Is(200, "")
	a := c.Get("/get-session")
	if a.Field("user.name") != "Alice B" || a.Field("user.image") != "https://x.example/a.png" {
		t.Fatal(a.Body)
	}
	c.Post("/update-user", map[string]any{"image": nil}).Is(200, "")
	if a := c.Get("/get-session"); a.Field("user.image") != "" || a.Field("user.name") != "Alice B" {
		t.Fatal(a.Body)
	}
	c.Post("/update-user", map[string]any{}).Is(400, "")
	c.Post("/update-user", map[string]any{"email": "z@example.com"}).Is(400, "EMAIL_CAN_NOT_BE_UPDATED")
	c.Post("/update-user", map[string]any{"role": "admin"}).Is(400, "FIELD_NOT_ALLOWED")
	c.Post("/update-user", map[string]any{"name": 3}).Is(400, "VALIDATION_ERROR")
	s.Client().Post("/update-user", map[string]any{"name": "x"}).Is(401, "UNAUTHORIZED")
}
