package recovery_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const other = "another-horse-battery"

func link(t *testing.T, s *testkit.Server, ref string) (path, token string) {
	t.Helper()
	l, err := s.Recovery.Issue(t.Context(), ref, 0)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(l.URL)
	if err != nil || u.Path != "/recover" {
		t.Fatal(l.URL, err)
	}
	return "./recover?" + u.RawQuery, u.Query().Get("token")
}

func signedIn(c *testkit.Client) bool { return c.Get("/get-session").Body != "null" }

func signIn(c *testkit.Client, password string) *testkit.Answer {
	return c.Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": password})
}

func TestALinkGivesANewPassword(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[notices]\npassword_changed = false\nnew_device = false\n")
	thief := s.SignUp("a@example.com")
	page, token := link(t, s, "A@example.com")
	if s.FileContains(token) {
		t.Error("the token lies in the database")
	}
	c := s.Client()
	for range 2 { // a mail scanner, and then the person
		if got := c.Get(page).Is(200, ""); !strings.Contains(got.Body, "a@example.com") || got.Header.Get("Referrer-Policy") == "" {
			t.Fatal(got.Body)
		}
	}
	if signedIn(c) || !signedIn(thief) {
		t.Fatal("looking at the page did something")
	}
	if got := c.Form("./recover", url.Values{"token": {token}, "password": {"short"}}); got.Status != 422 && got.Status != 400 {
		t.Fatal(got.Status, got.Body)
	}
	if got := c.Form("./recover", url.Values{"token": {token}}); got.Status != 422 && got.Status != 400 {
		t.Fatal(got.Status, got.Body)
	}
	if signedIn(c) || !signedIn(thief) {
		t.Fatal("a form that was refused did something")
	}
	if got := c.Form("./recover", url.Values{"token": {token}, "password": {other}}); got.Status != 303 || got.Header.Get("Location") != "/account/add-passkey?after=recovery&return_to=%2Faccount%2Fsecurity" {
		t.Fatal(got.Status, got.Header, got.Body)
	}
	if !signedIn(c) || signedIn(thief) {
		t.Error("the other sessions run on, or theirs does not")
	}
	if got := c.Cookies["better-auth.dont_remember"]; got == "" {
		t.Error("the session outlives the browser")
	}
	signIn(s.Client(), testkit.Password).Is(401, "")
	signIn(s.Client(), other).Is(200, "")
	if mails := s.Mails("account-recovery"); len(mails) != 1 || !strings.Contains(mails[0], "To: <a@example.com>") {
		t.Errorf("mails: %v", mails)
	}
}

func TestALinkWorksOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	spent := func(rule, token string) {
		t.Helper()
		c := s.Client()
		if got := c.Get("./recover?token=" + token); got.Status != 410 {
			t.Errorf("%s: the page answers %d", rule, got.Status)
		}
		if got := c.Form("./recover", url.Values{"token": {token}, "password": {"yet-another-horse"}}); got.Status != 410 || signedIn(c) {
			t.Errorf("%s: the form answers %d", rule, got.Status)
		}
	}
	_, first := link(t, s, "a@example.com")
	_, second := link(t, s, "a@example.com")
	spent("a link that a newer one replaced", first)
	s.Client().Form("./recover", url.Values{"token": {second}, "password": {other}}).Is(303, "")
	spent("a link that was used", second)
	_, third := link(t, s, "a@example.com")
	s.Clock.Advance(time.Hour + time.Second)
	spent("a link of an hour ago", third)
	spent("no link at all", "")
	s.Client().Post("/request-password-reset", map[string]string{"email": "a@example.com"}).Is(200, "")
	spent("a link for a forgotten password", s.Token("reset-password"))
	_, fourth := link(t, s, "a@example.com")
	s.Client().Post("/reset-password", map[string]string{"token": fourth, "newPassword": "yet-another-horse"}).Is(400, "INVALID_TOKEN")
	signIn(s.Client(), other).Is(200, "")
	if n := len(s.Mails("account-recovery")); n != 1 {
		t.Errorf("%d recoveries were told of", n)
	}
}

func TestWhoWillAddAPasskeyHasNoPasswordLeft(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	_, token := link(t, s, "a@example.com")
	c := s.Client()
	c.Form("./recover", url.Values{"token": {token}, "passkey": {"1"}}).Is(303, "")
	if !signedIn(c) {
		t.Fatal("they are not in")
	}
	signIn(s.Client(), testkit.Password).Is(401, "")
	off := testkit.Start(t, "[passkey]\nenabled = false\n")
	off.SignUp("a@example.com")
	_, token = link(t, off, "a@example.com")
	c = off.Client()
	c.Form("./recover", url.Values{"token": {token}, "passkey": {"1"}})
	if signedIn(c) {
		t.Error("they are in without any way in")
	}
	signIn(off.Client(), testkit.Password).Is(200, "")
}

func TestASecondFactorIsTakenAway(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	c.Post("/two-factor/enable", map[string]string{"password": testkit.Password, "method": "otp"}).Is(200, "")
	if got := signIn(s.Client(), testkit.Password).Is(200, ""); got.Field("twoFactorRedirect") != "true" {
		t.Fatalf("no second factor is asked for: %s", got.Body)
	}
	_, token := link(t, s, "a@example.com")
	c = s.Client()
	c.Form("./recover", url.Values{"token": {token}, "password": {other}}).Is(303, "")
	if !signedIn(c) {
		t.Fatal("they are not in")
	}
	signIn(s.Client(), other).Is(200, "")
	if got := s.Client(); signIn(got, other).Status != 200 || !signedIn(got) {
		t.Error("a second factor is asked for still")
	}
}

func TestABannedUserStaysOut(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	_, token := link(t, s, "a@example.com")
	if _, err := s.Admin.Ban(t.Context(), "a@example.com", "", nil); err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	if got := c.Form("./recover", url.Values{"token": {token}, "password": {other}}); got.Status < 400 || signedIn(c) {
		t.Fatal(got.Status, got.Body)
	}
	if _, err := s.Admin.Unban(t.Context(), "a@example.com"); err != nil {
		t.Fatal(err)
	}
	signIn(s.Client(), testkit.Password).Is(200, "")
	if len(s.Mails("account-recovery")) != 0 {
		t.Error("told of what did not happen")
	}
}

func TestAnOperatorMakesALink(t *testing.T) {
	t.Parallel()
	const token = "operator-token-0123456789-0123456789"
	s := testkit.Start(t, "[operator]\ntoken = \""+token+"\"\n")
	s.SignUp("a@example.com")
	ask := func(body any) *testkit.Answer {
		c := s.Client()
		c.Header.Set("Authorization", "Bearer "+token)
		return c.Post("./api/operator/recoverUser", body)
	}
	made := ask(map[string]any{"user": "a@example.com", "expiresIn": 60}).Is(200, "")
	u, err := url.Parse(made.Field("url"))
	if err != nil || made.Field("user.email") != "a@example.com" {
		t.Fatal(made.Body)
	}
	s.Client().Get("./recover?"+u.RawQuery).Is(200, "")
	s.Clock.Advance(61 * time.Second)
	s.Client().Get("./recover?"+u.RawQuery).Is(410, "")
	ask(map[string]any{"user": "nobody@example.com"}).Is(404, "USER_NOT_FOUND")
	ask(map[string]any{"user": "a@example.com", "expiresIn": 8 * 24 * 3600}).Is(400, "VALIDATION_ERROR")
	s.Client().Post("./api/operator/recoverUser", map[string]any{"user": "a@example.com"}).Is(401, "")
}

// TestALinkIsForANewWayInFirst: what it has opened takes nothing away, and changes no
// address, before its person has shown the new way in.
func TestALinkIsForANewWayInFirst(t *testing.T) {
	t.Parallel()
	const toml = "[user.change_email]\nenabled = true\n[user.delete_user]\nenabled = true\n[email_otp]\nenabled = true\n[email_otp.change_email]\nenabled = true\n[phone_number]\nenabled = true\n[two_factor]\nallow_passwordless = true\n[session]\n"
	for name, age := range map[string]string{"a day": "", "ever": "fresh_age = \"0s\"\n"} {
		s := testkit.Start(t, toml+age)
		s.SignUp("a@example.com")
		back := func(fields url.Values) *testkit.Client {
			t.Helper()
			_, token := link(t, s, "a@example.com")
			fields.Set("token", token)
			c := s.Client()
			c.Form("./recover", fields).Is(303, "")
			return c
		}
		refused := func(c *testkit.Client) {
			t.Helper()
			c.Post("/update-user", map[string]any{"phoneNumber": nil}).Is(403, "SESSION_NOT_FRESH")
			c.Post("/change-email", map[string]string{"newEmail": "eve@example.com"}).Is(403, "SESSION_NOT_FRESH")
			c.Post("/email-otp/request-email-change", map[string]string{"newEmail": "eve@example.com"}).Is(403, "SESSION_NOT_FRESH")
			c.Post("/delete-user", map[string]any{}).Is(400, "SESSION_EXPIRED")
			c.Post("/unlink-account", map[string]string{"providerId": "google", "accountId": "1"}).Is(403, "SESSION_NOT_FRESH")
			c.Post("/passkey/delete-passkey", map[string]string{"id": "1"}).Is(403, "SESSION_NOT_FRESH")
			if !signedIn(c) {
				t.Errorf("%s: the account is gone", name)
			}
		}

		c := back(url.Values{"passkey": {"1"}})
		refused(c)
		c.Post("/two-factor/enable", map[string]string{"method": "otp"}).Is(403, "SESSION_NOT_FRESH")
		for path, fields := range map[string]url.Values{"./account/email": {"new_email": {"eve@example.com"}}, "./account/two-factor/backup-codes": {}, "./delete-account": {}} {
			a := c.Form(path, fields).Is(303, "")
			for a.Status == 303 && a.Header.Get("Location") != "/account/security" {
				a = c.Get("." + a.Header.Get("Location"))
			}
			if page := c.Get("./account/security").Is(200, ""); !strings.Contains(page.Body, "First set a password or add a passkey") {
				t.Errorf("%s: %s does not say what comes first", name, path)
			}
		}
		c.Get("/passkey/generate-register-options").Is(200, "")
		c.Form("./account/set-password", url.Values{"new_password": {other}}).Is(303, "")
		refused(c)
		c.Form("./confirm", url.Values{"way": {"password"}, "password": {other}}).Is(303, "")
		c.Post("/change-email", map[string]string{"newEmail": "b@example.com"}).Is(200, "")

		c = back(url.Values{"password": {other + "-2"}})
		refused(c)
		if a := c.Form("./account/email", url.Values{"new_email": {"eve@example.com"}}); a.Status != 403 || !strings.Contains(a.Body, "Confirm that it is you") {
			t.Errorf("%s: %d", name, a.Status)
		}
		c.Form("./confirm", url.Values{"way": {"password"}, "password": {other + "-2"}}).Is(303, "")
		c.Post("/delete-user", map[string]any{}).Is(200, "")
	}
}
