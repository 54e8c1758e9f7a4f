package confirm_test

import (
	"maps"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

func prove(c *testkit.Client, password string) *testkit.Answer {
	return c.Form("./confirm", url.Values{"way": {"password"}, "password": {password}})
}

func TestAProofIsGoodForItsSessionAndForTheAPI(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, other := s.SignUp("ada@example.com"), s.SignIn("ada@example.com")
	s.Clock.Advance(25 * time.Hour)
	c.Post("/delete-user", map[string]any{}).Is(400, "SESSION_EXPIRED")
	prove(c, testkit.Password).Is(303, "")
	other.Post("/delete-user", map[string]any{}).Is(400, "SESSION_EXPIRED")
	c.Post("/delete-user", map[string]any{}).Is(200, "")
}

func TestAProofIsOverWithFreshAge(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[session]\nfresh_age = \"10m\"\n")
	c := s.SignUp("ada@example.com")
	s.Clock.Advance(11 * time.Minute)
	c.Post("/delete-user", map[string]any{}).Is(400, "SESSION_EXPIRED")
	prove(c, testkit.Password).Is(303, "")
	s.Clock.Advance(11 * time.Minute)
	c.Post("/delete-user", map[string]any{}).Is(400, "SESSION_EXPIRED")
	s.SignIn("ada@example.com")
}

func TestManyTriesAtOnceAreNotMoreThanTen(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[lockout]\nenabled = false\n") // which would count passwords itself
	c := s.SignUp("ada@example.com")
	s.Clock.Advance(3 * time.Hour)
	var refused, waiting atomic.Int64
	var all sync.WaitGroup
	for range 15 {
		each := *c
		each.Cookies = maps.Clone(c.Cookies)
		all.Go(func() {
			switch prove(&each, "wrong-password").Status {
			case 422:
				refused.Add(1)
			case 429:
				waiting.Add(1)
			}
		})
	}
	all.Wait()
	if refused.Load() != 10 || waiting.Load() != 5 {
		t.Fatalf("%d were looked at and %d not, of 15", refused.Load(), waiting.Load())
	}
}

// TestAWrongPasswordIsOneTryWhereverItIsGiven: there is one count, that of sign-ins, so
// that nobody has as many tries again at another place.
func TestAWrongPasswordIsOneTryWhereverItIsGiven(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[lockout]\naccount_failures = 3\n")
	c := s.SignUp("ada@example.com")
	prove(c, "wrong-password").Is(422, "")
	c.Post("/change-password", map[string]any{"currentPassword": "wrong-password", "newPassword": "trains and engines"}).Is(400, "INVALID_PASSWORD")
	prove(c, "wrong-password").Is(422, "")
	prove(c, testkit.Password).Is(429, "")
	c.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "trains and engines"}).Is(429, "SIGN_IN_LOCKED")
	s.Clock.Advance(16 * time.Minute)
	prove(c, testkit.Password).Is(303, "")
}
