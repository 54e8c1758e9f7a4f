package pages_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"authd/auth/internal/testkit"
)

var (
	setupField = regexp.MustCompile(`name="setup" value="([^"]+)"`)
	keyOnPage  = regexp.MustCompile(`<code class="user-code"><bdi>([A-Z2-7 ]+)</bdi>`)
	codesInPre = regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`)
	deviceID   = regexp.MustCompile(`name="device" value="([^"]+)"`)
)

// authenticator is an app that has the key of a page.
type authenticator struct {
	t      *testing.T
	s      *testkit.Server
	secret string
}

func (a authenticator) code() string {
	a.t.Helper()
	code, err := totp.GenerateCodeCustom(a.secret, a.s.Clock.Now(a.t.Context()), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	if err != nil {
		a.t.Fatal(err)
	}
	return code
}

// wrong is one that is none around now.
func (a authenticator) wrong() string {
	a.t.Helper()
	var near []string
	for step := -2; step <= 2; step++ {
		code, err := totp.GenerateCodeCustom(a.secret, a.s.Clock.Now(a.t.Context()).Add(time.Duration(step)*30*time.Second), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
		if err != nil {
			a.t.Fatal(err)
		}
		near = append(near, code)
	}
	for _, guess := range []string{"000000", "111111", "222222", "333333", "444444", "555555"} {
		if !strings.Contains(strings.Join(near, " "), guess) {
			return guess
		}
	}
	a.t.Fatal("every guess is right")
	return ""
}

// scans reads what a set-up page shows.
func scans(t *testing.T, s *testkit.Server, a *testkit.Answer) (app authenticator, sealed string) {
	t.Helper()
	shows(t, a, a.Status, "Set up your authenticator app")
	key, setup := keyOnPage.FindStringSubmatch(a.Body), setupField.FindStringSubmatch(a.Body)
	if key == nil || setup == nil || !strings.Contains(a.Body, `src="data:image/png;base64,`) {
		t.Fatalf("there is no key: %s", a.Body)
	}
	return authenticator{t, s, strings.ReplaceAll(key[1], " ", "")}, html.UnescapeString(setup[1])
}

func backupCodes(t *testing.T, a *testkit.Answer) []string {
	t.Helper()
	pre := codesInPre.FindStringSubmatch(a.Body)
	if pre == nil {
		t.Fatalf("there are no codes: %s", a.Body)
	}
	return strings.Fields(html.UnescapeString(pre[1]))
}

// protected is somebody who has turned two-step sign-in on, on the page.
func protected(t *testing.T, s *testkit.Server, email string) (*testkit.Client, authenticator, []string) {
	t.Helper()
	c := s.SignUp(email)
	app, sealed := scans(t, s, form(c, "/account/two-factor/app"))
	a := form(c, "/account/two-factor/app/code", "setup", sealed, "code", app.code())
	shows(t, a, 200, "Two-step sign-in is on")
	s.Clock.Advance(time.Minute) // a code counts once
	return c, app, backupCodes(t, a)
}

// holds signs in with a password, and is asked for more.
func holds(t *testing.T, s *testkit.Server, email string, more ...string) *testkit.Client {
	t.Helper()
	c := s.Client()
	a := form(c, "/login", append([]string{"email", email, "password", testkit.Password}, more...)...)
	if a.Status != 303 || !strings.HasPrefix(a.Header.Get("Location"), "/two-factor") || signedIn(c) {
		t.Fatalf("%d to %q", a.Status, a.Header.Get("Location"))
	}
	return c
}

func TestAnAppCountsOnceItHasShownACode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	tells(t, c.Get("./account/security"), 200, "Two-step sign-in")
	first := form(c, "/account/two-factor/app")
	app, sealed := scans(t, s, first)
	again := form(c, "/account/two-factor/app/code", "setup", sealed, "code", app.wrong())
	same, sealed := scans(t, s, again)
	if again.Status != 422 || same.secret != app.secret || strings.Contains(again.Body, "<pre") {
		t.Fatalf("%d, another key after a typing error, or codes too soon", again.Status)
	}
	leads(t, form(s.Client(), "/login", "email", "ada@example.com", "password", testkit.Password), "/account")
	leads(t, form(c, "/account/two-factor/app/code", "code", app.code()), "/account/security")
	done := form(c, "/account/two-factor/app/code", "setup", sealed, "code", app.code())
	shows(t, done, 200, "Two-step sign-in is on")
	codes := backupCodes(t, done)
	file := regexp.MustCompile(`href="data:text/plain;charset=utf-8,([^"]+)"`).FindStringSubmatch(done.Body)
	if len(codes) != 10 || file == nil {
		t.Fatalf("%d codes, %v", len(codes), file)
	}
	if text, err := url.PathUnescape(html.UnescapeString(file[1])); err != nil || !strings.Contains(text, strings.Join(codes, "\n")) || !strings.Contains(text, "ada@example.com") {
		t.Fatalf("the file says %q, %v", text, err)
	}
	tells(t, c.Get("./account/security"), 200, "10 codes left")
	tells(t, c.Get("./account/security"), 200, "Turn off")
	holds(t, s, "ada@example.com")
	leads(t, form(c, "/account/two-factor/app"), "/account/security")
	tells(t, c.Get("./account/security"), 200, "An authenticator app is set up already.")
}

func TestASignInGoesOnWithTheCodeOfTheApp(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	_, app, _ := protected(t, s, "ada@example.com")
	c := holds(t, s, "ada@example.com", "return_to", "/account/apps")
	page := c.Get("./two-factor?return_to=%2Faccount%2Fapps")
	shows(t, page, 200, "One more step")
	for _, want := range []string{`inputmode="numeric"`, `autocomplete="one-time-code"`, `data-digits="6"`, "Use a backup code", "Have a code sent", `value="/account/apps"`, "ada@example.com"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	wrong := form(c, "/two-factor", "method", "app", "code", app.wrong(), "return_to", "/account/apps", "trust", "1")
	tells(t, wrong, 422, "You have 4 more tries.")
	if !strings.Contains(wrong.Body, `name="trust" value="1" checked`) || signedIn(c) {
		t.Error("what was ticked is lost")
	}
	code := app.code()
	leads(t, form(c, "/two-factor", "method", "app", "code", code[:3]+" "+code[3:], "return_to", "/account/apps"), "/account/apps")
	if !signedIn(c) {
		t.Fatal("nobody is signed in")
	}
	leads(t, c.Get("./two-factor?return_to=%2Faccount%2Fapps"), "/account/apps")
	other := holds(t, s, "ada@example.com")
	tells(t, form(other, "/two-factor", "method", "app", "code", code), 422, "You have 4 more tries.")
}

func TestAfterFiveWrongCodesOneStartsAgain(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	_, app, _ := protected(t, s, "ada@example.com")
	c := holds(t, s, "ada@example.com", "return_to", "/account/apps")
	for _, left := range []string{"4 more tries", "3 more tries", "2 more tries", "1 more try"} {
		tells(t, form(c, "/two-factor", "method", "app", "code", app.wrong()), 422, left)
	}
	gone := form(c, "/two-factor", "method", "app", "code", app.wrong(), "return_to", "/account/apps")
	shows(t, gone, 410, "Too many wrong codes")
	if !strings.Contains(gone.Body, "/login?return_to=%2Faccount%2Fapps") {
		t.Error("it does not lead back to where it began")
	}
	if a := form(c, "/two-factor", "method", "app", "code", app.code()); a.Status != 410 || signedIn(c) {
		t.Fatalf("%d after five wrong codes", a.Status)
	}
}

func TestASignInThatWaitedTooLong(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	_, app, _ := protected(t, s, "ada@example.com")
	c := holds(t, s, "ada@example.com")
	s.Clock.Advance(11 * time.Minute)
	shows(t, c.Get("./two-factor?return_to=%2Fx"), 410, "This sign-in took too long")
	shows(t, form(c, "/two-factor", "method", "app", "code", app.code()), 410, "This sign-in took too long")
	shows(t, s.Client().Get("./two-factor"), 410, "This sign-in took too long")
	if signedIn(c) {
		t.Fatal("it went on")
	}
}

// TestStartingAgainEndsTheSignInThatWaits: a code that comes later signs nobody in.
func TestStartingAgainEndsTheSignInThatWaits(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	_, app, _ := protected(t, s, "ada@example.com")
	c, other := holds(t, s, "ada@example.com"), holds(t, s, "ada@example.com")
	kept := c.Cookies["better-auth.two_factor"]
	tells(t, c.Get("./two-factor?return_to=%2Faccount%2Fapps"), 200, `action="/two-factor/again"`)
	leads(t, form(c, "/two-factor/again", "return_to", "/account/apps"), "/login?return_to=%2Faccount%2Fapps")
	if kept == "" || c.Cookies["better-auth.two_factor"] != "" {
		t.Error("the browser still holds the challenge")
	}
	c.Cookies["better-auth.two_factor"] = kept
	shows(t, form(c, "/two-factor", "method", "app", "code", app.code()), 410, "This sign-in took too long")
	if signedIn(c) {
		t.Fatal("somebody is signed in")
	}
	leads(t, form(s.Client(), "/two-factor/again"), "/login")
	leads(t, form(other, "/two-factor", "method", "app", "code", app.code()), "/account") // that one was not ended
}

func TestOtherWaysToTakeTheSecondStep(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	owner, app, codes := protected(t, s, "ada@example.com")
	t.Run("a backup code, once", func(t *testing.T) {
		c := holds(t, s, "ada@example.com")
		tells(t, c.Get("./two-factor?method=backup"), 200, "Backup code")
		tells(t, form(c, "/two-factor", "method", "backup", "code", "aaaaa-aaaaa"), 422, "This is none of your backup codes")
		leads(t, form(c, "/two-factor", "method", "backup", "code", codes[0]), "/account")
		tells(t, owner.Get("./account/security"), 200, "9 codes left")
		again := holds(t, s, "ada@example.com")
		tells(t, form(again, "/two-factor", "method", "backup", "code", codes[0]), 422, "This is none of your backup codes")
	})
	t.Run("a code by mail", func(t *testing.T) {
		c := holds(t, s, "ada@example.com")
		if n := len(s.Mails("two-factor-otp")); n != 0 {
			t.Fatalf("%d codes before one was asked for", n)
		}
		tells(t, c.Get("./two-factor?method=sent"), 200, "Send me a code by mail")
		tells(t, form(c, "/two-factor/send", "via", "email"), 200, "We have sent a code to your e-mail address.")
		mails := s.Mails("two-factor-otp")
		code := regexp.MustCompile(`\n(\d{6})\r?\n`).FindStringSubmatch(mails[len(mails)-1])[1]
		leads(t, form(c, "/two-factor", "method", "sent", "code", code), "/account")
	})
	t.Run("a code that comes too late", func(t *testing.T) {
		c := holds(t, s, "ada@example.com")
		form(c, "/two-factor/send", "via", "email")
		mails := s.Mails("two-factor-otp")
		code := regexp.MustCompile(`\n(\d{6})\r?\n`).FindStringSubmatch(mails[len(mails)-1])[1]
		s.Clock.Advance(4 * time.Minute)
		tells(t, form(c, "/two-factor", "method", "sent", "code", code), 422, "This code does not work any more.")
		s.Clock.Advance(time.Minute)
		leads(t, form(c, "/two-factor", "method", "app", "code", app.code()), "/account")
	})
}

func TestATrustedBrowserIsNotAskedUntilItIsForgotten(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	owner, app, _ := protected(t, s, "ada@example.com")
	c := holds(t, s, "ada@example.com")
	leads(t, form(c, "/two-factor", "method", "app", "code", app.code(), "trust", "1"), "/account")
	form(c, "/sign-out")
	leads(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password), "/account")
	page := owner.Get("./account/security")
	tells(t, page, 200, "Browsers that are not asked")
	id := deviceID.FindStringSubmatch(page.Body)
	if id == nil {
		t.Fatal("it cannot be forgotten")
	}
	form(c, "/sign-out")
	eve := s.SignUp("eve@example.com")
	form(eve, "/account/two-factor/forget", "device", id[1])
	leads(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password), "/account")
	form(c, "/sign-out")
	leads(t, form(owner, "/account/two-factor/forget", "device", id[1]), "/account/security")
	if deviceID.MatchString(owner.Get("./account/security").Body) {
		t.Fatal("it is still trusted")
	}
	leads(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password), "/two-factor")
}

func TestWhoMustHaveASecondFactorSetsOneUpOnTheWay(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[two_factor]\nrequire_two_factor = true\n")
	newcomer := s.Client()
	newcomer.Post("/sign-up/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "name": "Ada"})
	c := holds(t, s, "ada@example.com", "return_to", "/account/apps")
	page := c.Get("./two-factor?return_to=%2Faccount%2Fapps")
	shows(t, page, 200, "Protect your account")
	app, sealed := scans(t, s, form(c, "/two-factor/enrol", "return_to", "/account/apps"))
	tells(t, form(c, "/two-factor/enrolled", "setup", sealed, "code", app.wrong(), "return_to", "/account/apps"), 422, "This code is not right.")
	if signedIn(c) {
		t.Fatal("signed in without a second factor")
	}
	done := form(c, "/two-factor/enrolled", "setup", sealed, "code", app.code(), "return_to", "/account/apps")
	shows(t, done, 200, "Two-step sign-in is on")
	if n := len(backupCodes(t, done)); n != 10 || !signedIn(c) {
		t.Fatalf("%d codes, signed in: %v", n, signedIn(c))
	}
	has(t, done.Body, `href="/login?return_to=%2Faccount%2Fapps"`) // a browser that could keep no passkey
	leads(t, c.Get("./login?return_to=%2Faccount%2Fapps"), "/account/apps")
	tells(t, c.Get("./account/security"), 200, "Your account must have two-step sign-in")
	leads(t, form(c, "/account/two-factor/off"), "/account/security")
	tells(t, c.Get("./account/security"), 200, "codes left")
}

func TestAPasskeyIsOfferedAfterAnEnrolmentToo(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[two_factor]\nrequire_two_factor = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "name": "Ada"})
	c := holds(t, s, "ada@example.com")
	page := form(c, "/two-factor/enrol", "return_to", "/account/apps")
	has(t, page.Body, "data-able", "/static/code.")
	app, sealed := scans(t, s, page)
	done := form(c, "/two-factor/enrolled", "setup", sealed, "code", app.code(), "able", "1", "return_to", "/account/apps").Is(200, "")
	has(t, done.Body, `href="/account/add-passkey?return_to=%2Faccount%2Fapps"`)
	has(t, c.Get("./account/add-passkey?return_to=%2Faccount%2Fapps").Is(200, "").Body, `name="return_to" value="/account/apps"`)
}

func TestTurningTwoStepSignInOffAndTheBackupCodesTakeAProof(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c, app, codes := protected(t, s, "ada@example.com")
	s.Clock.Advance(3 * time.Hour)
	for _, path := range []string{"/account/two-factor/off", "/account/two-factor/backup-codes", "/account/two-factor/forget", "/account/two-factor/app", "/account/two-factor/codes"} {
		shows(t, form(c, path), 403, confirmTitle)
	}
	waits := waiting(t, form(c, "/account/two-factor/backup-codes"))
	shows(t, form(c, "/confirm", "pending", waits, "way", "code", "code", app.wrong()), 422, confirmTitle)
	if a := form(c, "/confirm", "pending", waits, "way", "code", "code", app.code()); a.Status != 307 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	fresh := backupCodes(t, form(c, "/account/two-factor/backup-codes", "pending", waits))
	if len(fresh) != 10 || fresh[0] == codes[0] {
		t.Fatalf("%v", fresh)
	}
	old := holds(t, s, "ada@example.com")
	tells(t, form(old, "/two-factor", "method", "backup", "code", codes[0]), 422, "This is none of your backup codes")
	s.Clock.Advance(3 * time.Hour)
	waits = waiting(t, form(c, "/account/two-factor/off"))
	if a := form(c, "/confirm", "pending", waits, "way", "code", "code", fresh[0]); a.Status != 307 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	leads(t, form(c, "/account/two-factor/off", "pending", waits), "/account/security")
	leads(t, form(s.Client(), "/login", "email", "ada@example.com", "password", testkit.Password), "/account")
}

func TestWithoutSecondFactorsThereAreNoPagesForThem(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[two_factor]\nenabled = false\n")
	c := s.SignUp("ada@example.com")
	if a := c.Get("./account/security"); strings.Contains(a.Body, "Two-step") {
		t.Fatal("the panel is there")
	}
	for _, path := range []string{"/two-factor", "/account/two-factor/app", "/account/two-factor/off"} {
		if a := form(c, path); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}
