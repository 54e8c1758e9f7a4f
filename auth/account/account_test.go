package account_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// who is an identity at a provider called mock.
func who(accountID, email string, verified bool) *core.Identity {
	return &core.Identity{
		ProviderID: "mock", AccountID: accountID, Email: email, EmailVerified: verified, Name: "Upstream",
		Tokens: core.Tokens{AccessToken: "at-" + accountID, RefreshToken: "rt-" + accountID, IDToken: "it-" + accountID, Scopes: []string{"openid", "email"}},
	}
}

// link runs the rules as a sign-in that may make users does.
func link(t *testing.T, s *testkit.Server, id *core.Identity, change ...func(*core.LinkRules)) (user *core.User, isNew bool, err error) {
	t.Helper()
	ctx := t.Context()
	how := core.LinkRules{SignUp: func(ctx context.Context, tx *store.Tx) (*core.User, error) {
		return s.Core.CreateUser(ctx, tx, core.NewUser{Name: id.Name, Email: id.Email, EmailVerified: id.EmailVerified, Image: id.Image})
	}}
	for _, c := range change {
		c(&how)
	}
	err = s.Core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		user, isNew, err = s.Services.Accounts.Link(ctx, tx, id, how)
		return err
	})
	return user, isNew, err
}

// linkTo connects an identity to somebody who is signed in.
func linkTo(t *testing.T, s *testkit.Server, userID string, id *core.Identity) error {
	t.Helper()
	return s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		return s.Services.Accounts.LinkTo(t.Context(), tx, userID, id, false)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustLink is link where nothing may go wrong.
func mustLink(t *testing.T, s *testkit.Server, id *core.Identity, change ...func(*core.LinkRules)) *core.User {
	t.Helper()
	user, _, err := link(t, s, id, change...)
	must(t, err)
	return user
}

func refused(t *testing.T, err error, want *core.LinkError) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// verify marks a user's address as proven.
func verify(t *testing.T, s *testkit.Server, email string) *core.User {
	t.Helper()
	var user *core.User
	must(t, s.Core.DB.Write(t.Context(), func(tx *store.Tx) (err error) {
		if user, err = s.Core.UserByEmail(t.Context(), tx, email); err != nil {
			return err
		}
		user.EmailVerified = true
		return s.Core.SaveUser(t.Context(), tx, user)
	}))
	return user
}

func userOf(t *testing.T, s *testkit.Server, email string) *core.User {
	t.Helper()
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, email)
	must(t, err)
	return u
}

// waysIn are the providers of a user's accounts.
func waysIn(t *testing.T, s *testkit.Server, userID string) []string {
	t.Helper()
	list, err := s.Core.Accounts(t.Context(), s.Core.DB, userID)
	must(t, err)
	names := []string{}
	for _, a := range list {
		names = append(names, a.ProviderID+":"+a.AccountID)
	}
	slices.Sort(names)
	return names
}

func noWayIn(t *testing.T, s *testkit.Server, id *core.Identity) {
	t.Helper()
	if a, err := s.Core.AccountOf(t.Context(), s.Core.DB, id.ProviderID, id.AccountID); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("the identity is linked: %+v, %v", a, err)
	}
}

// account reads the only account of a provider that a user has.
func account(t *testing.T, s *testkit.Server, userID, providerID string) *core.Account {
	t.Helper()
	list, err := s.Core.Accounts(t.Context(), s.Core.DB, userID)
	must(t, err)
	for _, a := range list {
		if a.ProviderID == providerID {
			return a
		}
	}
	t.Fatalf("no account at %s", providerID)
	return nil
}

// TestTheDocsNameTestsThatAreThere: docs/account-linking.md says which test shows what.
func TestTheDocsNameTestsThatAreThere(t *testing.T) {
	page, err := os.ReadFile("../../docs/account-linking.md")
	must(t, err)
	files, err := filepath.Glob("*_test.go")
	must(t, err)
	var source []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		source = append(source, text...)
	}
	named := regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(page), -1)
	if len(named) < 10 {
		t.Fatalf("the page names %d tests", len(named))
	}
	for _, name := range named {
		if !strings.Contains(string(source), "func "+name+"(t ") {
			t.Errorf("%s is not a test of this package", name)
		}
	}
	for _, takeover := range regexp.MustCompile(`func (TestTakeover\w+)\(`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(named, takeover[1]) {
			t.Errorf("the page does not name %s", takeover[1])
		}
	}
}
