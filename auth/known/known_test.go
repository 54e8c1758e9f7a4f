package known_test

import (
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	safari  = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
	cookie  = "better-auth.known_device"
)

func at(c *testkit.Client, agent, address string) *testkit.Client {
	c.Header.Set("User-Agent", agent)
	c.Header.Set("X-Forwarded-For", address)
	return c
}

func signIn(c *testkit.Client, email string) *testkit.Answer {
	return c.Post("/sign-in/email", map[string]any{"email": email, "password": testkit.Password}).Is(200, "")
}

func told(s *testkit.Server) int { return len(s.Mails("new-device")) }

// registered is a browser whose person has just signed up in it.
func registered(s *testkit.Server, email string) *testkit.Client {
	c := at(s.Client(), firefox, "203.0.113.7")
	c.Post("/sign-up/email", map[string]any{"email": email, "password": testkit.Password, "name": "Ada"}).Is(200, "")
	return c
}

func TestABrowserIsKnownWhereverItIs(t *testing.T) {
	s := testkit.Start(t, "")
	ada := registered(s, "ada@example.com")
	before := ada.Cookies[cookie]
	if before == "" || strings.Contains(before, "ada") {
		t.Fatalf("cookie %q", before)
	}
	ada.Post("/sign-out", nil).Is(200, "")
	if ada.Cookies[cookie] == "" {
		t.Fatal("a sign-out made it a stranger")
	}
	if ck := signIn(at(ada, safari, "198.51.100.1"), "ada@example.com").Cookie(cookie); ck != nil {
		t.Error("a cookie that is fresh was written again")
	}
	if n := told(s); n != 0 {
		t.Fatalf("%d mails", n)
	}
	// Without the cookie the same place is news, once.
	signIn(at(s.Client(), safari, "198.51.100.1"), "ada@example.com")
	signIn(at(s.Client(), safari, "198.51.100.1"), "ada@example.com")
	if n := told(s); n != 1 {
		t.Fatalf("%d mails", n)
	}
}

func TestTheCookieHasItsAttributes(t *testing.T) {
	s := testkit.Start(t, "[advanced.cross_sub_domain_cookies]\nenabled = true\n")
	ck := s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A"}).Is(200, "").Cookie(cookie)
	if ck == nil || !ck.HttpOnly || ck.Path != "/" || ck.Domain != "" || ck.MaxAge != 400*24*3600 {
		t.Errorf("%v", ck)
	}
}

func TestTwoPeopleMayShareABrowser(t *testing.T) {
	s := testkit.Start(t, "")
	shared := registered(s, "ada@example.com")
	registered(s, "bob@example.com")
	signIn(at(shared, safari, "198.51.100.1"), "bob@example.com")
	if n := told(s); n != 1 { // it was not his browser
		t.Fatalf("%d mails", n)
	}
	signIn(at(shared, firefox, "192.0.2.7"), "ada@example.com")
	signIn(at(shared, firefox, "192.0.2.8"), "bob@example.com")
	if n := told(s); n != 1 {
		t.Fatalf("%d mails", n)
	}
}

// TestAPlantedCookieMakesNobodyKnown: what the attacker keeps of it lists the
// attacker alone, whoever signs in with the copy.
func TestAPlantedCookieMakesNobodyKnown(t *testing.T) {
	s := testkit.Start(t, "[lockout]\naccount_failures = 3\n")
	attacker := registered(s, "mallory@example.com")
	victim := registered(s, "ada@example.com")
	victim.Cookies[cookie] = attacker.Cookies[cookie]
	signIn(victim, "ada@example.com")
	for range 3 {
		at(s.Client(), safari, "198.51.100.1").Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": "wrong-wrong"}).Is(401, "")
	}
	attacker.Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": testkit.Password}).Is(429, "SIGN_IN_LOCKED")
	signIn(victim, "ada@example.com")
}

func TestAForgedCookieIsNone(t *testing.T) {
	s := testkit.Start(t, "")
	ada := registered(s, "ada@example.com")
	ada.Cookies[cookie] = "x" + ada.Cookies[cookie]
	signIn(at(ada, safari, "198.51.100.1"), "ada@example.com")
	if n := told(s); n != 1 {
		t.Fatalf("%d mails", n)
	}
}

func TestTheCookieIsRenewedAndEnds(t *testing.T) {
	s := testkit.Start(t, "")
	ada := registered(s, "ada@example.com")
	s.Clock.Advance(31 * 24 * time.Hour)
	if signIn(at(ada, firefox, "192.0.2.1"), "ada@example.com").Cookie(cookie) == nil {
		t.Error("after a month it was not written again")
	}
	if n := told(s); n != 0 {
		t.Fatalf("%d mails", n)
	}
	s.Clock.Advance(401 * 24 * time.Hour)
	signIn(at(ada, safari, "198.51.100.1"), "ada@example.com")
	if n := told(s); n != 1 {
		t.Fatalf("%d mails", n)
	}
}

// TestOldPlacesAreSwept: who comes back after that is told as little as at their first sign-in.
func TestOldPlacesAreSwept(t *testing.T) {
	s := testkit.Start(t, "")
	registered(s, "ada@example.com")
	s.Clock.Advance(399 * 24 * time.Hour)
	if err := s.Known.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	signIn(at(s.Client(), safari, "198.51.100.1"), "ada@example.com")
	if n := told(s); n != 1 {
		t.Fatalf("%d mails", n)
	}
	s.Clock.Advance(401 * 24 * time.Hour)
	if err := s.Known.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	signIn(at(s.Client(), firefox, "192.0.2.1"), "ada@example.com")
	if n := told(s); n != 1 {
		t.Fatalf("%d mails", n)
	}
}

func TestNothingIsSetWhereNobodyAsks(t *testing.T) {
	s := testkit.Start(t, "[lockout]\nenabled = false\n[notices]\nnew_device = false\n")
	if c := registered(s, "ada@example.com"); c.Cookies[cookie] != "" {
		t.Error("a cookie was set")
	}
}
