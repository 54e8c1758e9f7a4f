package account_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

func TestListAccountsNamesTheWaysInAndNoSecret(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, a := connected(t, s, hour(t, s))
	password := account(t, s, a.UserID, core.CredentialProvider)
	line := func(a *core.Account, scopes string) string {
		at := a.CreatedAt.Format("2006-01-02T15:04:05.000Z")
		return `{"accountId":"` + a.AccountID + `","providerId":"` + a.ProviderID + `","userId":"` + a.UserID + `","createdAt":"` + at + `","updatedAt":"` + at + `","id":"` + a.ID + `","scopes":` + scopes + `}`
	}
	got := c.Get("/list-accounts").Is(200, "")
	if want := "[" + line(password, "[]") + "," + line(a, `["openid","email"]`) + "]"; strings.TrimSpace(got.Body) != want {
		t.Fatalf("got  %s\nwant %s", got.Body, want)
	}
	s.Client().Get("/list-accounts").Is(401, "UNAUTHORIZED")
}

func TestUnlinking(t *testing.T) {
	for name, c := range map[string]struct {
		toml   string
		which  string // the provider of the account to unlink
		beside string // the provider of the way in beside it, "" for none
		age    time.Duration
		status int
		code   string
	}{
		"an identity goes where a password is left":      {"", "mock", core.CredentialProvider, 0, 200, ""},
		"the password goes where an identity is left":    {"", core.CredentialProvider, "mock", 0, 200, ""},
		"the last one stays":                             {"", "mock", "", 0, 400, "FAILED_TO_UNLINK_LAST_ACCOUNT"},
		"the last one goes where that is allowed":        {"[account.account_linking]\nallow_unlinking_all = true\n", "mock", "", 0, 200, ""},
		"an identity nobody can come in by is no way in": {"", "mock", "gone", 0, 400, "FAILED_TO_UNLINK_LAST_ACCOUNT"},
		"and may go itself":                              {"", "gone", "mock", 0, 200, ""},
		"one that is not the caller's":                   {"", "theirs", "mock", 0, 400, "ACCOUNT_NOT_FOUND"},
		"a stale session may not":                        {"", "mock", core.CredentialProvider, 25 * time.Hour, 403, "SESSION_NOT_FRESH"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, newProvider(t), c.toml)
			browser, mock := connected(t, s, core.Tokens{})
			other := mustLink(t, s, who("theirs", "b@example.com", true))
			id := account(t, s, other.ID, "mock").ID
			gone := who("1", "a@example.com", true)
			gone.ProviderID = "gone"
			must(t, linkUnasked(t, s, mock.UserID, gone))
			for _, a := range []*core.Account{mock, account(t, s, mock.UserID, "gone"), account(t, s, mock.UserID, core.CredentialProvider)} {
				switch {
				case a.ProviderID == c.which:
					id = a.ID
				case a.ProviderID == c.beside, c.which == "theirs":
				default:
					must(t, unlinkUnasked(t, s, a))
				}
			}
			before := waysIn(t, s, mock.UserID)
			s.Clock.Advance(c.age)
			got := browser.Post("/unlink-account", choose(id)).Is(c.status, c.code)
			after := waysIn(t, s, mock.UserID)
			if c.status == 200 && (strings.TrimSpace(got.Body) != `{"status":true}` || len(after) != len(before)-1) || c.status != 200 && !slices.Equal(before, after) {
				t.Fatalf("%s: %v, then %v", got.Body, before, after)
			}
			if browser.Get("/get-session").Body == "null" {
				t.Fatal("the person was signed out")
			}
			if ways := waysIn(t, s, other.ID); !slices.Equal(ways, []string{"mock:theirs"}) {
				t.Fatalf("the other user has %v", ways)
			}
		})
	}
}

// unlinkUnasked takes a way in away whatever the rules say.
func unlinkUnasked(t *testing.T, s *testkit.Server, a *core.Account) error {
	t.Helper()
	return s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.UnlinkAccount(t.Context(), tx, a)
		return err
	})
}

func TestTwoWhoUnlinkAtOnceLeaveAWayIn(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, a := connected(t, s, core.Tokens{})
	ids := []string{a.ID, account(t, s, a.UserID, core.CredentialProvider).ID}
	answers := make([]*testkit.Answer, len(ids))
	var all sync.WaitGroup
	for i, id := range ids {
		other := *c
		all.Go(func() { answers[i] = other.Post("/unlink-account", choose(id)) })
	}
	all.Wait()
	if answers[0].Status+answers[1].Status != 600 || len(waysIn(t, s, a.UserID)) != 1 {
		t.Fatalf("%s %s, left %v", answers[0].Body, answers[1].Body, waysIn(t, s, a.UserID))
	}
}

func TestAPersonWithoutAPasswordIsToldSo(t *testing.T) {
	p := newProvider(t)
	s := startWith(t, p, "")
	c, a := connected(t, s, core.Tokens{})
	c.Post("/unlink-account", choose(account(t, s, a.UserID, core.CredentialProvider).ID)).Is(200, "")
	c.Post("/change-password", map[string]string{"currentPassword": testkit.Password, "newPassword": "another-password"}).Is(400, "CREDENTIAL_ACCOUNT_NOT_FOUND")
	c.Post("/verify-password", map[string]string{"password": testkit.Password}).Is(400, "INVALID_PASSWORD")
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": testkit.Password}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	if ways := waysIn(t, s, a.UserID); !slices.Equal(ways, []string{"mock:1"}) {
		t.Fatalf("ways in: %v", ways)
	}
}
