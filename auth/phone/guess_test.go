package phone_test

import (
	"testing"

	"authd/auth/internal/testkit"
)

// TestGuessesAtANumbersPasswordWait: for a number that nobody has just the same.
func TestGuessesAtANumbersPasswordWait(t *testing.T) {
	s := testkit.Start(t, on+"[lockout]\naccount_failures = 4\n")
	s.Client().Post("/sign-up/email", map[string]any{"name": "Ada", "email": "ada@example.com", "password": testkit.Password, "phoneNumber": number}).Is(200, "")
	for _, number := range []string{number, other} {
		guess := func(password string) *testkit.Answer {
			return s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": password})
		}
		for range 4 {
			guess("wrong-wrong").Is(401, "INVALID_PHONE_NUMBER_OR_PASSWORD")
		}
		for _, password := range []string{"wrong-wrong", testkit.Password} {
			if wait := guess(password).Is(429, "SIGN_IN_LOCKED").Header.Get("Retry-After"); wait != "900" {
				t.Errorf("%s: Retry-After %q", number, wait)
			}
		}
	}
}
