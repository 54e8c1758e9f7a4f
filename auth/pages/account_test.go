package pages_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

func TestTheSetupLinkMakesOneAdministrator(t *testing.T) {
	s := testkit.Start(t, "")
	link, err := s.Setup.Link(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token := link[strings.Index(link, "=")+1:]
	c := s.Client()
	if a := c.Get("./login"); !strings.Contains(a.Body, "no administrator yet") {
		t.Error("the sign-in page does not say where to begin")
	}
	for _, wrong := range []string{"./setup", "./setup?token=wrong"} {
		shows(t, c.Get(wrong), 403, "This link does not work")
	}
	shows(t, form(c, "/setup", "token", "wrong", "name", "G", "email", "g@example.com", "password", testkit.Password), 403, "This link does not work")
	shows(t, form(c, "/setup", "token", "wrong", "name", ""), 403, "This link does not work")
	shows(t, c.Get(link), 200, "Welcome")
	a := form(c, "/setup", "token", token, "name", "Grace", "email", "g@example.com", "password", "short", "sign_up", "anyone")
	shows(t, a, 422, "Welcome")
	if !regexp.MustCompile(`value="anyone" checked`).MatchString(a.Body) || !strings.Contains(a.Body, `value="Grace"`) {
		t.Error("what was written is lost")
	}
	leads(t, form(c, "/setup", "token", token, "name", "Grace", "email", "g@example.com", "password", testkit.Password, "sign_up", "invited"), "/account")
	if got := c.Get("/get-session").Field("user.role"); got != "admin" {
		t.Errorf("the first person is %q", got)
	}
	second := s.Client()
	shows(t, second.Get(link), 410, "Already set up")
	shows(t, form(second, "/setup", "token", token, "name", "Eve", "email", "e@example.com", "password", testkit.Password), 410, "Already set up")
	if signedIn(second) {
		t.Error("a used link signed in")
	}
	shows(t, second.Get("./signup"), 403, "By invitation only")
	shows(t, form(second, "/signup", "name", "Eve", "email", "e@example.com", "password", testkit.Password), 403, "By invitation only")
	if a := second.Get("./login"); strings.Contains(a.Body, "no administrator yet") || strings.Contains(a.Body, "Create an account") {
		t.Error("the sign-in page says what is not so")
	}
	if users, err := s.Core.Users(t.Context(), s.Core.DB, "", 10); err != nil || len(users) != 1 {
		t.Errorf("%d users, %v", len(users), err)
	}
}

func TestTheConfigurationAnswersForTheAdministrator(t *testing.T) {
	s := testkit.Start(t, "[email_and_password]\ndisable_sign_up = true\n")
	link, err := s.Setup.Link(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a := s.Client().Get(link); !strings.Contains(a.Body, "Only invited people get an account: authd.toml says so.") || strings.Contains(a.Body, `type="radio"`) {
		t.Error(a.Body)
	}
}

var sessionField = regexp.MustCompile(`name="session" value="([^"]+)"`)

func TestOneSeesAndEndsOnesSessions(t *testing.T) {
	s := testkit.Start(t, "")
	here := s.SignUp("ada@example.com")
	other := s.SignUp("bob@example.com")
	s.Clock.Advance(2 * time.Hour)
	there := s.Client()
	there.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1")
	form(there, "/login", "email", "ada@example.com", "password", testkit.Password)
	a := here.Get("./account/security")
	for _, want := range []string{"Safari on iPhone", "127.0.0.1", "Signed in 2 hours ago", "This device", "Last seen just now"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	handle := sessionField.FindStringSubmatch(a.Body)
	if handle == nil || len(sessionField.FindAllString(a.Body, -1)) != 1 {
		t.Fatal("there is not one session to end")
	}
	if strings.Contains(a.Body, here.Get("/get-session").Field("session.token")) {
		t.Error("the page holds a session token")
	}
	leads(t, form(other, "/account/sessions/end", "session", handle[1]), "/account/security")
	if !signedIn(there) {
		t.Fatal("somebody else ended the session")
	}
	leads(t, form(here, "/account/sessions/end", "session", handle[1]), "/account/security")
	if signedIn(there) || !signedIn(here) {
		t.Fatal("not that session was ended")
	}
	third := s.SignIn("ada@example.com")
	leads(t, form(here, "/account/sessions/end-others"), "/account/security")
	if signedIn(third) || !signedIn(here) || !signedIn(other) {
		t.Fatal("not the other sessions were ended")
	}
	for _, path := range []string{"/account/profile", "/account/verify-email"} {
		leads(t, form(s.Client(), path), "/login?return_to=%2Faccount")
	}
	for _, path := range []string{"/account/sessions/end", "/account/sessions/end-others", "/account/password", "/account/set-password"} {
		leads(t, form(s.Client(), path), "/login?return_to=%2Faccount%2Fsecurity")
	}
}

func TestThePasswordIsChangedOnTheAccountPage(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	other := s.SignIn("ada@example.com")
	leads(t, form(c, "/account/password", "current_password", testkit.Password, "new_password", "another-password", "revoke_others", "1"), "/account/security")
	if signedIn(other) || !signedIn(c) {
		t.Fatal("not the other sessions were ended")
	}
	shows(t, form(s.Client(), "/login", "email", "ada@example.com", "password", testkit.Password), 422, "Sign in")
	leads(t, form(s.Client(), "/login", "email", "ada@example.com", "password", "another-password"), "/account")
	if len(s.Mails("password-changed")) != 1 {
		t.Error("the owner was not told")
	}
}

func TestAForgottenPasswordIsResetOnce(t *testing.T) {
	s := testkit.Start(t, "")
	old := s.SignUp("ada@example.com")
	known := form(s.Client(), "/forgot-password", "email", "ada@example.com")
	unknown := form(s.Client(), "/forgot-password", "email", "bob@example.com")
	shows(t, known, 200, "Check your mail")
	if strings.ReplaceAll(known.Body, "ada@", "bob@") != unknown.Body || len(s.Mails("reset-password")) != 1 {
		t.Fatal("the answer tells who has an account")
	}
	token := s.Token("reset-password")
	for range 2 { // a mail scanner follows the link
		shows(t, s.Client().Get("./reset-password?token="+token), 200, "Choose a new password")
	}
	shows(t, form(s.Client(), "/reset-password", "token", token, "password", "short"), 422, "Choose a new password")
	shows(t, form(s.Client(), "/reset-password", "token", token, "password", "another-password"), 200, "Your password is changed")
	if signedIn(old) {
		t.Error("the old session goes on")
	}
	shows(t, form(s.Client(), "/reset-password", "token", token, "password", "third-password"), 410, "This link does not work any more")
	for _, wrong := range []string{token, "wrong", ""} {
		shows(t, s.Client().Get("./reset-password?token="+wrong), 410, "This link does not work any more")
	}
	leads(t, form(s.Client(), "/login", "email", "ada@example.com", "password", "another-password"), "/account")
}

func TestAnAddressIsProvenByAButton(t *testing.T) {
	s := testkit.Start(t, "[email_and_password]\nrequire_email_verification = true\n")
	c := s.Client()
	first := form(c, "/signup", "name", "Ada", "email", "ada@example.com", "password", testkit.Password, "return_to", "/account?from=mail")
	shows(t, first, 200, "Check your mail")
	again := form(s.Client(), "/signup", "name", "Eve", "email", "ada@example.com", "password", testkit.Password, "return_to", "/account?from=mail")
	if again.Body != first.Body || len(s.Mails("existing-user-sign-up")) != 1 {
		t.Error("the answer tells who has an account")
	}
	shows(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password), 403, "Confirm your address first")
	shows(t, form(c, "/login", "email", "ada@example.com", "password", "wrong-password"), 422, "Sign in")
	shows(t, form(c, "/verify-email/send", "email", "ada@example.com"), 200, "Check your mail")
	shows(t, form(c, "/verify-email/send", "email", "nobody@example.com"), 200, "Check your mail")
	token := s.Token("verify-email")
	page := c.Get("./verify-email?token=" + token + "&callbackURL=%2Faccount%3Ffrom%3Dmail")
	shows(t, page, 200, "Confirm your e-mail address")
	if !strings.Contains(page.Body, "ada@example.com") {
		t.Error("the page does not say which address")
	}
	shows(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password), 403, "Confirm your address first")
	done := form(c, "/verify-email", "token", token, "callbackURL", "/account?from=mail")
	shows(t, done, 200, "Your address is confirmed")
	if !strings.Contains(done.Body, `href="/account?from=mail"`) {
		t.Error("it does not lead back")
	}
	shows(t, form(c, "/verify-email", "token", token), 200, "Your address is confirmed")
	shows(t, form(c, "/verify-email", "token", "wrong"), 410, "This link does not work any more")
	leads(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password), "/account")
	shows(t, c.Get("./verify-email?token="+token), 200, "Your address is confirmed")
	leads(t, form(c, "/account/verify-email"), "/account")
}

func TestWhereAProvenAddressLeads(t *testing.T) {
	s := testkit.Start(t, "trusted_origins = [\"https://app.example\"]\n")
	s.SignUp("ada@example.com")
	for callback, want := range map[string]string{
		"https://app.example/done":  `content="0;url=https://app.example/done?error=INVALID_TOKEN"`,
		"https://evil.example/done": "",
		"javascript:alert(1)":       "",
	} {
		a := form(s.Client(), "/verify-email", "token", "wrong", "callbackURL", callback)
		if strings.Contains(a.Body, "http-equiv") != (want != "") || !strings.Contains(a.Body, want) || strings.Contains(a.Body, "evil") {
			t.Errorf("%s: %d %s", callback, a.Status, a.Body)
		}
	}
}
