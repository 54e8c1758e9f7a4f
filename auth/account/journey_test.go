package account_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

// The whole way through a browser: what an attacker can do with a link, a state or
// an answer of somebody else's. google answers for ada@example.com, verified.
const google = "[social_providers.google]\nclient_id = \"client\"\nclient_secret = \"secret\"\n"

// depart begins a sign-in or a link, and returns what the provider sends back.
func depart(c *testkit.Client, idp *testkit.IDP, path string) url.Values {
	return idp.Authorize(c.Post(path, map[string]string{"provider": "google", "callbackURL": "/home"}).Is(200, "").Field("url"))
}

// arrive brings the provider's answer, and tells where it leads.
func arrive(c *testkit.Client, answer url.Values) string {
	return c.Get("/callback/google?"+answer.Encode()).Is(302, "").Header.Get("Location")
}

func signedInAs(c *testkit.Client) string {
	a := c.Get("/get-session").Is(200, "")
	if a.Body == "null" {
		return ""
	}
	return a.Field("user.email")
}

func TestTakeoverByRegisteringFirstEndsWhenTheOwnerSignsInElsewhere(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google)
	attacker, owner := s.SignUp("ada@example.com"), s.Client()
	if where := arrive(owner, depart(owner, idp, "/sign-in/social")); where != "/home" || signedInAs(owner) != "ada@example.com" {
		t.Fatalf("the owner is at %s as %q", where, signedInAs(owner))
	}
	if signedInAs(attacker) != "" {
		t.Fatal("the attacker is still signed in")
	}
	if mails := s.Mails("address-claimed"); len(mails) != 1 || !strings.Contains(mails[0], "To: ") || !strings.Contains(mails[0], "ada@example.com") {
		t.Fatalf("the owner was not told: %q", mails)
	}
	s.Client().Post("/sign-in/email", map[string]string{"email": "ada@example.com", "password": testkit.Password}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	if ways := waysIn(t, s, userOf(t, s, "ada@example.com").ID); len(ways) != 1 || !strings.HasPrefix(ways[0], "google:") {
		t.Fatalf("ways in: %v", ways)
	}
}

func TestTakeoverByALinkBegunInTheAttackersBrowser(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google+"[account.account_linking]\nallow_different_emails = true\n")
	attacker, victim := s.SignUp("eve@example.com"), s.SignUp("victim@example.com")
	// The attacker begins a link with an identity of their own, and has the victim's
	// browser follow the answer.
	answer := depart(attacker, idp, "/link-social")
	if where := arrive(victim, answer); !strings.Contains(where, "error=state_mismatch") {
		t.Fatalf("it leads to %s", where)
	}
	for _, email := range []string{"victim@example.com", "eve@example.com"} {
		if ways := waysIn(t, s, userOf(t, s, email).ID); len(ways) != 1 {
			t.Fatalf("%s has %v", email, ways)
		}
	}
}

func TestTakeoverByALinkThatAnotherPersonFinishes(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google+"[account.account_linking]\nallow_different_emails = true\n")
	browser, other := s.SignUp("eve@example.com"), s.SignUp("ada@example.com")
	answer := depart(browser, idp, "/link-social")
	// Meanwhile somebody else signed in, in the same browser.
	for name, value := range other.Cookies {
		browser.Cookies[name] = value
	}
	if where := arrive(browser, answer); !strings.Contains(where, "error=state_mismatch") {
		t.Fatalf("it leads to %s", where)
	}
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		if ways := waysIn(t, s, userOf(t, s, email).ID); len(ways) != 1 {
			t.Fatalf("%s has %v", email, ways)
		}
	}
}

func TestTakeoverByALinkAfterTheSessionEnded(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google)
	c := s.SignUp("ada@example.com")
	answer := depart(c, idp, "/link-social")
	state := copied(c.Cookies)
	c.Post("/sign-out", nil).Is(200, "")
	for name, value := range state {
		if strings.HasSuffix(name, ".state") {
			c.Cookies[name] = value
		}
	}
	if where := arrive(c, answer); !strings.Contains(where, "error=state_mismatch") {
		t.Fatalf("it leads to %s", where)
	}
	if ways := waysIn(t, s, userOf(t, s, "ada@example.com").ID); len(ways) != 1 || signedInAs(c) != "" {
		t.Fatalf("ways in: %v", ways)
	}
}

func copied(from map[string]string) map[string]string {
	to := map[string]string{}
	for name, value := range from {
		to[name] = value
	}
	return to
}

func TestTakeoverByReplayingAState(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google)
	c := s.Client()
	answer := depart(c, idp, "/sign-in/social")
	stolen := s.Client()
	stolen.Cookies = copied(c.Cookies)
	if where := arrive(c, answer); where != "/home" {
		t.Fatalf("it leads to %s", where)
	}
	if mails := s.Mails("address-claimed"); len(mails) != 0 {
		t.Fatalf("somebody was told of nothing: %q", mails)
	}
	if where := arrive(stolen, answer); !strings.Contains(where, "error=state_mismatch") || signedInAs(stolen) != "" {
		t.Fatalf("a replay leads to %s as %q", where, signedInAs(stolen))
	}
	if ways := waysIn(t, s, userOf(t, s, "ada@example.com").ID); len(ways) != 1 {
		t.Fatalf("ways in: %v", ways)
	}
}

func TestTakeoverByConnectingAnIdentityOfAnotherUser(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google+"[account.account_linking]\nallow_different_emails = true\n")
	owner, eve := s.Client(), s.SignUp("eve@example.com")
	arrive(owner, depart(owner, idp, "/sign-in/social"))
	before := waysIn(t, s, userOf(t, s, "ada@example.com").ID)
	if where := arrive(eve, depart(eve, idp, "/link-social")); !strings.Contains(where, "error=account_already_linked_to_different_user") {
		t.Fatalf("it leads to %s", where)
	}
	if after := waysIn(t, s, userOf(t, s, "ada@example.com").ID); !slices.Equal(before, after) {
		t.Fatalf("%v, then %v", before, after)
	}
	if ways := waysIn(t, s, userOf(t, s, "eve@example.com").ID); len(ways) != 1 || signedInAs(eve) != "eve@example.com" {
		t.Fatalf("ways in: %v", ways)
	}
}
