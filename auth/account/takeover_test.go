package account_test

import (
	"errors"
	"slices"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

func TestTakeoverByRegisteringTheVictimsAddressFirst(t *testing.T) {
	s := testkit.Start(t, "")
	attacker := s.SignUp("victim@example.com")
	attacker.Post("/update-user", map[string]string{"name": "Your bank", "image": "https://evil.example/x.png"}).Is(200, "")
	squatted := userOf(t, s, "victim@example.com")
	must(t, linkUnasked(t, s, squatted.ID, who("attackers", "victim@example.com", false)))
	s.Client().Post("/request-password-reset", map[string]string{"email": "victim@example.com"}).Is(200, "")
	reset := s.Token("reset-password")

	user := mustLink(t, s, who("victims", "victim@example.com", true))
	if user.ID != squatted.ID || !user.EmailVerified || user.Name != "Upstream" {
		t.Fatalf("%+v", user)
	}
	if ways := waysIn(t, s, user.ID); !slices.Equal(ways, []string{"mock:victims"}) {
		t.Fatalf("ways in that are left: %v", ways)
	}
	if attacker.Get("/get-session").Body != "null" {
		t.Fatal("the attacker is still signed in")
	}
	s.Client().Post("/sign-in/email", map[string]string{"email": "victim@example.com", "password": testkit.Password}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	s.Client().Post("/reset-password", map[string]string{"newPassword": testkit.Password, "token": reset}).Is(400, "INVALID_TOKEN")
	back, isNew, err := link(t, s, who("attackers", "victim@example.com", false))
	refused(t, err, core.ErrNotLinked)
	if back != nil || isNew {
		t.Fatal("the attacker's identity came back")
	}
}

// linkUnasked links an identity as an earlier, laxer configuration would have.
func linkUnasked(t *testing.T, s *testkit.Server, userID string, id *core.Identity) error {
	t.Helper()
	return s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.LinkAccount(t.Context(), tx, userID, id)
		return err
	})
}

func TestTakeoverByAProviderThatLiesAboutVerification(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("victim@example.com")
	verify(t, s, "victim@example.com")
	lie := who("liar", "victim@example.com", false)
	_, _, err := link(t, s, lie)
	refused(t, err, core.ErrNotLinked)
	noWayIn(t, s, lie)
	// A stranger's account of the same provider, made first under an address of the
	// stranger's own, does not move to the victim's address either.
	stranger := mustLink(t, s, who("stranger", "stranger@example.com", true))
	again := mustLink(t, s, who("stranger", "victim@example.com", false), func(how *core.LinkRules) { how.OverrideUserInfo = true })
	if again.ID != stranger.ID || again.Email != "stranger@example.com" {
		t.Fatalf("%+v", again)
	}
}

func TestTakeoverByAnAddressChangedUpstream(t *testing.T) {
	override := func(how *core.LinkRules) { how.OverrideUserInfo = true }
	for name, c := range map[string]struct {
		email    string
		verified bool
		how      func(*core.LinkRules)
		want     string
	}{
		"the address here stays as it is":                      {"moved@example.com", true, func(*core.LinkRules) {}, "a@example.com"},
		"with override_user_info a verified address follows":   {"moved@example.com", true, override, "moved@example.com"},
		"with override_user_info an unverified one does not":   {"moved@example.com", false, override, "a@example.com"},
		"with override_user_info somebody else's is not taken": {"victim@example.com", true, override, "a@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, "")
			s.SignUp("victim@example.com")
			victim := verify(t, s, "victim@example.com")
			first := mustLink(t, s, who("1", "a@example.com", true))
			user, isNew, err := link(t, s, who("1", c.email, c.verified), c.how)
			must(t, err)
			if isNew || user.ID != first.ID || user.Email != c.want || !user.EmailVerified {
				t.Fatalf("%+v", user)
			}
			if ways := waysIn(t, s, victim.ID); !slices.Equal(ways, []string{"credential:" + victim.ID}) {
				t.Fatalf("the other user has %v", ways)
			}
		})
	}
}

func TestTakeoverByLettersThatLookAlike(t *testing.T) {
	for name, email := range map[string]string{
		"the Kelvin sign is no k":         "\u212aim@example.com",
		"a dotted capital I is no i":      "k\u0130m@example.com",
		"a Cyrillic letter is no Latin a": "kim@ex\u0430mple.com",
		"full width is not narrow":        "\uff4bim@example.com",
		"a line break ends no address":    "kim@example.com\r\nBcc: x@example.com",
		"a second address is no address":  "kim@example.com, x@example.com",
		"an address has a mailbox":        "@example.com",
		"an identity without an address":  "",
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, "")
			s.SignUp("kim@example.com")
			victim := verify(t, s, "kim@example.com")
			id := who("1", email, true)
			_, _, err := link(t, s, id)
			refused(t, err, core.ErrNoEmail)
			noWayIn(t, s, id)
			if ways := waysIn(t, s, victim.ID); len(ways) != 1 {
				t.Fatalf("ways in: %v", ways)
			}
		})
	}
}

func TestTheCaseOfAnAddressMakesNoSecondUser(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("kim@example.com")
	want := verify(t, s, "kim@example.com")
	user, isNew, err := link(t, s, who("1", " KIM@Example.COM ", true))
	must(t, err)
	if isNew || user.ID != want.ID {
		t.Fatalf("%+v", user)
	}
}

func TestABannedUserIsNotClaimedBack(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	user := verify(t, s, "a@example.com")
	must(t, s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		user.Banned = true
		return s.Core.SaveUser(t.Context(), tx, user)
	}))
	signIn := &core.SignIn{Method: "mock"}
	_, err := s.Core.Begin(t.Context(), signIn, func(tx *store.Tx) (err error) {
		signIn.User, _, err = s.Services.Accounts.Link(t.Context(), tx, who("1", "a@example.com", true), core.LinkRules{})
		return err
	})
	if !errors.Is(err, core.ErrBanned) {
		t.Fatalf("got %v", err)
	}
	noWayIn(t, s, who("1", "a@example.com", true))
}
