package lockout_test

import (
	"maps"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// bare is a browser of somebody who is signed in that has nothing but the session:
// what a thief has.
func bare(s *testkit.Server, c *testkit.Client, address string) *testkit.Client {
	thief := from(s, address)
	for name, value := range c.Cookies {
		if !strings.Contains(name, "known_device") {
			thief.Cookies[name] = value
		}
	}
	return thief
}

// TestAPasswordGivenAgainIsAGuessToo: with a stolen session as with none.
func TestAPasswordGivenAgainIsAGuessToo(t *testing.T) {
	again := map[string]func(c *testkit.Client, password string) *testkit.Answer{
		"verify-password": func(c *testkit.Client, password string) *testkit.Answer {
			return c.Post("/verify-password", map[string]any{"password": password})
		},
		"change-password": func(c *testkit.Client, password string) *testkit.Answer {
			return c.Post("/change-password", map[string]any{"currentPassword": password, "newPassword": "trains and engines"})
		},
		"delete-user": func(c *testkit.Client, password string) *testkit.Answer {
			return c.Post("/delete-user", map[string]any{"password": password})
		},
		"two-factor/enable": func(c *testkit.Client, password string) *testkit.Answer {
			return c.Post("/two-factor/enable", map[string]any{"password": password})
		},
	}
	for name, guess := range again {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, few+"[two_factor]\nenabled = true\n")
			ada := s.SignUp("ada@example.com")
			thief := bare(s, ada, elsewhere)
			for range 4 {
				guess(thief, "wrong-wrong").Is(400, "INVALID_PASSWORD")
			}
			for _, password := range []string{"wrong-wrong", testkit.Password} {
				a := guess(thief, password).Is(429, "SIGN_IN_LOCKED")
				if a.Header.Get("Retry-After") != "600" {
					t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
				}
			}
			// They are the guesses of a sign-in, and those are theirs.
			signIn(from(s, elsewhere), "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
			signIn(ada, "ada@example.com", testkit.Password).Is(200, "") // nothing was changed or deleted
			guess(ada, testkit.Password).Is(200, "")
		})
	}
}

func TestGuessesAtASignInHoldUpAPasswordGivenAgain(t *testing.T) {
	s := testkit.Start(t, few)
	ada := s.SignUp("ada@example.com")
	fail(s, elsewhere, "ada@example.com", 4)
	bare(s, ada, home).Post("/verify-password", map[string]any{"password": testkit.Password}).Is(429, "SIGN_IN_LOCKED")
	ada.Post("/verify-password", map[string]any{"password": testkit.Password}).Is(200, "")
}

// TestAKnownBrowserThatGuessedTooOftenWaits, whatever nobody else did.
func TestAKnownBrowserThatGuessedTooOftenWaits(t *testing.T) {
	s := testkit.Start(t, few)
	ada := s.SignUp("ada@example.com")
	for range 4 {
		signIn(ada, "ada@example.com", "wrong-wrong").Is(401, "")
	}
	for range 3 {
		signIn(ada, "ada@example.com", testkit.Password).Is(429, "SIGN_IN_LOCKED")
	}
	signIn(from(s, home), "ada@example.com", testkit.Password).Is(200, "")
	s.Clock.Advance(10 * time.Minute)
	signIn(ada, "ada@example.com", testkit.Password).Is(200, "")
}

// TestManyGuessesAtOnceAreNotMore: those that came together learn nothing beyond the cap,
// the right one among them neither.
func TestManyGuessesAtOnceAreNotMore(t *testing.T) {
	s := testkit.Start(t, few)
	known := s.SignUp("ada@example.com")
	for name, browser := range map[string]*testkit.Client{"a stranger": from(s, elsewhere), "a known browser": known} {
		var refused, waiting, other atomic.Int64
		var all sync.WaitGroup
		for range 24 {
			each := *browser
			each.Cookies = maps.Clone(browser.Cookies)
			all.Go(func() {
				switch signIn(&each, "ada@example.com", "wrong-wrong").Status {
				case 401:
					refused.Add(1)
				case 429:
					waiting.Add(1)
				default:
					other.Add(1)
				}
			})
		}
		all.Wait()
		if refused.Load() != 4 || waiting.Load() != 20 {
			t.Errorf("%s: %d were looked at, %d were to wait, %d others", name, refused.Load(), waiting.Load(), other.Load())
		}
	}
}

func TestThePagesWaitWhereAPasswordIsGivenAgain(t *testing.T) {
	s := testkit.Start(t, "[lockout]\naccount_failures = 3\nlock_for = \"5h\"\n[user.delete_user]\nenabled = true\n")
	ada := s.SignUp("ada@example.com")
	thief := bare(s, ada, elsewhere)
	for range 3 {
		thief.Form("./account/password", url.Values{"current_password": {"wrong-wrong"}, "new_password": {"trains and engines"}}).Is(422, "")
	}
	s.Clock.Advance(3*time.Hour + 10*time.Minute)
	for path, form := range map[string]url.Values{
		"./login":            {"email": {"ada@example.com"}, "password": {testkit.Password}},
		"./account/password": {"current_password": {testkit.Password}, "new_password": {"trains and engines"}},
		"./delete-account":   {"password": {testkit.Password}},
		"./confirm":          {"way": {"password"}, "password": {testkit.Password}},
	} {
		page := thief.Form(path, form)
		if page.Status != 429 || !strings.Contains(page.Body, "2 hours") || strings.Contains(page.Body, "110 minutes") {
			t.Errorf("%s: %d %s", path, page.Status, page.Body)
		}
	}
	signIn(ada, "ada@example.com", testkit.Password).Is(200, "") // nothing was changed or deleted
}
