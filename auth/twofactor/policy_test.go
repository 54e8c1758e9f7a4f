package twofactor_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// TestWhoMustHaveASecondFactorSetsOneUp before there is a session.
func TestWhoMustHaveASecondFactorSetsOneUp(t *testing.T) {
	s := testkit.Start(t, "[two_factor]\nrequire_two_factor = true\n")
	c := s.Client()
	a := c.Post("/sign-up/email", map[string]string{"email": ada, "password": testkit.Password, "name": "Ada"}).Is(200, "")
	if want := `{"twoFactorRedirect":true,"twoFactorMethods":[]}`; a.Body != want {
		t.Fatalf("%s, want %s", a.Body, want)
	}
	nobody(t, c)
	verify(c, "totp", "000000").Is(400, "TOTP_NOT_ENABLED")
	enabled := c.Post("/two-factor/enable", map[string]string{"password": ""}).Is(200, "")
	device := read(t, s, enabled.Field("totpURI"))
	nobody(t, c)
	verify(c, "backup-code", enabled.JSON().(map[string]any)["backupCodes"].([]any)[0].(string)).Is(400, "BACKUP_CODES_NOT_ENABLED")
	verify(c, "totp", device.wrong()).Is(401, "INVALID_CODE")
	nobody(t, c)
	verify(c, "totp", device.code(0)).Is(200, "")
	somebody(t, c, ada)
	c.Post("/two-factor/disable", map[string]string{"password": testkit.Password}).Is(403, "TWO_FACTOR_REQUIRED")
	b, held := signIn(s, ada)
	if held.Field("twoFactorRedirect") != "true" || !strings.Contains(held.Body, "totp") {
		t.Fatal(held.Body)
	}
	b.Post("/two-factor/enable", map[string]string{"password": testkit.Password}).Is(401, "UNAUTHORIZED") // it is no enrolment
	verify(b, "totp", device.code(30*time.Second)).Is(200, "")

	t.Run("by codes that are sent", func(t *testing.T) {
		c := s.Client()
		c.Post("/sign-up/email", map[string]string{"email": bob, "password": testkit.Password, "name": "Bob"}).Is(200, "")
		c.Post("/two-factor/enable", map[string]string{"password": "", "method": "otp"}).Is(200, "")
		nobody(t, c)
		verify(c, "otp", sent(t, s)).Is(200, "")
		if c.Get("/get-session").Is(200, "").Field("user.twoFactorEnabled") != "true" {
			t.Fatal("it does not count")
		}
	})
}

// TestAnEnrolmentThatWaitsIsOverWhenSomebodyElseHasFinished: who knew the password, and
// began before the owner set up codes by mail, does not come in with an app of their own.
func TestAnEnrolmentThatWaitsIsOverWhenSomebodyElseHasFinished(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[two_factor]\nrequire_two_factor = true\n")
	owner, thief := s.Client(), s.Client()
	owner.Post("/sign-up/email", map[string]string{"email": ada, "password": testkit.Password, "name": "Ada"}).Is(200, "")
	thief.Post("/sign-in/email", map[string]string{"email": ada, "password": testkit.Password}).Is(200, "")
	a := thief.Post("/two-factor/enable", map[string]string{"password": ""}).Is(200, "")
	device, codes := read(t, s, a.Field("totpURI")), a.JSON().(map[string]any)["backupCodes"].([]any)
	owner.Post("/two-factor/enable", map[string]string{"password": "", "method": "otp"}).Is(200, "")
	verify(owner, "otp", sent(t, s)).Is(200, "")
	somebody(t, owner, ada)
	verify(thief, "totp", device.code(0)).Is(401, "INVALID_TWO_FACTOR_COOKIE")
	thief.Post("/two-factor/enable", map[string]string{"password": ""}).Is(401, "UNAUTHORIZED")
	nobody(t, thief)
	again := heldIn(t, s, ada)
	verify(again, "totp", device.code(0)).Is(400, "TOTP_NOT_ENABLED")
	verify(again, "backup-code", codes[0].(string)).Is(400, "BACKUP_CODES_NOT_ENABLED")
	nobody(t, again)
}

func TestOnlySomeRolesMustHaveOne(t *testing.T) {
	s := testkit.Start(t, "[two_factor]\nrequire_two_factor = [\"admin\", \"editor\"]\n")
	c := s.SignUp(ada)
	somebody(t, c, ada)
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		u, err := s.Core.UserByEmail(t.Context(), tx, ada)
		if err != nil {
			return err
		}
		u.Role = "user,editor"
		return s.Core.SaveUser(t.Context(), tx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, a := signIn(s, ada); a.Field("twoFactorRedirect") != "true" {
		t.Fatal(a.Body)
	}
}

// TestEveryWayInIsAsked as far as the configuration says, and as its proof was another one.
func TestEveryWayInIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		toml string
		app  bool // the person has an authenticator app, else codes by mail
		how  core.SignIn
		want string // the methods, "-" for a session at once
	}{
		"a password":                         {"", true, core.SignIn{}, "totp otp"},
		"a mail, where there is an app":      {"", true, core.SignIn{Mailbox: true}, "totp"},
		"a mail, where there are mails":      {"", false, core.SignIn{Mailbox: true}, "-"},
		"a provider":                         {"", true, core.SignIn{Federated: true}, "-"},
		"a provider, where that is asked":    {"[two_factor]\nafter_social = true\n", true, core.SignIn{Federated: true}, "totp otp"},
		"a provider, and an app needs more":  {"", true, core.SignIn{Federated: true, StepUp: true}, "totp otp"},
		"a passkey that verified its user":   {"", true, core.SignIn{MultiFactor: true}, "-"},
		"a password, where no code is sent":  {"[two_factor.otp_options]\nenabled = false\n", true, core.SignIn{}, "totp"},
		"a proof of another time":            {"", true, core.SignIn{ProvenAt: time.Unix(1e9, 0)}, "-"},
		"a password, where it is turned off": {"[two_factor]\nenabled = false\n", true, core.SignIn{}, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, c.toml)
			if strings.Contains(c.toml, "enabled = false\n") && !strings.Contains(c.toml, "otp") {
				s.SignUp(ada)
				s.Client().Post("/two-factor/verify-totp", map[string]string{"code": "1"}).Is(404, "")
			} else if c.app {
				enrolled(t, s, ada)
			} else {
				s.SignUp(ada).Post("/two-factor/enable", map[string]string{"password": testkit.Password, "method": "otp"}).Is(200, "")
			}
			in := c.how
			u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, ada)
			if err != nil {
				t.Fatal(err)
			}
			in.User, in.Method = u, "test"
			_, err = s.Core.Begin(t.Context(), &in, nil)
			var held *core.Held
			switch {
			case c.want == "-" && err != nil:
				t.Fatal(err)
			case c.want != "-" && (!errors.As(err, &held) || strings.Join(held.Methods, " ") != c.want):
				t.Fatalf("%v, %+v, want %s", err, held, c.want)
			}
		})
	}
}

// TestATextIsNoSecondProofAfterAText: a code to the phone that has just had one proves nothing more.
func TestATextIsNoSecondProofAfterAText(t *testing.T) {
	const number = "+491701234567"
	s := testkit.Start(t, "[phone_number]\nenabled = true\n")
	text := func(c *testkit.Client) string {
		t.Helper()
		c.Post("/phone-number/send-otp", map[string]string{"phoneNumber": number}).Is(200, "")
		mails := s.Mails("phone-otp")
		return regexp.MustCompile(`\b\d{6}\b`).FindString(mails[len(mails)-1][strings.Index(mails[len(mails)-1], "\r\n\r\n"):])
	}
	c := s.SignUp(ada)
	c.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": text(c), "updatePhoneNumber": true}).Is(200, "")
	c.Post("/two-factor/enable", map[string]string{"password": testkit.Password, "method": "otp"}).Is(200, "")

	const byText = `value="sms"`
	known, a := signIn(s, ada)
	if a.Field("twoFactorRedirect") != "true" || !strings.Contains(known.Get("./two-factor").Is(200, "").Body, byText) {
		t.Fatal("after a password, a text is offered", a.Body)
	}
	phone := s.Client()
	a = phone.Post("/phone-number/verify", map[string]any{"phoneNumber": number, "code": text(phone)}).Is(200, "")
	if a.Field("twoFactorRedirect") != "true" {
		t.Fatal(a.Body)
	}
	if page := phone.Get("./two-factor").Is(200, "").Body; strings.Contains(page, byText) || !strings.Contains(page, "two-factor/send") {
		t.Fatalf("after a text, only a mail is:\n%s", page)
	}
	nobody(t, phone)
}

// TestALinkIsUsedUpAndGoesOnAfterwards: what came by mail, and is held, leads where it was to lead.
func TestALinkIsUsedUpAndGoesOnAfterwards(t *testing.T) {
	s := testkit.Start(t, "[email_verification]\nauto_sign_in_after_verification = true\n")
	_, device, _ := enrolled(t, s, ada)
	s.Client().Post("/send-verification-email", map[string]string{"email": ada}).Is(200, "")
	token := s.Token("verify-email")
	c := s.Client()
	a := c.Get("/verify-email?callbackURL=%2Fwelcome&token="+token).Is(303, "")
	if got := a.Header.Get("Location"); got != s.URL+"/two-factor" {
		t.Fatalf("leads to %s", got)
	}
	nobody(t, c)
	c.Post("/two-factor/send-otp", nil).Is(400, "OTP_NOT_CONFIGURED") // the mailbox is proven already
	verify(c, "totp", device.code(0)).Is(200, "")
	somebody(t, c, ada)
	if a := s.Client().Get("/verify-email?token="+token).Is(200, ""); a.Cookie("better-auth.two_factor") != nil {
		t.Fatal("the link began another sign-in")
	}
}

func TestPagesSendPeopleToTheSecondFactor(t *testing.T) {
	s := testkit.Start(t, "")
	enrolled(t, s, ada)
	c := s.Client()
	form := url.Values{"email": {ada}, "password": {testkit.Password}, "return_to": {"/account/apps"}}
	if got := c.Form("./login", form).Is(303, "").Header.Get("Location"); got != "/two-factor?return_to=%2Faccount%2Fapps" {
		t.Fatalf("leads to %s", got)
	}
	nobody(t, c)
}

func TestWhoHasNoPassword(t *testing.T) {
	none := func(t *testing.T, s *testkit.Server) *testkit.Client {
		t.Helper()
		c := s.SignUp(ada)
		err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
			u, err := s.Core.UserByEmail(t.Context(), tx, ada)
			if err != nil {
				return err
			}
			return s.Core.SetPasswordHash(t.Context(), tx, u.ID, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("cannot turn it on", func(t *testing.T) {
		c := none(t, testkit.Start(t, ""))
		c.Post("/two-factor/enable", map[string]string{}).Is(400, "VALIDATION_ERROR")
		c.Post("/two-factor/enable", map[string]string{"password": ""}).Is(400, "INVALID_PASSWORD")
	})
	t.Run("can where that is allowed", func(t *testing.T) {
		s := testkit.Start(t, "[two_factor]\nallow_passwordless = true\n")
		c := none(t, s)
		device := read(t, s, c.Post("/two-factor/enable", map[string]string{}).Is(200, "").Field("totpURI"))
		verify(c, "totp", device.code(0)).Is(200, "")
		c.Post("/two-factor/disable", map[string]string{}).Is(200, "")
	})
	t.Run("others give theirs all the same", func(t *testing.T) {
		s := testkit.Start(t, "[two_factor]\nallow_passwordless = true\n")
		s.SignUp(ada).Post("/two-factor/enable", map[string]string{}).Is(400, "INVALID_PASSWORD")
	})
}

func TestItIsReset(t *testing.T) {
	s := testkit.Start(t, "[operator]\ntoken = \"0123456789abcdef0123456789abcdef\"\n")
	_, device, _ := enrolled(t, s, ada)
	waiting := heldIn(t, s, ada)
	u, err := s.Core.UserByEmail(t.Context(), s.Core.DB, ada)
	if err != nil {
		t.Fatal(err)
	}
	operator := s.Client()
	operator.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef")
	operator.Post("./api/operator/viewBackupCodes", map[string]string{"userId": u.ID}).Is(400, "BACKUP_CODES_NOT_KEPT")
	operator.Post("./api/operator/resetTwoFactor", map[string]string{"userId": "nobody"}).Is(404, "USER_NOT_FOUND")
	operator.Post("./api/operator/resetTwoFactor", map[string]string{"userId": u.ID}).Is(200, "")
	verify(waiting, "totp", device.code(0)).Is(401, "INVALID_TWO_FACTOR_COOKIE")
	if _, a := signIn(s, ada); a.Field("user.twoFactorEnabled") != "false" {
		t.Fatal(a.Body)
	}
	if n := len(s.Mails("two-factor-reset")); n != 1 {
		t.Fatalf("%d mails tell of it", n)
	}
	if a := operator.Post("./api/operator/resetTwoFactor", map[string]string{"userId": u.ID}).Is(200, ""); a.Field("status") != "false" {
		t.Fatal(a.Body)
	}
}

// TestNothingIsLeftOfWhoRegisteredAnAddressBeforeItsOwner: their app is no longer asked for.
func TestNothingIsLeftOfWhoRegisteredAnAddressBeforeItsOwner(t *testing.T) {
	s := testkit.Start(t, "")
	enrolled(t, s, ada)
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		u, err := s.Core.UserByEmail(t.Context(), tx, ada)
		if err != nil {
			return err
		}
		if err := s.Core.MailboxClaimed.Emit(t.Context(), tx, u); err != nil {
			return err
		}
		return s.Core.SaveUser(t.Context(), tx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, a := signIn(s, ada); a.Field("user.twoFactorEnabled") != "false" {
		t.Fatal(a.Body)
	}
}
