package setup_test

import (
	"strings"
	"testing"

	"authd/auth/admin"
	"authd/auth/internal/testkit"
)

func TestALinkIsMadeUntilThereIsAnAdministrator(t *testing.T) {
	s := testkit.Start(t, "")
	ctx := t.Context()
	first, err := s.Setup.Link(ctx)
	if err != nil || !strings.HasPrefix(first, s.URL+"/setup?token=") {
		t.Fatalf("%q, %v", first, err)
	}
	second, err := s.Setup.Link(ctx)
	if err != nil || second == first {
		t.Fatalf("%q, %v", second, err)
	}
	token := func(link string) string { return link[strings.Index(link, "=")+1:] }
	if err := s.Setup.Check(ctx, token(first)); err == nil {
		t.Fatal("an earlier link still works")
	}
	if err := s.Setup.Check(ctx, token(second)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Admin.Create(ctx, admin.NewUser{Name: "A", Email: "a@example.com", Password: testkit.Password, Role: "admin"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Setup.Check(ctx, token(second)); err == nil {
		t.Fatal("the link works although there is an administrator")
	}
	if link, err := s.Setup.Link(ctx); link != "" || err != nil {
		t.Fatalf("%q, %v", link, err)
	}
}
