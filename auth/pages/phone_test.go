package pages_test

import (
	"regexp"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

const (
	phones    = "[phone_number]\nenabled = true\n"
	phonesNew = phones + "sign_up_on_verification = true\n"
	number    = "+49 170 1234567"
	plain     = "+491701234567"
)

var textedCode = regexp.MustCompile(`@\S+ #(\d+)`)

// texted is the code in the newest message of a kind.
func texted(t *testing.T, s *testkit.Server, kind string) string {
	t.Helper()
	all := s.Mails(kind)
	if len(all) == 0 {
		t.Fatalf("no %s message was written", kind)
	}
	return textedCode.FindStringSubmatch(all[len(all)-1])[1]
}

// not is a code that is another one.
func not(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

func TestSigningInWithAPhoneNumber(t *testing.T) {
	s := testkit.Start(t, phonesNew)
	c := s.Client()
	has(t, c.Get("./login").Body, `href="/login/phone"`, "Sign in with your phone number")
	has(t, c.Get("./signup").Body, `href="/login/phone"`)
	shows(t, c.Get("./login/phone"), 200, "Sign in with your phone number")
	page := form(c, "/login/phone/send", "number", number, "return_to", "/account/apps")
	shows(t, page, 200, "Enter the code")
	has(t, page.Body, `value="`+number+`"`, `autocomplete="one-time-code"`, `inputmode="numeric"`, `value="/account/apps"`, `action="/login/phone/send"`, "outbox")
	code := texted(t, s, "phone-otp")
	for wrong, says := range map[string]string{"": "Enter the code from the message.", not(code): "That is not the code."} {
		a := form(c, "/login/phone", "number", number, "code", wrong)
		shows(t, a, 422, "Enter the code")
		has(t, a.Body, says)
		if c.HoldsSession() {
			t.Fatal("somebody was signed in")
		}
	}
	leads(t, form(c, "/login/phone", "number", number, "code", code[:3]+" "+code[3:], "return_to", "/account/apps"), "/account/apps")
	if got := c.Get("/get-session").Field("user.phoneNumber"); got != plain {
		t.Fatal(got)
	}
	late := s.Client()
	shows(t, form(late, "/login/phone", "number", number, "code", code), 422, "Enter the code")
	if late.HoldsSession() {
		t.Fatal("a used code signed somebody in")
	}
}

func TestAnAppIsWhereASignInByPhoneLeads(t *testing.T) {
	s := provider(t, phonesNew)
	c := s.Client()
	login := ask(t, c, "wiki", callback)
	flow := flowOf(t, login)
	has(t, c.Get("."+login).Body, `href="/login/phone?flow=`+flow)
	has(t, c.Get("./login/phone?flow="+flow).Body, "The &lt;wiki&gt;", `name="flow"`)
	form(c, "/login/phone/send", "number", number, "flow", flow).Is(200, "")
	leads(t, form(c, "/login/phone", "number", number, "code", texted(t, s, "phone-otp"), "flow", flow), "/consent?flow="+flow)
}

func TestPagesDoNotTellWhichNumbersAreKnown(t *testing.T) {
	s := testkit.Start(t, phones)
	if _, err := s.Admin.Update(t.Context(), s.SignUp("a@example.com").Get("/get-session").Field("user.id"), map[string]any{"phoneNumber": plain, "phoneNumberVerified": true}); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ path, more string }{
		{"/login/phone/send", ""}, {"/forgot-password/phone/send", ""}, {"/login/phone", "000000"}, {"/forgot-password/phone", "000000"},
	} {
		var bodies []string
		for _, to := range []string{plain, "+491700000000"} {
			code := one.more
			if code != "" && to == plain {
				code = not(texted(t, s, map[bool]string{true: "phone-otp", false: "phone-reset-otp"}[strings.HasPrefix(one.path, "/login")]))
			}
			a := form(s.Client(), one.path, "number", to, "code", code, "password", "a-new-password")
			bodies = append(bodies, strings.ReplaceAll(a.Body, to, "(number)"))
			if a.Status != map[bool]int{true: 422, false: 200}[one.more != ""] {
				t.Fatal(a.Status, a.Body)
			}
		}
		if bodies[0] != bodies[1] {
			t.Errorf("%s: the pages differ", one.path)
		}
	}
	if n := len(s.Mails("phone-otp")) + len(s.Mails("phone-reset-otp")); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestANumberThatNoCodeGoesTo(t *testing.T) {
	s := testkit.Start(t, phonesNew+"[sms]\nallowed_countries = [\"+49\"]\nmax_per_number = 1\n")
	for _, path := range []string{"/login/phone/send", "/forgot-password/phone/send"} {
		has(t, form(s.Client(), path, "number", "0170 1234567").Is(422, "").Body, "with a plus", `value="0170 1234567"`)
		has(t, form(s.Client(), path, "number", "+1 555 0001111").Is(422, "").Body, "of this country")
	}
	form(s.Client(), "/login/phone/send", "number", number).Is(200, "")
	a := form(s.Client(), "/login/phone/send", "number", number)
	shows(t, a, 429, "Sign in with your phone number")
	has(t, a.Body, "Too many messages")
	if n := len(s.Mails("phone-otp")); n != 1 {
		t.Fatalf("%d messages", n)
	}
}

func TestAProvenNumberThatIsNobodysSaysSo(t *testing.T) {
	for toml, want := range map[string]string{
		phones: "No account with this number", phonesNew + "[sign_up]\nmode = \"invited\"\n": "By invitation only",
	} {
		s := testkit.Start(t, toml)
		stranger := s.Client()
		if toml == phones { // then a code goes out only where somebody asks for one who is signed in
			s.SignUp("a@example.com").Post("/phone-number/send-otp", map[string]any{"phoneNumber": plain}).Is(200, "")
			hasNot(t, stranger.Get("./signup").Body, "/login/phone")
		} else {
			form(stranger, "/login/phone/send", "number", number).Is(200, "")
		}
		shows(t, form(stranger, "/login/phone", "number", plain, "code", texted(t, s, "phone-otp")), 403, want)
		if stranger.HoldsSession() {
			t.Fatal("somebody was signed in")
		}
	}
}

func TestTheSignInPageTakesANumberAndAPassword(t *testing.T) {
	s := testkit.Start(t, phones+"require_verification = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "phoneNumber": plain}).Is(200, "")
	c := s.Client()
	has(t, c.Get("./login").Body, "E-mail address or phone number", `autocomplete="username`)
	for wrong, says := range map[string]string{
		"+49 170 0000000": "The phone number or the password is wrong.", "0170 1234567": "with a plus", "+49 170 1234567": "The phone number or the password is wrong.",
		"": "Enter what you sign in with.", "ada": "Enter an e-mail address",
	} {
		a := form(c, "/login", "email", wrong, "password", "not-the-password")
		shows(t, a, 422, "Sign in")
		has(t, a.Body, says)
	}
	if len(s.Mails("phone-otp")) != 0 {
		t.Fatal("a wrong password had a message sent")
	}
	a := form(c, "/login", "email", number, "password", testkit.Password, "return_to", "/account/apps")
	shows(t, a, 403, "Enter the code")
	if c.HoldsSession() {
		t.Fatal("an unproven number signed somebody in")
	}
	leads(t, form(c, "/login/phone", "number", number, "code", texted(t, s, "phone-otp"), "return_to", "/account/apps"), "/account/apps")
	again := s.Client()
	leads(t, form(again, "/login", "email", number, "password", testkit.Password), "/account")
}

func TestANumberOfDigitsMayBeAUsername(t *testing.T) {
	s := testkit.Start(t, phones+"[username]\nenabled = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A", "username": "12345678"}).Is(200, "")
	c := s.Client()
	has(t, c.Get("./login").Body, "E-mail address, username or phone number")
	leads(t, form(c, "/login", "email", "12345678", "password", testkit.Password), "/account")
}

func TestAPasswordIsResetByPhone(t *testing.T) {
	s := testkit.Start(t, phonesNew)
	c := s.Client()
	form(c, "/login/phone/send", "number", number).Is(200, "")
	form(c, "/login/phone", "number", number, "code", texted(t, s, "phone-otp")).Is(303, "")
	has(t, s.Client().Get("./forgot-password").Body, `href="/forgot-password/phone"`)
	other := s.Client()
	shows(t, other.Get("./forgot-password/phone"), 200, "Forgot your password?")
	shows(t, form(other, "/forgot-password/phone/send", "number", number), 200, "Enter the code")
	code := texted(t, s, "phone-reset-otp")
	for says, try := range map[string][2]string{
		"Enter the code from": {"", "a-new-password"}, "Enter your password": {code, ""}, "Too short": {code, "x9!k"}, "That is not the code": {not(code), "a-new-password"},
	} {
		a := form(other, "/forgot-password/phone", "number", number, "code", try[0], "password", try[1])
		shows(t, a, 422, "Enter the code")
		has(t, a.Body, says)
		if try[1] != "" {
			hasNot(t, a.Body, try[1])
		}
	}
	shows(t, form(other, "/forgot-password/phone", "number", number, "code", code, "password", "a-new-password"), 200, "Your password is changed")
	if signedIn(c) {
		t.Error("the old session lives on")
	}
	leads(t, form(other, "/login", "email", number, "password", "a-new-password"), "/account")
}

func TestThePanelOfOnesNumber(t *testing.T) {
	s := testkit.Start(t, phones)
	c := s.SignUp("a@example.com")
	has(t, c.Get("./account/security").Body, `id="phone"`, `action="/account/phone/send"`)
	has(t, form(c, "/account/phone/send", "number", "12").Is(422, "").Body, `value="12"`, "with a plus")
	page := form(c, "/account/phone/send", "number", number)
	shows(t, page, 200, "Enter the code")
	code := texted(t, s, "phone-otp")
	shows(t, form(c, "/account/phone", "number", number, "code", not(code)), 422, "Enter the code")
	leads(t, form(c, "/account/phone", "number", number, "code", code), "/account/security")
	has(t, c.Get("./account/security").Body, "Your phone number is confirmed.", plain, "Number confirmed")

	other := s.SignUp("b@example.com")
	form(other, "/account/phone/send", "number", number).Is(200, "")
	leads(t, form(other, "/account/phone", "number", number, "code", texted(t, s, "phone-otp")), "/account/security")
	has(t, other.Get("./account/security").Body, "Another account has this number.")
	if got := c.Get("/get-session").Field("user.phoneNumber"); got != plain {
		t.Fatal(got)
	}

	leads(t, form(c, "/account/phone/remove"), "/account/security")
	page = c.Get("./account/security")
	has(t, page.Body, "Your phone number is removed.")
	hasNot(t, page.Body, plain)
}

func TestWhatDecidesOverTheNumberAsksForAProof(t *testing.T) {
	s := testkit.Start(t, phones)
	c := s.SignUp("a@example.com")
	form(c, "/account/phone/send", "number", number).Is(200, "")
	code := texted(t, s, "phone-otp")
	form(c, "/account/phone", "number", number, "code", code).Is(303, "")
	s.Clock.Advance(3 * s.Core.Config.Session.FreshAge)
	for _, path := range []string{"/account/phone/send", "/account/phone", "/account/phone/remove"} {
		shows(t, form(c, path, "number", "+49 170 7654321", "code", code), 403, "Confirm that it is you")
	}
	if n := len(s.Mails("phone-otp")); n != 1 {
		t.Fatalf("%d messages", n)
	}
	if got := c.Get("/get-session").Field("user.phoneNumber"); got != plain {
		t.Fatal(got)
	}
}

func TestTheLastNumberStays(t *testing.T) {
	s := testkit.Start(t, phonesNew)
	c := s.Client()
	form(c, "/login/phone/send", "number", number).Is(200, "")
	form(c, "/login/phone", "number", number, "code", texted(t, s, "phone-otp")).Is(303, "")
	page := c.Get("./account/security")
	has(t, page.Body, "This is the only way you can sign in.")
	hasNot(t, page.Body, `action="/account/phone/remove"`)
	leads(t, form(c, "/account/phone/remove"), "/account/security")
	has(t, c.Get("./account/security").Body, "This is the only way you can sign in.", plain)
}

func TestWithoutPhoneNumbersThereAreNoPagesOfThem(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	for _, path := range []string{"./login/phone", "./forgot-password/phone", "./account/phone"} {
		c.Get(path).Is(404, "")
	}
	hasNot(t, s.Client().Get("./login").Body+s.Client().Get("./forgot-password").Body+c.Get("./account/security").Body, "/phone", "phone number")
	off := testkit.Start(t, phones+"[email_and_password]\nenabled = false\n").Client()
	off.Get("./forgot-password/phone").Is(404, "")
	page := off.Get("./login").Is(200, "").Body
	has(t, page, `href="/login/phone"`)
	hasNot(t, page, `name="email"`, `name="password"`)
}
