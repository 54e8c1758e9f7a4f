package account_test

import (
	"slices"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/testkit"
)

func TestAStrangerBecomesAUserWithTheirIdentityAsTheOnlyWayIn(t *testing.T) {
	s := testkit.Start(t, "")
	user, isNew, err := link(t, s, who("1", "New@Example.com", true))
	must(t, err)
	if !isNew || user.Email != "new@example.com" || !user.EmailVerified || !slices.Equal(waysIn(t, s, user.ID), []string{"mock:1"}) {
		t.Fatalf("%+v %v %v", user, isNew, waysIn(t, s, user.ID))
	}
	again, isNew, err := link(t, s, who("1", "new@example.com", true))
	must(t, err)
	if isNew || again.ID != user.ID {
		t.Fatal("the identity was not known again")
	}
}

func TestAStrangerStaysOneWhereSignUpIsRefused(t *testing.T) {
	s := testkit.Start(t, "")
	id := who("1", "new@example.com", true)
	_, _, err := link(t, s, id, func(how *core.LinkRules) { how.SignUp = nil })
	refused(t, err, core.ErrSignUpRefused)
	noWayIn(t, s, id)
}

func TestSignInLinksOnlyWhereBothSidesProvedTheAddress(t *testing.T) {
	const trusted = "[account.account_linking]\ntrusted_providers = [\"mock\"]\n"
	for name, c := range map[string]struct {
		toml            string
		local, upstream bool
		want            *core.LinkError
	}{
		"both proved it": {"", true, true, nil},
		"an unverified upstream address links nothing":               {"", true, false, core.ErrNotLinked},
		"a trusted provider's address counts without proof":          {trusted, true, false, nil},
		"a trusted provider without proof takes no unproven address": {trusted, false, false, core.ErrNotLinked},
		"neither proved it": {"", false, false, core.ErrNotLinked},
		"a user who never proved the address may be refused by configuration": {"[account.account_linking]\nrequire_local_email_verified = true\n", false, true, core.ErrNotLinked},
		"linking may be off":            {"[account.account_linking]\nenabled = false\n", true, true, core.ErrNotLinked},
		"linking by sign-in may be off": {"[account.account_linking]\ndisable_implicit_linking = true\n", true, true, core.ErrNotLinked},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, c.toml)
			browser := s.SignUp("a@example.com")
			before := userOf(t, s, "a@example.com")
			if c.local {
				before = verify(t, s, "a@example.com")
			}
			id := who("1", "a@example.com", c.upstream)
			user, isNew, err := link(t, s, id)
			if browser.Get("/get-session").Body == "null" {
				t.Fatal("the person was signed out")
			}
			s.SignIn("a@example.com") // the password still works
			if c.want != nil {
				refused(t, err, c.want)
				noWayIn(t, s, id)
				return
			}
			must(t, err)
			if isNew || user.ID != before.ID || user.Name != "Test" || !slices.Equal(waysIn(t, s, user.ID), []string{"credential:" + user.ID, "mock:1"}) {
				t.Fatalf("%+v %v", user, waysIn(t, s, user.ID))
			}
		})
	}
}

func TestConnectingAnIdentityWhileSignedIn(t *testing.T) {
	const different = "[account.account_linking]\nallow_different_emails = true\n"
	for name, c := range map[string]struct {
		toml string
		id   *core.Identity
		want *core.LinkError
	}{
		"an identity with one's own address":           {"", who("1", "a@example.com", true), nil},
		"its case does not matter":                     {"", who("1", "A@Example.com", true), nil},
		"another address is refused":                   {"", who("1", "b@example.com", true), core.ErrLinkOtherEmail},
		"another address where that is allowed":        {different, who("1", "b@example.com", true), nil},
		"none where that is allowed":                   {different, who("1", "", true), nil},
		"an unverified address is refused":             {"", who("1", "a@example.com", false), core.ErrLinkNotAllowed},
		"not where the provider is trusted":            {"[account.account_linking]\ntrusted_providers = [\"mock\"]\n", who("1", "a@example.com", false), nil},
		"linking may be off":                           {"[account.account_linking]\nenabled = false\n", who("1", "a@example.com", true), core.ErrLinkNotAllowed},
		"an identity linked to another user is taken":  {different, who("theirs", "a@example.com", true), core.ErrLinkTaken},
		"that it is taken is not told before the rest": {"", who("theirs", "other@example.com", true), core.ErrLinkOtherEmail},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, c.toml)
			s.SignUp("a@example.com")
			user := userOf(t, s, "a@example.com")
			other := mustLink(t, s, who("theirs", "other@example.com", true))
			err := linkTo(t, s, user.ID, c.id)
			if c.want == nil {
				must(t, err)
				if ways := waysIn(t, s, user.ID); !slices.Contains(ways, "mock:1") || len(ways) != 2 {
					t.Fatalf("ways in: %v", ways)
				}
			} else {
				refused(t, err, c.want)
				if ways := waysIn(t, s, user.ID); len(ways) != 1 {
					t.Fatalf("ways in: %v", ways)
				}
			}
			if ways := waysIn(t, s, other.ID); !slices.Equal(ways, []string{"mock:theirs"}) {
				t.Fatalf("the other user has %v", ways)
			}
			if after := userOf(t, s, "a@example.com"); after.EmailVerified || after.Name != "Test" {
				t.Fatalf("%+v", after)
			}
		})
	}
}

func TestUpdateUserInfoOnLinkTakesNameAndPictureAndNeverTheAddress(t *testing.T) {
	s := testkit.Start(t, "[account.account_linking]\nupdate_user_info_on_link = true\nallow_different_emails = true\n")
	s.SignUp("a@example.com")
	id, picture := who("1", "b@example.com", true), "https://example.com/p.png"
	id.Image = &picture
	must(t, linkTo(t, s, userOf(t, s, "a@example.com").ID, id))
	if u := userOf(t, s, "a@example.com"); u.Name != "Upstream" || u.Image == nil || *u.Image != picture || u.EmailVerified {
		t.Fatalf("%+v", u)
	}
}

func TestTokensOfASignInAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		toml        string
		now         core.Tokens
		access      string
		refresh     string
		wantScopes  int
		keepsExpiry bool
	}{
		"newer ones":                        {"", core.Tokens{AccessToken: "at-2", RefreshToken: "rt-2", Scopes: []string{"calendar"}}, "at-2", "rt-2", 2, false},
		"a refresh token that is not sent":  {"", core.Tokens{AccessToken: "at-2"}, "at-2", "rt-1", 2, false},
		"nothing when that is configured":   {"[account]\nupdate_account_on_sign_in = false\n", core.Tokens{AccessToken: "at-2", RefreshToken: "rt-2"}, "at-1", "rt-1", 2, true},
		"what was there when nothing comes": {"", core.Tokens{}, "at-1", "rt-1", 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, c.toml)
			first := who("1", "a@example.com", true)
			first.Tokens.AccessExpires = s.Clock.Now(t.Context()).Add(time.Hour)
			user := mustLink(t, s, first)
			second := who("1", "a@example.com", true)
			second.Tokens = c.now
			mustLink(t, s, second)
			a := account(t, s, user.ID, "mock")
			tokens, err := s.Core.AccountTokens(a)
			must(t, err)
			if tokens.AccessToken != c.access || tokens.RefreshToken != c.refresh || tokens.IDToken != "it-1" || len(a.Scopes) != c.wantScopes {
				t.Fatalf("%+v", tokens)
			}
			if (a.AccessExpires != nil) != c.keepsExpiry {
				t.Fatalf("the end is %v: a new token has its own, known or not", a.AccessExpires)
			}
		})
	}
}

func TestConnectingAgainAddsScopesAndKeepsTheOldOnes(t *testing.T) {
	s := testkit.Start(t, "")
	user := mustLink(t, s, who("1", "a@example.com", true))
	more := who("1", "a@example.com", true)
	more.Tokens = core.Tokens{AccessToken: "at-2", Scopes: []string{"calendar", "email"}}
	must(t, linkTo(t, s, user.ID, more))
	a := account(t, s, user.ID, "mock")
	if !slices.Equal(a.Scopes, []string{"openid", "email", "calendar"}) {
		t.Fatalf("%v", a.Scopes)
	}
}

func TestTokensAreSealedUnderTheirRow(t *testing.T) {
	s := testkit.Start(t, "")
	user := mustLink(t, s, who("a-long-account-id", "a@example.com", true))
	other := mustLink(t, s, who("2", "b@example.com", true))
	mine, theirs := account(t, s, user.ID, "mock"), account(t, s, other.ID, "mock")
	tokens, err := s.Core.AccountTokens(mine)
	must(t, err)
	clear := []string{tokens.AccessToken, tokens.RefreshToken, tokens.IDToken}
	if !slices.Equal(clear, []string{"at-a-long-account-id", "rt-a-long-account-id", "it-a-long-account-id"}) {
		t.Fatalf("%v", clear)
	}
	moved := *mine
	moved.ID = theirs.ID
	if _, err := s.Core.AccountTokens(&moved); err == nil {
		t.Fatal("a token moved to another row was opened")
	}
	if !s.FileContains("a-long-account-id") {
		t.Fatal("the row is not in the file: this test looks in the wrong place")
	}
	for _, token := range clear {
		if s.FileContains(token) {
			t.Fatal("a token lies in the database in clear")
		}
	}
}
