package emailotp_test

import (
	"slices"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// trace is what an address can see of a server, and what the server did for it.
type trace struct {
	statuses []int
	bodies   []string
	rows     int64 // of codes
}

// TestAKnownAndAnUnknownAddressDifferInNothing: neither when a code is asked for,
// nor when wrong ones are tried until none may be; in the answers and in the rows.
func TestAKnownAndAnUnknownAddressDifferInNothing(t *testing.T) {
	t.Parallel()
	for name, toml := range map[string]string{
		"anyone signs up":               on,
		"a code makes no account":       on + "disable_sign_up = true\n",
		"only invited people sign up":   on + "[sign_up]\nmode = 'invited'\n",
		"addresses are to be proven":    on + "override_default_email_verification = true\n[email_and_password]\nrequire_email_verification = true\n",
		"the same code when asked anew": on + "resend_strategy = 'reuse'\n",
	} {
		for _, kind := range []string{"sign-in", "email-verification", "forget-password"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				s := testkit.Start(t, toml)
				err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
					_, err := s.Core.CreateUser(t.Context(), tx, core.NewUser{Name: "K", Email: "known@example.com"})
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				known, unknown := observe(t, s, kind, "known@example.com"), observe(t, s, kind, "unknown@example.com")
				if !slices.Equal(known.statuses, unknown.statuses) || !slices.Equal(known.bodies, unknown.bodies) || known.rows != unknown.rows || known.rows != 1 {
					t.Fatalf("%+v\n%+v", known, unknown)
				}
				if user(t, s, "unknown@example.com") != nil {
					t.Fatal("there is an account")
				}
			})
		}
	}
}

// observe asks for codes and tries what cannot be one, until it is told to stop.
func observe(t *testing.T, s *testkit.Server, kind, email string) (seen trace) {
	t.Helper()
	note := func(a *testkit.Answer) {
		seen.statuses, seen.bodies = append(seen.statuses, a.Status), append(seen.bodies, a.Body)
		if len(a.Cookies) != 0 {
			t.Fatalf("%v", a.Cookies)
		}
	}
	for range 6 {
		note(s.Client().Post("/email-otp/send-verification-otp", body{"email": email, "type": kind}))
		for range 5 {
			note(s.Client().Post("/email-otp/check-verification-otp", body{"email": email, "type": kind, "otp": "no code"}))
			note(s.Client().Post(map[string]string{
				"sign-in": "/sign-in/email-otp", "email-verification": "/email-otp/verify-email", "forget-password": "/email-otp/reset-password",
			}[kind], body{"email": email, "otp": "no code", "password": testkit.Password}))
		}
	}
	var err error
	seen.rows, err = store.One(t.Context(), s.Core.DB, func(r *store.Row) int64 { return r.Int() }, `SELECT COUNT(*) FROM mail_code WHERE subject = $1`, email)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}
