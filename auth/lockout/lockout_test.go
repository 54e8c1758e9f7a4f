package lockout_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const few = "[lockout]\naccount_failures = 4\naccount_networks = 3\nnetwork_accounts = 3\nlock_for = \"10m\"\n"

// from is a browser without cookies at an address.
func from(s *testkit.Server, address string) *testkit.Client {
	c := s.Client()
	c.Header.Set("X-Forwarded-For", address)
	return c
}

func signIn(c *testkit.Client, email, password string) *testkit.Answer {
	return c.Post("/sign-in/email", map[string]any{"email": email, "password": password})
}

// fail guesses n times, from one address.
func fail(s *testkit.Server, address, email string, n int) {
	for range n {
		signIn(from(s, address), email, "wrong-wrong").Is(401, "INVALID_EMAIL_OR_PASSWORD")
	}
}

const home, elsewhere = "203.0.113.7", "198.51.100.9"

func TestGuessesAtOneAccountWait(t *testing.T) {
	s := testkit.Start(t, few)
	ada := from(s, home)
	ada.Post("/sign-up/email", map[string]any{"name": "Ada", "email": "ada@example.com", "password": testkit.Password}).Is(200, "")
	s.SignUp("bob@example.com")
	fail(s, elsewhere, "ada@example.com", 3)
	signIn(from(s, "192.0.2.1"), "ada@example.com", testkit.Password).Is(200, "")
	fail(s, elsewhere, "Ada@Example.com", 1)

	a := signIn(from(s, elsewhere), "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
	if wait, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || wait != 600 {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	signIn(from(s, "192.0.2.1"), "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
	signIn(from(s, elsewhere), "bob@example.com", testkit.Password).Is(200, "")
	// Where she has signed in before, nothing of it is felt, and her session goes on.
	signIn(ada, "ada@example.com", testkit.Password).Is(200, "")
	if ada.Get("/get-session").Body == "null" {
		t.Error("her session ended")
	}

	s.Clock.Advance(10 * time.Minute)
	signIn(from(s, elsewhere), "ada@example.com", testkit.Password).Is(200, "")
	if s.FileContains("\x00" + elsewhere) {
		t.Error("the address lies in the database")
	}
}

func TestEachFurtherWaitingLastsTwiceAsLong(t *testing.T) {
	s := testkit.Start(t, few)
	s.SignUp("ada@example.com")
	for _, minutes := range []int{10, 20, 40} {
		fail(s, elsewhere, "ada@example.com", 4)
		a := signIn(from(s, elsewhere), "ada@example.com", "wrong-wrong").Is(429, "SIGN_IN_LOCKED")
		if a.Header.Get("Retry-After") != strconv.Itoa(minutes*60) {
			t.Errorf("Retry-After %q, want %d minutes", a.Header.Get("Retry-After"), minutes)
		}
		s.Clock.Advance(time.Duration(minutes) * time.Minute)
	}
}

func TestFailuresAreForgottenAfterTheWindow(t *testing.T) {
	s := testkit.Start(t, few)
	s.SignUp("ada@example.com")
	for range 3 {
		fail(s, elsewhere, "ada@example.com", 3)
		s.Clock.Advance(time.Hour + time.Minute)
	}
	signIn(from(s, elsewhere), "ada@example.com", testkit.Password).Is(200, "")
}

func TestGuessesFromManyNetworksWaitEarlier(t *testing.T) {
	s := testkit.Start(t, "[lockout]\naccount_failures = 50\naccount_networks = 5\n")
	s.SignUp("ada@example.com")
	locked := 0
	for i := range 12 {
		if signIn(from(s, fmt.Sprintf("203.0.%d.7", i)), "ada@example.com", "wrong-wrong").Status == 429 {
			locked++
		}
	}
	if locked < 4 || locked > 8 { // the number of networks is approximate
		t.Errorf("%d of 12 attempts had to wait", locked)
	}
	signIn(from(s, home), "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
}

func TestOneNetworkThatTriesManyAccountsWaits(t *testing.T) {
	s := testkit.Start(t, "[lockout]\nnetwork_accounts = 5\n")
	ada, bob := from(s, "203.0.113.200"), from(s, home)
	for name, c := range map[string]*testkit.Client{"ada": ada, "bob": bob} {
		c.Post("/sign-up/email", map[string]any{"name": name, "email": name + "@example.com", "password": testkit.Password}).Is(200, "")
	}
	locked := 0
	for i := range 15 {
		if signIn(from(s, fmt.Sprintf("203.0.113.%d", i)), fmt.Sprintf("user%d@example.com", i), "wrong-wrong").Status == 429 {
			locked++
		}
	}
	if locked < 5 || locked > 11 {
		t.Errorf("%d of 15 attempts had to wait", locked)
	}
	signIn(from(s, "203.0.113.99"), "bob@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
	signIn(from(s, elsewhere), "bob@example.com", testkit.Password).Is(200, "") // no account waits
	// Her browser has signed in to her account, but to nobody else's.
	signIn(ada, "ada@example.com", testkit.Password).Is(200, "")
	signIn(ada, "bob@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
}

func TestOnePersonWhoMistypesHoldsUpNoNetwork(t *testing.T) {
	s := testkit.Start(t, "[lockout]\naccount_failures = 4\nnetwork_accounts = 3\n")
	s.SignUp("bob@example.com")
	fail(s, home, "ada@example.com", 4)
	signIn(from(s, home), "ada@example.com", "wrong-wrong").Is(429, "SIGN_IN_LOCKED")
	signIn(from(s, home), "bob@example.com", testkit.Password).Is(200, "")
}

func TestAPrivateNetworkIsNotOne(t *testing.T) {
	s := testkit.Start(t, few)
	s.SignUp("bob@example.com")
	for i := range 8 {
		fail(s, "10.0.0.7", fmt.Sprintf("user%d@example.com", i), 1)
	}
	signIn(from(s, "10.0.0.7"), "bob@example.com", testkit.Password).Is(200, "")
}

// TestWaitingTellsNothing: a name that nobody has is counted and made to wait as every other.
func TestWaitingTellsNothing(t *testing.T) {
	s := testkit.Start(t, few)
	s.SignUp("known@example.com")
	for i := range 6 {
		known := signIn(from(s, elsewhere), "known@example.com", "wrong-wrong")
		unknown := signIn(from(s, "192.0.2.1"), "unknown@example.com", "wrong-wrong")
		if known.Status != unknown.Status || known.Body != unknown.Body || known.Header.Get("Retry-After") != unknown.Header.Get("Retry-After") {
			t.Fatalf("attempt %d: %d %s, %d %s", i, known.Status, known.Body, unknown.Status, unknown.Body)
		}
		if len(known.Cookies)+len(unknown.Cookies) != 0 {
			t.Fatal("a failure sets a cookie")
		}
	}
}

func TestAKnownBrowserHasNoMoreGuessesThanOthers(t *testing.T) {
	s := testkit.Start(t, few)
	ada := s.SignUp("ada@example.com")
	for range 4 {
		signIn(ada, "ada@example.com", "wrong-wrong").Is(401, "")
	}
	// They were its own: nobody else is held up by them, and it is a stranger now.
	signIn(from(s, elsewhere), "ada@example.com", testkit.Password).Is(200, "")
	fail(s, elsewhere, "ada@example.com", 4)
	signIn(ada, "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
}

func TestAResetEndsTheWaitingAndMakesBrowsersStrangers(t *testing.T) {
	s := testkit.Start(t, few)
	thief := s.SignUp("ada@example.com")
	s.Clock.Advance(time.Minute)
	fail(s, elsewhere, "ada@example.com", 4)
	owner := from(s, home)
	signIn(owner, "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
	owner.Post("/request-password-reset", map[string]any{"email": "ada@example.com"}).Is(200, "")
	owner.Post("/reset-password", map[string]any{"token": s.Token("reset-password"), "newPassword": "trains and engines"}).Is(200, "")
	s.Clock.Advance(time.Minute)
	signIn(owner, "ada@example.com", "trains and engines").Is(200, "")
	s.Clock.Advance(time.Minute)
	fail(s, elsewhere, "ada@example.com", 4)
	signIn(thief, "ada@example.com", "trains and engines").Is(429, "SIGN_IN_LOCKED")
	signIn(owner, "ada@example.com", "trains and engines").Is(200, "")
}

// TestARecoveryMakesBrowsersStrangers: the one of whoever was in the account is no better
// known afterwards than any other.
func TestARecoveryMakesBrowsersStrangers(t *testing.T) {
	s := testkit.Start(t, few)
	thief := s.SignUp("ada@example.com")
	s.Clock.Advance(time.Minute)
	link, err := s.Recovery.Issue(t.Context(), "ada@example.com", 0)
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link.URL, "token=")
	owner := from(s, home)
	owner.Form("./recover", url.Values{"token": {token}, "password": {"trains and engines"}}).Is(303, "")
	s.Clock.Advance(time.Minute)
	fail(s, elsewhere, "ada@example.com", 4)
	signIn(thief, "ada@example.com", "trains and engines").Is(429, "SIGN_IN_LOCKED")
	signIn(owner, "ada@example.com", "trains and engines").Is(200, "")
}

func TestThePersonIsToldOnceADay(t *testing.T) {
	s := testkit.Start(t, few)
	s.SignUp("ada@example.com")
	fail(s, elsewhere, "ada@example.com", 4)
	fail(s, "192.0.2.1", "nobody@example.com", 4)
	s.Clock.Advance(time.Hour)
	fail(s, elsewhere, "ada@example.com", 4)
	mails := s.Mails("sign-in-locked")
	if len(mails) != 1 || !strings.Contains(mails[0], "To: <ada@example.com>") || !strings.Contains(mails[0], elsewhere) {
		t.Fatalf("%d mails: %v", len(mails), mails)
	}
	s.Clock.Advance(25 * time.Hour)
	fail(s, elsewhere, "ada@example.com", 4)
	if n := len(s.Mails("sign-in-locked")); n != 2 {
		t.Errorf("%d mails on the next day", n)
	}
}

func TestTheMailAndTheGuardCanBeTurnedOff(t *testing.T) {
	quiet := testkit.Start(t, few+"[notices]\nsign_in_locked = false\n")
	quiet.SignUp("ada@example.com")
	fail(quiet, elsewhere, "ada@example.com", 4)
	signIn(from(quiet, elsewhere), "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
	if n := len(quiet.Mails("sign-in-locked")); n != 0 {
		t.Errorf("%d mails", n)
	}
	off := testkit.Start(t, few+"enabled = false\n")
	off.SignUp("ada@example.com")
	fail(off, elsewhere, "ada@example.com", 8)
	signIn(from(off, elsewhere), "ada@example.com", testkit.Password).Is(200, "")
}

func TestThePageSaysHowLong(t *testing.T) {
	s := testkit.Start(t, few)
	fail(s, elsewhere, "ada@example.com", 4)
	page := from(s, elsewhere).Form("./login", url.Values{"email": {"ada@example.com"}, "password": {"wrong-wrong"}})
	if page.Status != 429 || page.Header.Get("Retry-After") != "600" || !strings.Contains(page.Body, "Wait 10 minutes") || !strings.Contains(page.Body, `action="/login"`) {
		t.Errorf("%d %v %s", page.Status, page.Header, page.Body)
	}
}

func TestCountsAreSwept(t *testing.T) {
	s := testkit.Start(t, few)
	s.SignUp("ada@example.com")
	fail(s, elsewhere, "ada@example.com", 4)
	s.Clock.Advance(12 * time.Hour)
	if err := s.Lockout.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	// What had come to waiting is remembered: the next waiting is the second.
	fail(s, elsewhere, "ada@example.com", 4)
	if a := signIn(from(s, elsewhere), "ada@example.com", "wrong-wrong").Is(429, ""); a.Header.Get("Retry-After") != "1200" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	s.Clock.Advance(49 * time.Hour)
	if err := s.Lockout.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	fail(s, elsewhere, "ada@example.com", 4)
	if a := signIn(from(s, elsewhere), "ada@example.com", "wrong-wrong").Is(429, ""); a.Header.Get("Retry-After") != "600" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
}
