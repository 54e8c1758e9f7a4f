package emailotp_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const on = "[email_otp]\nenabled = true\n"

type body = map[string]any

var codePattern = regexp.MustCompile(`\r?\n\r?\n(\d{6,12})\r?\n`)

// code is that of the newest mail.
func code(t *testing.T, s *testkit.Server) string {
	t.Helper()
	mails := s.Mails("email-otp")
	if len(mails) == 0 {
		t.Fatal("no mail was written")
	}
	m := codePattern.FindStringSubmatch(mails[len(mails)-1])
	if m == nil {
		t.Fatalf("no code in\n%s", mails[len(mails)-1])
	}
	return m[1]
}

// wrong is a code that is not this one.
func wrong(code string) string {
	last := code[len(code)-1]
	return code[:len(code)-1] + string('0'+(last-'0'+1)%10)
}

func send(s *testkit.Server, kind, email string) *testkit.Answer {
	return s.Client().Post("/email-otp/send-verification-otp", body{"email": email, "type": kind}).Is(200, "")
}

func signIn(c *testkit.Client, email, code string) *testkit.Answer {
	return c.Post("/sign-in/email-otp", body{"email": email, "otp": code, "name": "Ada"})
}

func user(t *testing.T, s *testkit.Server, email string) *core.User {
	t.Helper()
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, email)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOffIsNotThere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	for _, path := range []string{
		"/email-otp/send-verification-otp", "/email-otp/check-verification-otp", "/email-otp/verify-email", "/sign-in/email-otp", "/email-otp/request-password-reset",
		"/forget-password/email-otp", "/email-otp/reset-password", "/email-otp/request-email-change", "/email-otp/change-email", "./api/operator/createVerificationOTP",
	} {
		s.Client().Post(path, body{}).Is(404, "")
	}
}

func TestACodeMakesAnAccountAndThenSignsIn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	if got := send(s, "sign-in", "New@Example.com").Body; got != `{"success":true}` {
		t.Fatal(got)
	}
	if user(t, s, "new@example.com") != nil {
		t.Fatal("asking made an account")
	}
	c := s.Client()
	a := signIn(c, "NEW@example.com", code(t, s)).Is(200, "")
	made := user(t, s, "new@example.com")
	if made == nil || !made.EmailVerified || made.Name != "Ada" || a.Field("user.id") != made.ID || !strings.HasPrefix(a.Body, `{"token":`) {
		t.Fatalf("%+v %s", made, a.Body)
	}
	if c.Get("/get-session").Field("user.id") != made.ID || c.Cookies["better-auth.last_used_login_method"] != "email-otp" {
		t.Fatal("nobody is signed in")
	}
	send(s, "sign-in", "new@example.com")
	if signIn(s.Client(), "new@example.com", code(t, s)).Is(200, "").Field("user.id") != made.ID {
		t.Fatal("somebody else was signed in")
	}
}

func TestACodeIsGoodForOneThing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("a@example.com")
	s.SignUp("b@example.com")
	send(s, "sign-in", "a@example.com")
	right := code(t, s)
	c := s.Client()
	signIn(c, "b@example.com", right).Is(400, "INVALID_OTP")
	for _, kind := range []string{"email-verification", "forget-password", "change-email"} {
		c.Post("/email-otp/check-verification-otp", body{"email": "a@example.com", "type": kind, "otp": right}).Is(400, "INVALID_OTP")
	}
	c.Post("/email-otp/verify-email", body{"email": "a@example.com", "otp": right}).Is(400, "INVALID_OTP")
	c.Post("/email-otp/reset-password", body{"email": "a@example.com", "otp": right, "password": "another-password"}).Is(400, "INVALID_OTP")
	if c.HoldsSession() || user(t, s, "a@example.com").EmailVerified {
		t.Fatal("something was done")
	}
	signIn(c, "a@example.com", right).Is(200, "") // none of that used it up
	signIn(c, "a@example.com", right).Is(400, "INVALID_OTP")
}

func TestACodeEnds(t *testing.T) {
	t.Parallel()
	change := func(s *testkit.Server) *testkit.Client {
		c := s.SignUp("mover@example.com")
		c.Post("/email-otp/request-email-change", body{"newEmail": "a@example.com"}).Is(200, "")
		return c
	}
	ask := func(kind string) func(*testkit.Server) *testkit.Client {
		return func(s *testkit.Server) *testkit.Client {
			s.SignUp("a@example.com")
			send(s, kind, "a@example.com")
			return s.Client()
		}
	}
	for path, begin := range map[string]func(*testkit.Server) *testkit.Client{
		"/sign-in/email-otp": ask("sign-in"), "/email-otp/check-verification-otp": ask("sign-in"), "/email-otp/verify-email": ask("email-verification"),
		"/email-otp/reset-password": ask("forget-password"), "/email-otp/change-email": change,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, on+"[email_otp.change_email]\nenabled = true\n")
			c := begin(s)
			in := body{"email": "a@example.com", "newEmail": "a@example.com", "type": "sign-in", "password": "another-password", "otp": code(t, s)}
			s.Clock.Advance(5 * time.Minute)
			c.Post(path, in).Is(400, "OTP_EXPIRED")
			c.Post(path, in).Is(400, "INVALID_OTP")
			if u := user(t, s, "a@example.com"); u != nil && u.EmailVerified {
				t.Fatal("something was done")
			}
		})
	}
}

func TestAttemptsAreCounted(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"allowed_attempts = 2\n")
	send(s, "sign-in", "a@example.com")
	right := code(t, s)
	for range 2 {
		signIn(s.Client(), "a@example.com", wrong(right)).Is(400, "INVALID_OTP")
	}
	signIn(s.Client(), "a@example.com", right).Is(403, "TOO_MANY_ATTEMPTS")
	signIn(s.Client(), "a@example.com", right).Is(400, "INVALID_OTP")
	send(s, "sign-in", "a@example.com")
	signIn(s.Client(), "a@example.com", code(t, s)).Is(200, "")
}

func TestLookingCountsWrongCodesAndUsesNothingUp(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("a@example.com")
	send(s, "sign-in", "a@example.com")
	right := code(t, s)
	look := func(code string) *testkit.Answer {
		return s.Client().Post("/email-otp/check-verification-otp", body{"email": "a@example.com", "type": "sign-in", "otp": code})
	}
	for range 5 {
		look(right).Is(200, "")
	}
	for range 3 {
		look(wrong(right)).Is(400, "INVALID_OTP")
	}
	look(right).Is(403, "TOO_MANY_ATTEMPTS")
	send(s, "sign-in", "nobody@example.com")
	s.Client().Post("/email-otp/check-verification-otp", body{"email": "nobody@example.com", "type": "sign-in", "otp": code(t, s)}).Is(400, "USER_NOT_FOUND")
}

// TestAskingAnewBuysNoGuesses: whatever number of codes and browsers, fifteen wrong
// codes in an hour are all for an address.
func TestAskingAnewBuysNoGuesses(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("victim@example.com")
	for guess := range 15 {
		if guess%3 == 0 {
			send(s, "sign-in", "victim@example.com")
		}
		signIn(s.Client(), "victim@example.com", wrong(code(t, s))).Is(400, "INVALID_OTP")
	}
	mails := len(s.Mails("email-otp"))
	s.Client().Post("/email-otp/send-verification-otp", body{"email": "victim@example.com", "type": "sign-in"}).Is(403, "TOO_MANY_ATTEMPTS")
	if len(s.Mails("email-otp")) != mails {
		t.Fatal("a code was sent that would not work")
	}
	signIn(s.Client(), "victim@example.com", wrong(code(t, s))).Is(403, "TOO_MANY_ATTEMPTS")
	send(s, "sign-in", "else@example.com") // nobody else is kept out, nor from something else
	send(s, "forget-password", "victim@example.com")
	s.Clock.Advance(time.Hour)
	send(s, "sign-in", "victim@example.com")
	signIn(s.Client(), "victim@example.com", code(t, s)).Is(200, "")
}

func TestOnlyOneOfManyAtOnceUsesACode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	s.SignUp("a@example.com")
	send(s, "sign-in", "a@example.com")
	right := code(t, s)
	var wait sync.WaitGroup
	answers := make([]int, 8)
	for i := range answers {
		c := s.Client()
		wait.Go(func() { answers[i] = signIn(c, "a@example.com", right).Status })
	}
	wait.Wait()
	in := 0
	for _, status := range answers {
		if status == 200 {
			in++
		}
	}
	if in != 1 {
		t.Fatal(answers)
	}
}

func TestAskingAgain(t *testing.T) {
	t.Parallel()
	t.Run("another code ends the former", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, on+"otp_length = 12\n")
		send(s, "sign-in", "a@example.com")
		first := code(t, s)
		send(s, "sign-in", "a@example.com")
		second := code(t, s)
		if first == second || len(first) != 12 {
			t.Fatal(first, second)
		}
		signIn(s.Client(), "a@example.com", first).Is(400, "INVALID_OTP")
		signIn(s.Client(), "a@example.com", second).Is(200, "")
	})
	t.Run("the same code lasts longer with reuse, and what was counted stays", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, on+"otp_length = 12\nresend_strategy = 'reuse'\n")
		send(s, "sign-in", "a@example.com")
		first := code(t, s)
		for range 2 {
			signIn(s.Client(), "a@example.com", wrong(first)).Is(400, "INVALID_OTP")
		}
		s.Clock.Advance(4 * time.Minute)
		send(s, "sign-in", "a@example.com")
		if code(t, s) != first {
			t.Fatal("it is another code")
		}
		s.Clock.Advance(4 * time.Minute)
		signIn(s.Client(), "a@example.com", wrong(first)).Is(400, "INVALID_OTP")
		signIn(s.Client(), "a@example.com", first).Is(403, "TOO_MANY_ATTEMPTS")
		send(s, "sign-in", "a@example.com")
		if code(t, s) == first {
			t.Fatal("a code that was worn came back")
		}
		signIn(s.Client(), "a@example.com", code(t, s)).Is(200, "")
	})
}

func TestTheDatabaseHasNoCode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on+"otp_length = 12\n")
	send(s, "sign-in", "a@example.com")
	if s.FileContains(code(t, s)) {
		t.Fatal("the code lies in the database")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	c := s.Client()
	for _, path := range []string{"/email-otp/send-verification-otp", "/email-otp/check-verification-otp", "/email-otp/verify-email"} {
		c.Post(path, body{"email": "nonsense", "type": "sign-in", "otp": "1"}).Is(400, "INVALID_EMAIL")
	}
	if got := c.Post("/email-otp/send-verification-otp", body{"email": "a@example.com", "type": "change-email"}).Is(400, ""); got.Field("message") != "Invalid OTP type" {
		t.Fatal(got.Body)
	}
	c.Post("/email-otp/send-verification-otp", body{"email": "a@example.com", "type": "bogus"}).Is(400, "VALIDATION_ERROR")
	if len(s.Mails("email-otp")) != 0 {
		t.Fatal("a mail was sent")
	}
	signIn(c, "a@example.com", "").Is(400, "INVALID_OTP")
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, on)
	for i := range 3 {
		send(s, "sign-in", fmt.Sprintf("a%d@example.com", i))
	}
	left := func() int64 {
		t.Helper()
		n, err := store.One(t.Context(), s.Core.DB, func(r *store.Row) int64 { return r.Int() }, `SELECT COUNT(*) FROM mail_code`)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		after time.Duration
		left  int64
	}{{time.Hour, 3}, {24 * time.Hour, 0}} {
		s.Clock.Advance(c.after)
		if err := s.EmailOTP.Sweep(t.Context()); err != nil || left() != c.left {
			t.Fatalf("%d left, %v", left(), err)
		}
	}
}
