package phone_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const (
	on      = "[phone_number]\nenabled = true\n"
	signsUp = on + "sign_up_on_verification = true\n"
	number  = "+15550001111"
	other   = "+15550002222"
)

var codePattern = regexp.MustCompile(`@\S+ #(\d+)`)

// code is that of the newest message of a kind.
func code(t *testing.T, s *testkit.Server, kind string) string {
	t.Helper()
	all := s.Mails(kind)
	if len(all) == 0 {
		t.Fatalf("no %s message was written", kind)
	}
	m := codePattern.FindStringSubmatch(all[len(all)-1])
	if m == nil {
		t.Fatalf("no code in:\n%s", all[len(all)-1])
	}
	return m[1]
}

// wrong is a code that is not the right one.
func wrong(right string) string {
	if right[0] == '0' {
		return "1" + right[1:]
	}
	return "0" + right[1:]
}

func send(t *testing.T, s *testkit.Server, c *testkit.Client, to string) string {
	t.Helper()
	c.Post("/phone-number/send-otp", map[string]any{"phoneNumber": to}).Is(200, "")
	return code(t, s, "phone-otp")
}

// newcomer signs up with a number and returns their browser.
func newcomer(t *testing.T, s *testkit.Server, to string) *testkit.Client {
	t.Helper()
	c := s.Client()
	c.Post("/phone-number/verify", map[string]any{"phoneNumber": to, "code": send(t, s, c, to)}).Is(200, "")
	return c
}

func TestWithoutPhoneNumbersThereIsNothingOfThem(t *testing.T) {
	s := testkit.Start(t, "")
	for _, path := range []string{"/phone-number/send-otp", "/phone-number/verify", "/phone-number/request-password-reset", "/phone-number/reset-password", "/sign-in/phone-number"} {
		s.Client().Post(path, map[string]any{"phoneNumber": number}).Is(404, "")
	}
	if body := s.SignUp("a@example.com").Get("/get-session").Body; strings.Contains(body, "phoneNumber") {
		t.Fatal(body)
	}
}

func TestWhoProvesANumberGetsAnAccountAndComesBackByIt(t *testing.T) {
	s := testkit.Start(t, signsUp)
	c := s.Client()
	a := c.Post("/phone-number/verify", map[string]any{"phoneNumber": "+1 (555) 000-1111", "code": send(t, s, c, number)}).Is(200, "")
	if a.Field("user.phoneNumber") != number || a.Field("user.phoneNumberVerified") != "true" || a.Field("user.email") != "15550001111@phone.invalid" || a.Field("token") == "" {
		t.Fatal(a.Body)
	}
	again := s.Client()
	if b := again.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": send(t, s, again, number)}).Is(200, ""); b.Field("user.id") != a.Field("user.id") {
		t.Fatal("another account was made")
	}
	if s.FileContains(code(t, s, "phone-otp")) {
		t.Error("the code lies in the database")
	}
}

func TestACodeIsGoodOnceForOneNumberAndOnePurpose(t *testing.T) {
	s := testkit.Start(t, signsUp)
	newcomer(t, s, number)
	verify := func(to, code string) *testkit.Answer {
		return s.Client().Post("/phone-number/verify", map[string]any{"phoneNumber": to, "code": code})
	}
	verify(number, "000000").Is(400, "OTP_NOT_FOUND") // it is used up
	right := send(t, s, s.Client(), number)
	verify(other, right).Is(400, "OTP_NOT_FOUND")
	s.Client().Post("/phone-number/reset-password", map[string]any{"phoneNumber": number, "otp": right, "newPassword": "a-new-password"}).Is(400, "OTP_NOT_FOUND")
	s.Clock.Advance(5 * time.Minute)
	verify(number, right).Is(400, "OTP_EXPIRED")
	verify(number, right).Is(400, "OTP_NOT_FOUND")

	right = send(t, s, s.Client(), number)
	for range 3 {
		if a := verify(number, wrong(right)).Is(400, "INVALID_OTP"); len(a.Cookies) != 0 {
			t.Fatal("a cookie was set")
		}
	}
	verify(number, right).Is(403, "TOO_MANY_ATTEMPTS")
	verify(number, right).Is(400, "OTP_NOT_FOUND")
}

func TestKnownAndUnknownNumbersLookTheSame(t *testing.T) {
	s := testkit.Start(t, on)
	if _, err := s.Admin.Update(t.Context(), mustSignUp(s, "a@example.com"), map[string]any{"phoneNumber": number, "phoneNumberVerified": true}); err != nil {
		t.Fatal(err)
	}
	for path, more := range map[string]map[string]any{
		"/phone-number/send-otp": {}, "/phone-number/request-password-reset": {}, "/sign-in/phone-number": {"password": "not-the-password"},
		"/phone-number/verify": {"code": "wrong"}, "/phone-number/reset-password": {"otp": "wrong", "newPassword": "a-new-password"},
	} {
		var bodies []string
		for _, to := range []string{number, other} {
			more["phoneNumber"] = to
			a := s.Client().Post(path, more)
			bodies = append(bodies, fmt.Sprint(a.Status, a.Body, len(a.Cookies)))
		}
		if bodies[0] != bodies[1] {
			t.Errorf("%s: %s, %s", path, bodies[0], bodies[1])
		}
	}
	if n := len(s.Mails("phone-otp")) + len(s.Mails("phone-reset-otp")); n != 2 {
		t.Errorf("%d messages went out: only the known number gets them where nobody can sign up by one", n)
	}
}

func mustSignUp(s *testkit.Server, email string) string {
	return s.SignUp(email).Get("/get-session").Field("user.id")
}

func TestNumbersThatNoMessageGoesTo(t *testing.T) {
	s := testkit.Start(t, signsUp+"[sms]\nallowed_countries = [\"+49\", \"+1555\"]\n")
	for rule, c := range map[string]struct{ number, code string }{
		"no plus":                       {"15550001111", "INVALID_PHONE_NUMBER"},
		"too short":                     {"+1555", "INVALID_PHONE_NUMBER"},
		"16 digits":                     {"+1234567890123456", "INVALID_PHONE_NUMBER"},
		"no country begins with zero":   {"+0155500011", "INVALID_PHONE_NUMBER"},
		"letters":                       {"+1555FLOWERS", "INVALID_PHONE_NUMBER"},
		"digits of another script":      {"+١٥٥٥٠٠٠١١١١", "INVALID_PHONE_NUMBER"},
		"empty":                         {"", "INVALID_PHONE_NUMBER"},
		"a country that is not allowed": {"+4412345678", "PHONE_NUMBER_COUNTRY_NOT_ALLOWED"},
	} {
		t.Run(rule, func(t *testing.T) {
			s.Client().Post("/phone-number/send-otp", map[string]any{"phoneNumber": c.number}).Is(400, c.code)
			s.Client().Post("/phone-number/request-password-reset", map[string]any{"phoneNumber": c.number}).Is(400, c.code)
		})
	}
	if n := len(s.Mails("phone-otp")); n != 0 {
		t.Errorf("%d messages", n)
	}
	send(t, s, s.Client(), "+49 (30) 123.456-7")
}

func TestMessagesAreLimitedBecauseTheyCostMoney(t *testing.T) {
	s := testkit.Start(t, signsUp+"[sms]\nmax_per_number = 2\nmax_per_address = 3\n")
	try := func(to string) *testkit.Answer {
		return s.Client().Post("/phone-number/send-otp", map[string]any{"phoneNumber": to})
	}
	try(number).Is(200, "")
	try(number).Is(200, "")
	a := try(number).Is(429, "")
	if a.Header.Get("X-Retry-After") != "3600" {
		t.Error(a.Header)
	}
	try("+15550003333").Is(200, "")
	try("+15550004444").Is(429, "")
	if n := len(s.Mails("phone-otp")); n != 3 {
		t.Errorf("%d messages", n)
	}
	s.Clock.Advance(time.Hour)
	try(number).Is(200, "")
}

func TestAnUnprovenNumberIsNobodys(t *testing.T) {
	s := testkit.Start(t, signsUp)
	attacker := s.Client()
	attacker.Post("/sign-up/email", map[string]any{"email": "evil@example.com", "password": testkit.Password, "name": "Evil", "phoneNumber": number}).Is(200, "")
	s.Client().Post("/sign-up/email", map[string]any{"email": "b@example.com", "password": testkit.Password, "name": "B", "phoneNumber": number}).Is(400, "PHONE_NUMBER_EXIST")
	attacker.Post("/phone-number/send-otp", map[string]any{"phoneNumber": number}).Is(200, "") // hoping that the owner enters this one
	owner := s.Client()
	a := owner.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": send(t, s, owner, number)}).Is(200, "")
	if a.Field("user.email") == "evil@example.com" {
		t.Fatal("the owner of the number came into the account of somebody else")
	}
	if b := attacker.Get("/get-session"); b.Field("user.phoneNumber") != "" || b.Field("user.phoneNumberVerified") != "false" {
		t.Fatal(b.Body)
	}
	s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": testkit.Password}).Is(401, "INVALID_PHONE_NUMBER_OR_PASSWORD")
}

func TestOnesOwnNumberIsProvenBySignIn(t *testing.T) {
	s := testkit.Start(t, on+"require_verification = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "phoneNumber": number}).Is(200, "")
	s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": "not-the-password"}).Is(401, "INVALID_PHONE_NUMBER_OR_PASSWORD")
	if len(s.Mails("phone-otp")) != 0 {
		t.Fatal("who does not know the password had a message sent")
	}
	c := s.Client()
	if a := c.Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": testkit.Password}).Is(401, "PHONE_NUMBER_NOT_VERIFIED"); len(a.Cookies) != 0 {
		t.Fatal("somebody was signed in")
	}
	if a := c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": code(t, s, "phone-otp")}).Is(200, ""); a.Field("user.email") != "a@example.com" {
		t.Fatal(a.Body)
	}
	s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": testkit.Password}).Is(200, "")
}

func TestChangingTheNumber(t *testing.T) {
	s := testkit.Start(t, signsUp)
	newcomer(t, s, other)
	c := s.SignUp("a@example.com")
	c.Post("/update-user", map[string]any{"phoneNumber": number}).Is(400, "PHONE_NUMBER_CANNOT_BE_UPDATED")
	c.Post("/update-user", map[string]any{"phoneNumberVerified": true}).Is(400, "FIELD_NOT_ALLOWED")
	c.Post("/phone-number/verify", map[string]any{"phoneNumber": other, "code": send(t, s, c, other), "updatePhoneNumber": true}).Is(400, "PHONE_NUMBER_EXIST")
	right := send(t, s, c, number)
	s.Client().Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": wrong(right), "updatePhoneNumber": true}).Is(400, "INVALID_OTP")
	c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": right, "updatePhoneNumber": true}).Is(200, "")
	if a := c.Get("/get-session"); a.Field("user.phoneNumber") != number || a.Field("user.phoneNumberVerified") != "true" || a.Field("user.email") != "a@example.com" {
		t.Fatal(a.Body)
	}
	s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": testkit.Password}).Is(200, "")
	c.Post("/update-user", map[string]any{"phoneNumber": nil}).Is(200, "")
	if a := c.Get("/get-session"); a.Field("user.phoneNumber") != "" || a.Field("user.phoneNumberVerified") != "false" {
		t.Fatal(a.Body)
	}
	s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": testkit.Password}).Is(401, "")
}

func TestTheLastWayInStays(t *testing.T) {
	s := testkit.Start(t, signsUp)
	c := newcomer(t, s, number)
	c.Post("/update-user", map[string]any{"phoneNumber": nil}).Is(400, "LAST_WAY_IN")
	if got := c.Get("/get-session").Field("user.phoneNumber"); got != number {
		t.Fatal(got)
	}
}

func TestAForgottenPasswordIsResetByPhone(t *testing.T) {
	s := testkit.Start(t, signsUp)
	old := newcomer(t, s, number)
	reset := func(code, password string) *testkit.Answer {
		return s.Client().Post("/phone-number/reset-password", map[string]any{"phoneNumber": number, "otp": code, "newPassword": password})
	}
	s.Client().Post("/phone-number/request-password-reset", map[string]any{"phoneNumber": number}).Is(200, "")
	right := code(t, s, "phone-reset-otp")
	s.Client().Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": right}).Is(400, "OTP_NOT_FOUND")
	reset(right, "short").Is(400, "PASSWORD_TOO_SHORT")
	reset(right, "a-new-password").Is(200, "")
	reset(right, "another-password").Is(400, "OTP_NOT_FOUND")
	if old.Get("/get-session").Body != "null" {
		t.Error("the old session lives on")
	}
	s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": number, "password": "a-new-password"}).Is(200, "")
}

func TestSignUpRulesHoldForPhonesToo(t *testing.T) {
	s := testkit.Start(t, signsUp+"[sign_up]\nmode = \"nobody\"\n")
	c := s.Client()
	a := c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": send(t, s, c, number)}).Is(403, "SIGNUP_DISABLED")
	if len(a.Cookies) != 0 || c.Get("/get-session").Body != "null" {
		t.Fatal("somebody was let in")
	}
}

func TestACodeMayProveANumberAndNothingElse(t *testing.T) {
	s := testkit.Start(t, signsUp)
	c := s.Client()
	a := c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": send(t, s, c, number), "disableSession": true}).Is(200, "")
	if a.Field("token") != "" || len(a.Cookies) != 0 || a.Field("user.phoneNumber") != number {
		t.Fatal(a.Body)
	}
	c.Post("/phone-number/verify", map[string]any{"phoneNumber": other, "code": send(t, s, c, other), "role": "admin"}).Is(400, "FIELD_NOT_ALLOWED")
	s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": other, "password": testkit.Password}).Is(401, "")
}
