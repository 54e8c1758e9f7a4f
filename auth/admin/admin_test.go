package admin_test

import (
	"errors"
	"testing"
	"time"

	"authd/auth/admin"
	"authd/auth/internal/testkit"
)

func TestWhatAnAdministratorCannotMake(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("taken@example.com")
	for name, c := range map[string]struct {
		user admin.NewUser
		want error
	}{
		"an address without a domain": {admin.NewUser{Email: "a"}, admin.ErrInvalidEmail},
		"a taken address":             {admin.NewUser{Email: "Taken@example.com"}, admin.ErrUserExists},
		"a role with a blank":         {admin.NewUser{Email: "a@example.com", Role: "a b"}, admin.ErrInvalidRole},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Admin.Create(t.Context(), c.user); !errors.Is(err, c.want) {
				t.Fatalf("got %v", err)
			}
		})
	}
	if users, err := s.Admin.List(t.Context(), "", 10); err != nil || len(users) != 1 {
		t.Fatalf("%d users, %v", len(users), err)
	}
}

func TestABanEndsByItself(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	until := s.Clock.Now(t.Context()).Add(time.Hour)
	if _, err := s.Admin.Ban(t.Context(), "a@example.com", "", &until); err != nil {
		t.Fatal(err)
	}
	body := map[string]string{"email": "a@example.com", "password": testkit.Password}
	s.Client().Post("/sign-in/email", body).Is(403, "BANNED_USER")
	s.Clock.Advance(time.Hour)
	s.Client().Post("/sign-in/email", body).Is(200, "")
}

func TestSigningOutAndDeletingEndAllAccess(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	if _, err := s.Admin.SignOut(t.Context(), "a@example.com"); err != nil {
		t.Fatal(err)
	}
	if c.Get("/get-session").Body != "null" {
		t.Fatal("the session lives on")
	}
	c = s.SignIn("a@example.com")
	if _, err := s.Admin.Delete(t.Context(), "a@example.com"); err != nil {
		t.Fatal(err)
	}
	if c.Get("/get-session").Body != "null" {
		t.Fatal("the session outlived its user")
	}
	s.SignUp("a@example.com") // the address is free again
	if _, err := s.Admin.Find(t.Context(), "nobody@example.com"); !errors.Is(err, admin.ErrUserNotFound) {
		t.Fatal(err)
	}
}

func TestRolesAreSetAsTheyAreGiven(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	if _, err := s.Admin.SetRole(t.Context(), "a@example.com", "admin,editor"); err != nil {
		t.Fatal(err)
	}
	if got := c.Get("/get-session").Field("user.role"); got != "admin,editor" {
		t.Fatal(got)
	}
	if done, err := s.Setup.Done(t.Context()); !done || err != nil {
		t.Fatal("an administrator was made, and set-up still waits for one")
	}
}
