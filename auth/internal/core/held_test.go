package core_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// holding is a server on which every sign-in of that method waits.
func holding(t *testing.T, method string) *testkit.Server {
	s := testkit.Start(t, "[email_verification]\nauto_sign_in_after_verification = true\n")
	s.Core.Hold = func(ctx context.Context, tx *store.Tx, in *core.SignIn) (*core.Held, error) {
		if in.Method != method {
			return nil, nil
		}
		return &core.Held{Challenge: "2fa-challenge", Life: time.Minute, Methods: []string{"totp"}}, s.Core.SaveSetting(ctx, tx, "held", in.User.Email)
	}
	return s
}

func waits(t *testing.T, s *testkit.Server, a *testkit.Answer) {
	t.Helper()
	for _, name := range []string{"better-auth.session_token", "better-auth.session_data"} {
		if ck := a.Cookie(name); ck == nil || ck.MaxAge >= 0 {
			t.Errorf("%s was not taken away: %v", name, ck)
		}
	}
	ck := a.Cookie("better-auth.two_factor")
	if ck == nil || ck.MaxAge != 60 || !ck.HttpOnly {
		t.Fatalf("the challenge is %v", ck)
	}
	if value, _ := url.QueryUnescape(ck.Value); !strings.HasPrefix(value, "2fa-challenge.") {
		t.Errorf("the challenge is %q", value)
	}
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, "a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if sessions, err := s.Core.Sessions(t.Context(), s.Core.DB, u.ID); err != nil || len(sessions) != 0 {
		t.Errorf("there are %d sessions, %v", len(sessions), err)
	}
	if held, err := s.Core.Setting(t.Context(), s.Core.DB, "held"); err != nil || held != u.Email {
		t.Errorf("what was written with the challenge did not stay: %q, %v", held, err)
	}
}

func TestAnAppIsToldThatASignInWaits(t *testing.T) {
	s := holding(t, "email")
	a := signUp(s, "a@example.com").Is(200, "")
	waits(t, s, a)
	if got := a.Body; got != `{"twoFactorRedirect":true,"twoFactorMethods":["totp"]}` {
		t.Errorf("answered %s", got)
	}
	a = s.Client().Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "callbackURL": "/on"}).Is(200, "")
	waits(t, s, a)
	if a.Header.Get("Location") != "" || a.Header.Get("set-auth-token") != "" {
		t.Errorf("sent on with %v", a.Header)
	}
}

func TestAPersonWhoseSignInWaitsIsSentToThePageForIt(t *testing.T) {
	s := holding(t, "email")
	signUp(s, "a@example.com").Is(200, "")
	form := url.Values{"email": {"a@example.com"}, "password": {testkit.Password}, "return_to": {"/account/apps"}, "ui_locales": {"de"}}
	a := s.Client().Form("./login", form).Is(303, "")
	waits(t, s, a)
	if got := a.Header.Get("Location"); got != "/two-factor?return_to=%2Faccount%2Fapps&ui_locales=de" {
		t.Errorf("sent to %s", got)
	}
}

func TestALinkWhoseSignInWaitsIsUsedUp(t *testing.T) {
	s := holding(t, "verify-email")
	s.SignUp("a@example.com").Post("/sign-out", nil).Is(200, "")
	s.Client().Post("/send-verification-email", map[string]string{"email": "a@example.com"}).Is(200, "")
	token := s.Token("verify-email")
	a := s.Client().Get("/verify-email?callbackURL=%2Faccount&token="+token).Is(303, "")
	waits(t, s, a)
	if got := a.Header.Get("Location"); !strings.HasSuffix(got, "/two-factor") {
		t.Errorf("sent to %s", got)
	}
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, "a@example.com")
	if err != nil || !u.EmailVerified {
		t.Fatalf("the address is not proven: %v", err)
	}
	if a := s.Client().Get("/verify-email?token="+token).Is(200, ""); a.Cookie("better-auth.two_factor") != nil {
		t.Error("the link began another sign-in")
	}
}

func TestWhoHasASessionIsNotAskedAgain(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	s.Core.Hold = func(context.Context, *store.Tx, *core.SignIn) (*core.Held, error) {
		t.Error("asked")
		return nil, nil
	}
	c.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": testkit.Password + "2", "revokeOtherSessions": true}).Is(200, "")
	if c.Get("/get-session").Is(200, "").Field("user.email") != "a@example.com" {
		t.Error("signed out")
	}
}
