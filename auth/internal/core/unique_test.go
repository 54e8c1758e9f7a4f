package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const nick = "[user.additional_fields.nick]\ntype = \"string\"\nunique = true\n"

// give sets one field of somebody, as whoever is signed in would.
func give(t *testing.T, c *testkit.Client, value any) *testkit.Answer {
	t.Helper()
	return c.Post("/update-user", map[string]any{"nick": value})
}

// holder is the address of who has the value of the field nick, "" for nobody.
func holder(t *testing.T, s *testkit.Server, value string) string {
	t.Helper()
	u, err := s.Core.UserByField(t.Context(), s.Core.DB, "nick", value)
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return u.Email
}

func TestNoTwoUsersHaveTheSameValueOfAUniqueField(t *testing.T) {
	s := testkit.Start(t, nick)
	a, b := s.SignUp("a@example.com"), s.SignUp("b@example.com")
	give(t, a, "one").Is(200, "")
	give(t, b, "one").Is(422, "FIELD_TAKEN")
	if got := holder(t, s, "one"); got != "a@example.com" {
		t.Fatalf("one is of %q", got)
	}
	if got := b.Get("/get-session").Body; strings.Contains(got, `"nick":"one"`) {
		t.Fatal("the refused value was kept: " + got)
	}
	s.Client().Post("/sign-up/email", map[string]any{"email": "c@example.com", "password": testkit.Password, "name": "C", "nick": "one"}).Is(422, "FIELD_TAKEN")
	nobody(t, s, "c@example.com")

	give(t, a, "two").Is(200, "")
	give(t, b, "one").Is(200, "") // who gives a value up leaves it to others
	give(t, a, "two").Is(200, "") // and may say again what they have
	give(t, b, nil).Is(200, "")
	if got := holder(t, s, "one") + holder(t, s, "two"); got != "a@example.com" {
		t.Fatal(got)
	}
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		u, err := s.Core.UserByEmail(t.Context(), tx, "a@example.com")
		if err == nil {
			_, err = s.Core.DeleteUser(t.Context(), tx, u.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	give(t, b, "two").Is(200, "") // nor does somebody who is gone keep one
}

func TestAFieldBecomesUniqueOnceNoTwoUsersShareAValue(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	s.SignUp("b@example.com")
	if err := s.Core.UserFields.Add(core.Field{Name: "badge", Type: "string", Returned: true, Unique: true}); err != nil {
		t.Fatal(err)
	}
	kept := func(email, badge string) { // as rows are from before the field was unique
		t.Helper()
		err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE "user" SET extra = $1 WHERE email = $2`, `{"badge":"`+badge+`"}`, email)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	kept("a@example.com", "1")
	kept("b@example.com", "1")
	if err := s.Core.IndexFields(t.Context()); err == nil || !strings.Contains(err.Error(), "user.additional_fields.badge.unique") {
		t.Fatalf("%v", err)
	}
	kept("b@example.com", "2")
	for range 2 { // the second finds nothing to do
		if err := s.Core.IndexFields(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		u, err := s.Core.UserByEmail(t.Context(), tx, "b@example.com")
		if err != nil {
			return err
		}
		u.Extra = u.Extra.With(core.Values{"badge": `"1"`})
		return s.Core.SaveUser(t.Context(), tx, u)
	})
	var taken *core.FieldTaken
	if !errors.As(err, &taken) || taken.Field != "badge" {
		t.Fatalf("%v", err)
	}
}

func TestARowWithoutAnImpliedFieldHasItsDefault(t *testing.T) {
	s := testkit.Start(t, "")
	if err := s.Core.UserFields.Add(core.Field{Name: "flagged", Type: "boolean", Returned: true, Default: false, Implied: true}); err != nil {
		t.Fatal(err)
	}
	c := s.SignUp("a@example.com")
	if got := c.Get("/get-session").Body; !strings.Contains(got, `"flagged":false`) {
		t.Fatal(got)
	}
	u, err := s.Core.UserByEmail(context.Background(), s.Core.DB, "a@example.com")
	if err != nil || u.Extra.Value("flagged") != "false" {
		t.Fatal(u, err)
	}
	if s.FileContains("flagged") {
		t.Fatal("the default is stored")
	}
}
