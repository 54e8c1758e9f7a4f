package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const shortCookie = "better-auth.dont_remember"

// comesIn signs somebody in by a way that begins with a message. The fields go along
// with the first form and the last one.
type comesIn func(t *testing.T, s *testkit.Server, c *testkit.Client, fields ...string) *testkit.Answer

func waysWithAMessage() map[string]comesIn {
	return map[string]comesIn{
		"a link": func(t *testing.T, s *testkit.Server, c *testkit.Client, fields ...string) *testkit.Answer {
			t.Helper()
			form(c, "/login/link", append([]string{"email", "ada@example.com"}, fields...)...).Is(200, "")
			return form(c, "/magic-link", append([]string{"token", s.Token("magic-link")}, fields...)...)
		},
		"a code by mail": func(t *testing.T, s *testkit.Server, c *testkit.Client, fields ...string) *testkit.Answer {
			t.Helper()
			form(c, "/login/code/send", append([]string{"email", "ada@example.com"}, fields...)...).Is(200, "")
			return form(c, "/login/code", append([]string{"email", "ada@example.com", "code", newestCode(t, s)}, fields...)...)
		},
		"a code by text": func(t *testing.T, s *testkit.Server, c *testkit.Client, fields ...string) *testkit.Answer {
			t.Helper()
			form(c, "/login/phone/send", append([]string{"number", number}, fields...)...).Is(200, "")
			return form(c, "/login/phone", append([]string{"number", number, "code", texted(t, s, "phone-otp")}, fields...)...)
		},
		"a password": func(_ *testing.T, _ *testkit.Server, c *testkit.Client, fields ...string) *testkit.Answer {
			return form(c, "/login", append([]string{"email", "ada@example.com", "password", testkit.Password}, fields...)...)
		},
	}
}

// TestEveryWayInAsksTheSame: whether to stay signed in, and after it, where the device
// could keep one, whether to add a passkey.
func TestEveryWayInAsksTheSame(t *testing.T) {
	t.Parallel()
	const offer = "/account/add-passkey"
	for name, in := range waysWithAMessage() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, withLinks+withCodes+phones)
			verified(t, s, "ada@example.com")
			come := func(want string, stays bool, fields ...string) {
				t.Helper()
				c := s.Client()
				leads(t, in(t, s, c, fields...), want)
				if _, short := c.Cookies[shortCookie]; short == stays || !c.HoldsSession() {
					t.Errorf("%v: stays signed in: %t", fields, !short)
				}
			}
			come("/account", true, "remember", "1")
			come("/account", false)
			come(offer+"?return_to=%2Faccount%2Fapps", true, "remember", "1", "able", "1", "return_to", "/account/apps")
			come("/account", false, "able", "1") // not again
			s.Clock.Advance(14 * 24 * time.Hour)
			come(offer, false, "able", "1")
		})
	}
}

// verified makes an account that has proven its address and its number.
func verified(t *testing.T, s *testkit.Server, email string) {
	t.Helper()
	id := s.SignUp(email).Get("/get-session").Field("user.id")
	if _, err := s.Admin.Update(t.Context(), id, map[string]any{"emailVerified": true, "phoneNumber": plain, "phoneNumberVerified": true}); err != nil {
		t.Fatal(err)
	}
}

func TestTheAnswerToStayingSignedInGoesAlong(t *testing.T) {
	t.Parallel()
	const box, kept = `type="checkbox" name="remember" value="1"`, `type="hidden" name="remember" value="1"`
	s := testkit.Start(t, withLinks+withCodes+phones)
	verified(t, s, "ada@example.com")
	c := s.Client()
	for _, path := range []string{"./login", "./login/phone"} {
		has(t, c.Get(path).Body, box+" checked")
	}
	for path, fields := range map[string][]string{
		"/login/link":       {"email", "ada@example.com"},
		"/login/code/send":  {"email", "ada@example.com"},
		"/login/phone/send": {"number", number},
	} {
		has(t, form(c, path, append(fields, "remember", "1")...).Is(200, "").Body, kept)
		hasNot(t, form(c, path, fields...).Is(200, "").Body, kept)
	}
	for _, remember := range []string{"1", ""} { // the link asks again: it may be another browser's
		form(c, "/login/link", "email", "ada@example.com", "remember", remember).Is(200, "")
		page := c.Get("./magic-link?token="+s.Token("magic-link")).Is(200, "").Body
		has(t, page, box, "data-able", "/static/code.")
		if remember == "" {
			hasNot(t, page, box+" checked")
		} else {
			has(t, page, box+" checked")
		}
	}
	mail := testkit.Start(t, withCodes+"[email_and_password]\nenabled = false\n[passkey]\nenabled = false\n").Client()
	has(t, mail.Get("./login").Body, box+" checked")
	hasNot(t, mail.Get("./login").Body, "data-able")
	made := form(mail, "/login/code/send", "email", "new@example.com", "name", "New").Is(200, "").Body
	has(t, made, kept) // who makes an account is not asked
	hasNot(t, made, "data-able")
}

func TestMailGoesToAnAddress(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withLinks+withCodes+usernames)
	for _, path := range []string{"/login/link", "/login/code/send"} {
		for typed, says := range map[string]string{"ada_l": "A link or a code goes to your e-mail address", "ada@": "Enter an e-mail address", "": "Enter an e-mail address"} {
			a := form(s.Client(), path, "email", typed)
			shows(t, a, 422, "Sign in")
			has(t, a.Body, says)
			if typed != "" {
				has(t, a.Body, `value="`+typed+`"`)
			}
		}
	}
	if n := len(s.Mails("magic-link")) + len(s.Mails("email-otp")); n != 0 {
		t.Fatalf("%d mails", n)
	}
}

// TestARecoveryGoesOnAfterAnEnrolment: who must set up a second factor first gets to the
// page with the passkey all the same.
func TestARecoveryGoesOnAfterAnEnrolment(t *testing.T) {
	t.Parallel()
	const offer = "/account/add-passkey?after=recovery&return_to=%2Faccount%2Fsecurity"
	s := testkit.Start(t, "[two_factor]\nrequire_two_factor = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "name": "Ada"})
	link, err := s.Recovery.Issue(t.Context(), "ada@example.com", 0)
	if err != nil {
		t.Fatal(err)
	}
	c, there := s.Client(), "?return_to="+url.QueryEscape(offer)
	leads(t, form(c, "/recover", "token", strings.TrimPrefix(link.URL, s.URL+"/recover?token="), "passkey", "1"), "/two-factor"+there)
	app, sealed := scans(t, s, form(c, "/two-factor/enrol", "return_to", offer))
	done := form(c, "/two-factor/enrolled", "setup", sealed, "code", app.code(), "able", "1", "return_to", offer).Is(200, "")
	has(t, done.Body, `href="/login`+there+`"`)
	leads(t, c.Get("./login"+there), offer)
	shows(t, c.Get("."+offer), 200, "You are in again")
}

// TestWhatAFormPostsToLeadsBackToTheForm: a tab that is restored, or the history, asks for
// it by GET, and that does nothing.
func TestWhatAFormPostsToLeadsBackToTheForm(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withLinks+withCodes+phones+guests)
	c := s.SignUp("ada@example.com")
	for path, want := range map[string]string{
		"/login/link": "/login", "/login/code/send": "/login/code", "/login/passkey": "/login", "/login/guest": "/login", "/login/phone/send": "/login/phone",
		"/signup/passkey": "/signup", "/forgot-password/reset": "/forgot-password", "/verify-email/send": "/verify-email",
		"/two-factor/send": "/two-factor", "/two-factor/enrolled": "/two-factor", "/account/two-factor/off": "/account/security", "/account/password": "/account/security",
		"/account/phone/send": "/account/phone", "/account/sessions/end-others": "/account/security", "/account/security/passkeys/delete": "/account/security",
		"/account/profile": "/account", "/account/email": "/account", "/account/add-passkey/later": "/account/add-passkey", "/sign-out": "/", "/language": "/",
	} {
		if a := c.Get("." + path); a.Status != 303 || a.Header.Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", path, a.Status, a.Header.Get("Location"), want)
		}
	}
	if !signedIn(c) {
		t.Error("a link signed somebody out")
	}
	s.Client().Get("./login/wallet").Is(404, "") // what is off is not there
}

// TestWhoHasNoPasswordProvesOtherwiseOnThePages: whatever allow_passwordless says of the API.
func TestWhoHasNoPasswordProvesOtherwiseOnThePages(t *testing.T) {
	t.Parallel()
	for _, allowed := range []string{"false", "true"} {
		s := testkit.Start(t, phonesNew+"[two_factor]\nallow_passwordless = "+allowed+"\n")
		c := byPhone(t, s)
		app, sealed := scans(t, s, form(c, "/account/two-factor/app")) // the sign-in was just now
		form(c, "/account/two-factor/app/code", "setup", sealed, "code", app.code()).Is(200, "")
		s.Clock.Advance(3 * time.Hour)
		for _, path := range []string{"/account/two-factor/off", "/account/two-factor/backup-codes"} {
			asks := form(c, path)
			shows(t, asks, 403, confirmTitle)
			has(t, asks.Body, `name="way" value="code"`)
			hasNot(t, asks.Body, `name="password"`)
		}
		if a := c.Get("/get-session"); a.Field("user.twoFactorEnabled") != "true" {
			t.Fatal(a.Body)
		}
		form(c, "/confirm", "way", "code", "code", app.code()).Is(303, "")
		leads(t, form(c, "/account/two-factor/off"), "/account/security")
		if a := c.Get("/get-session"); a.Field("user.twoFactorEnabled") != "false" {
			t.Fatal(a.Body)
		}
	}
}
