package core_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

var errRefused = &api.Error{Status: http.StatusForbidden, Code: "REFUSED", Message: "no"}

func signUp(s *testkit.Server, email string) *testkit.Answer {
	return s.Client().Post("/sign-up/email", map[string]any{"email": email, "password": testkit.Password, "name": "A"})
}

func nobody(t *testing.T, s *testkit.Server, email string) {
	t.Helper()
	if _, err := s.Core.UserByEmail(t.Context(), s.Core.DB, email); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("there is a user %s, or %v", email, err)
	}
}

func TestWhoeverIsAskedBeforeASignUpMayRefuseIt(t *testing.T) {
	s := testkit.Start(t, "")
	var asked []core.SignUp
	s.Core.SignUpChecks = append(s.Core.SignUpChecks, func(_ context.Context, in *core.SignUp) error {
		asked = append(asked, *in)
		if in.Email == "b@example.com" {
			return errRefused
		}
		return nil
	})
	s.Core.SigningUp.On(func(_ context.Context, _ *store.Tx, in *core.SignUp) error {
		if in.Email == "c@example.com" {
			return errRefused
		}
		return nil
	})
	signUp(s, "A@example.com").Is(200, "")
	for _, email := range []string{"b@example.com", "c@example.com"} {
		if a := signUp(s, email).Is(403, "REFUSED"); len(a.Cookies) != 0 {
			t.Fatal("a cookie was set")
		}
		nobody(t, s, email)
	}
	if in := asked[0]; in.Email != "a@example.com" || in.Method != "email" || !in.Requested || in.IP == "" {
		t.Fatalf("asked with %+v", in)
	}
}

func TestASignUpThatNobodyCheckedMakesNobody(t *testing.T) {
	s := testkit.Start(t, "")
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.SignUp(t.Context(), tx, &core.SignUp{Name: "A", Email: "a@example.com"})
		return err
	})
	if err == nil {
		t.Fatal("it was let through")
	}
	nobody(t, s, "a@example.com")
}

func TestWhoeverIsAskedBeforeASignInMayRefuseIt(t *testing.T) {
	s := testkit.Start(t, "")
	caller := s.SignUp("a@example.com")
	var methods []string
	s.Core.SignInChecks = append(s.Core.SignInChecks, func(_ context.Context, in *core.SignIn) error {
		methods = append(methods, in.Method)
		return errRefused
	})
	if a := s.Client().Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": testkit.Password}).Is(403, "REFUSED"); len(a.Cookies) != 0 {
		t.Fatal("a cookie was set")
	}
	// What takes the place of a session, and a sign-up that signs in, are no sign-ins.
	caller.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "a-new-password", "revokeOtherSessions": true}).Is(200, "")
	s.SignUp("b@example.com")
	if len(methods) != 1 || methods[0] != "email" {
		t.Fatalf("asked at %v", methods)
	}
}

func TestWhoGetsNoSession(t *testing.T) {
	s := testkit.Start(t, "[email_and_password]\nrequire_email_verification = true\n")
	now := s.Clock.Now(t.Context())
	past := now.Add(-1)
	for name, c := range map[string]struct {
		user core.User
		want error
	}{
		"somebody with a verified address gets one":  {core.User{EmailVerified: true}, nil},
		"a ban that is over does not count":          {core.User{EmailVerified: true, Banned: true, BanExpires: &past}, nil},
		"nobody who is banned":                       {core.User{EmailVerified: true, Banned: true}, core.ErrBanned},
		"nobody before the address is verified":      {core.User{}, core.ErrNotVerified},
		"nobody before an administrator agrees":      {core.User{EmailVerified: true, Pending: true}, core.ErrPending},
		"the address comes before the administrator": {core.User{Pending: true}, core.ErrNotVerified},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Core.Barred(t.Context(), &c.user); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The gate is core's, so that no way to sign in can forget it.
func TestTheGateStandsBeforeEverySession(t *testing.T) {
	s := testkit.Start(t, "[email_and_password]\nrequire_email_verification = true\n")
	for name, c := range map[string]struct {
		user core.NewUser
		want error
	}{
		"an unverified address":            {core.NewUser{Email: "a@example.com"}, core.ErrNotVerified},
		"somebody who waits to be let in":  {core.NewUser{Email: "b@example.com", EmailVerified: true, Pending: true}, core.ErrPending},
		"somebody with a verified address": {core.NewUser{Email: "c@example.com", EmailVerified: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var user *core.User
			err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) (err error) {
				user, err = s.Core.CreateUser(t.Context(), tx, c.user)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Core.Begin(t.Context(), &core.SignIn{User: user, Method: "some-provider"}, nil)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			sessions, err := s.Core.Sessions(t.Context(), s.Core.DB, user.ID)
			if err != nil || (len(sessions) == 1) != (c.want == nil) {
				t.Fatalf("%d sessions, %v", len(sessions), err)
			}
		})
	}
}
