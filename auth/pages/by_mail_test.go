package pages_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const (
	withLinks = "[magic_link]\nenabled = true\n"
	withCodes = "[email_otp]\nenabled = true\n"
)

var mailedCode = regexp.MustCompile(`\r?\n\r?\n(\d{6})\r?\n`)

func newestCode(t *testing.T, s *testkit.Server) string {
	t.Helper()
	mails := s.Mails("email-otp")
	m := mailedCode.FindStringSubmatch(mails[len(mails)-1])
	if m == nil {
		t.Fatalf("no code in\n%s", mails[len(mails)-1])
	}
	return m[1]
}

func has(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) {
			t.Fatalf("no %q in\n%s", part, body)
		}
	}
}

func hasNot(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(body, part) {
			t.Fatalf("%q in\n%s", part, body)
		}
	}
}

func TestLoginOffersWhatIsOn(t *testing.T) {
	t.Parallel()
	const link, code, password = `formaction="/login/link"`, `formaction="/login/code/send"`, `name="password"`
	for toml, c := range map[string]struct{ has, hasNot []string }{
		"":                    {[]string{password}, []string{link, code}},
		withLinks:             {[]string{password, link}, []string{code}},
		withCodes:             {[]string{password, code}, []string{link}},
		withLinks + withCodes: {[]string{password, link, code}, nil},
		withLinks + "[email_and_password]\nenabled = false\n": {[]string{link, `name="email"`}, []string{password, code}},
		withCodes + "[email_and_password]\nenabled = false\n": {[]string{code, `name="email"`}, []string{password, link}},
		"[email_and_password]\nenabled = false\n":             {nil, []string{password, link, code, `name="email"`}},
	} {
		t.Run(toml, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, toml)
			page := s.Client().Get("./login").Is(200, "").Body
			has(t, page, c.has...)
			hasNot(t, page, c.hasNot...)
			if c.has == nil {
				s.Client().Get("./signup").Is(403, "")
				return
			}
			signUp := s.Client().Get("./signup").Is(200, "").Body
			has(t, signUp, append(c.has, `name="name"`, `name="email"`)...)
			hasNot(t, signUp, c.hasNot...)
		})
	}
}

func TestALinkIsFollowedWithAButton(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withLinks)
	c := s.Client()
	page := c.Form("./login/link", url.Values{"email": {"Ada@example.com"}, "name": {"Ada"}, "return_to": {"/account/apps"}}).Is(200, "").Body
	has(t, page, "Check your mail", "Ada@example.com", `action="/login/link"`)
	token := s.Token("magic-link")
	has(t, s.Mails("magic-link")[0], s.URL+"/magic-link?token=")
	for range 3 { // a scanner opens it as often as it likes
		page := s.Client().Get("./magic-link?token="+token).Is(200, "").Body
		has(t, page, "ada@example.com", `name="return_to" value="/account/apps"`)
		hasNot(t, strings.ReplaceAll(page, `name="token" value="`+token+`"`, ""), token)
	}
	a := c.Form("./magic-link", url.Values{"token": {token}, "return_to": {"/account/apps"}}).Is(303, "")
	if a.Header.Get("Location") != "/account/apps" || !c.HoldsSession() {
		t.Fatal(a.Header)
	}
	if got := c.Get("/get-session"); got.Field("user.name") != "Ada" || got.Field("user.emailVerified") != "true" {
		t.Fatal(got.Body)
	}
	late := s.Client()
	late.Form("./magic-link", url.Values{"token": {token}}).Is(410, "")
	late.Get("./magic-link?token="+token).Is(410, "")
	late.Get("./magic-link").Is(410, "")
	if late.HoldsSession() {
		t.Fatal("a used link signed somebody in")
	}
}

func TestALinkThatAnAppAskedForLeadsToTheApp(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withLinks+"[sign_up]\nblocked_domains = ['blocked.example']\n")
	ask := func(email string) string {
		t.Helper()
		s.Client().Post("/sign-in/magic-link", map[string]string{
			"email": email, "callbackURL": s.URL + "/in", "newUserCallbackURL": s.URL + "/new", "errorCallbackURL": s.URL + "/bad",
		}).Is(200, "")
		return s.Token("magic-link")
	}
	for _, want := range []string{"/new", "/in"} {
		token := ask("ada@example.com")
		if to := s.Client().Form("./magic-link", url.Values{"token": {token}}).Is(303, "").Header.Get("Location"); to != want {
			t.Fatal(to)
		}
	}
	token := ask("eve@blocked.example")
	c := s.Client()
	if to := c.Form("./magic-link", url.Values{"token": {token}}).Is(303, "").Header.Get("Location"); to != "/bad?error=EMAIL_DOMAIN_NOT_ALLOWED" || c.HoldsSession() {
		t.Fatal(to)
	}
}

func TestALinkForNobodyLooksLikeOneForSomebody(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withLinks+withCodes+"[sign_up]\nmode = 'nobody'\n")
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.CreateUser(t.Context(), tx, core.NewUser{Name: "A", Email: "aaa@example.com"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"./login/link", "./login/code/send", "./forgot-password/code"} {
		known := s.Client().Form(path, url.Values{"email": {"aaa@example.com"}}).Is(200, "").Body
		unknown := s.Client().Form(path, url.Values{"email": {"bbb@example.com"}}).Is(200, "").Body
		if strings.ReplaceAll(known, "aaa@", "bbb@") != unknown {
			t.Fatalf("%s\n%s", known, unknown)
		}
	}
	if links, codes := len(s.Mails("magic-link")), len(s.Mails("email-otp")); links != 1 || codes != 2 {
		t.Fatal(links, codes)
	}
}

func TestACodeIsTyped(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withCodes)
	c := s.Client()
	has(t, c.Form("./login/code/send", url.Values{"email": {"nonsense"}}).Is(422, "").Body, "Enter an e-mail address")
	page := c.Form("./login/code/send", url.Values{"email": {"ada@example.com"}, "name": {"Ada"}, "return_to": {"/account/apps"}}).Is(200, "").Body
	has(t, page, `autocomplete="one-time-code"`, `inputmode="numeric"`, `action="/login/code/send"`, `name="return_to" value="/account/apps"`)
	code := newestCode(t, s)
	enter := func(code string) *testkit.Answer {
		return c.Form("./login/code", url.Values{"email": {"ada@example.com"}, "name": {"Ada"}, "code": {code}, "return_to": {"/account/apps"}})
	}
	has(t, enter(" ").Is(422, "").Body, "Enter the code")
	has(t, enter("x"+code).Is(422, "").Body, "That is not the code", `value="ada@example.com"`)
	if to := enter(" "+code[:3]+" "+code[3:]+"\t").Is(303, "").Header.Get("Location"); to != "/account/apps" {
		t.Fatal(to)
	}
	if c.Get("/get-session").Field("user.name") != "Ada" {
		t.Fatal("nobody is signed in")
	}
	has(t, enter(code).Is(422, "").Body, "That is not the code")
	if to := s.Client().Get("./login/code?return_to=%2Faccount%2Fapps").Is(303, "").Header.Get("Location"); to != "/login?return_to=%2Faccount%2Fapps" {
		t.Fatal(to)
	}
	if to := s.Client().Form("./login/code", url.Values{"code": {"1"}}).Is(303, "").Header.Get("Location"); to != "/login" {
		t.Fatal(to)
	}
}

func TestWrongCodesEndOnThePage(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withCodes)
	s.SignUp("ada@example.com")
	c := s.Client()
	c.Form("./login/code/send", url.Values{"email": {"ada@example.com"}}).Is(200, "")
	for range 3 {
		c.Form("./login/code", url.Values{"email": {"ada@example.com"}, "code": {"x"}}).Is(422, "")
	}
	has(t, c.Form("./login/code", url.Values{"email": {"ada@example.com"}, "code": {newestCode(t, s)}}).Is(422, "").Body, "Too many wrong codes")
	for range 4 {
		c.Form("./login/code/send", url.Values{"email": {"ada@example.com"}}).Is(200, "")
		for range 3 {
			c.Form("./login/code", url.Values{"email": {"ada@example.com"}, "code": {"x"}}).Is(422, "")
		}
	}
	has(t, c.Form("./login/code/send", url.Values{"email": {"ada@example.com"}}).Is(403, "").Body, "Too many wrong codes")
	if c.HoldsSession() {
		t.Fatal("somebody is signed in")
	}
}

func TestAForgottenPasswordIsReplacedWithACode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withCodes)
	s.SignUp("ada@example.com")
	c := s.Client()
	has(t, c.Get("./forgot-password").Is(200, "").Body, `formaction="/forgot-password/code"`)
	hasNot(t, testkit.Start(t, "").Client().Get("./forgot-password").Is(200, "").Body, "/forgot-password/code")
	has(t, c.Form("./forgot-password/code", url.Values{"email": {"x"}}).Is(422, "").Body, "Enter an e-mail address")
	has(t, c.Form("./forgot-password/code", url.Values{"email": {"ada@example.com"}}).Is(200, "").Body, `name="code"`, `name="password"`, `action="/forgot-password/reset"`)
	reset := func(code, password string) *testkit.Answer {
		return c.Form("./forgot-password/reset", url.Values{"email": {"ada@example.com"}, "code": {code}, "password": {password}})
	}
	code := newestCode(t, s)
	has(t, reset("", "").Is(422, "").Body, "Enter the code", `id="password-problem"`)
	has(t, reset(code, "short").Is(422, "").Body, "at least 8")
	reset("x", "another-password").Is(422, "")
	s.SignIn("ada@example.com")
	reset(code, "another-password").Is(200, "")
	s.Client().Post("/sign-in/email", map[string]string{"email": "ada@example.com", "password": "another-password"}).Is(200, "")
}

func TestAnAddressIsProvenWithACodeWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withCodes+"override_default_email_verification = true\n[email_and_password]\nrequire_email_verification = true\n[email_verification]\nsend_on_sign_up = true\n")
	c := s.Client()
	page := c.Form("./signup", url.Values{"email": {"ada@example.com"}, "name": {"Ada"}, "password": {testkit.Password}}).Is(200, "").Body
	has(t, page, `action="/verify-email/code"`, `action="/verify-email/send"`)
	has(t, c.Form("./verify-email/send", url.Values{"email": {"ada@example.com"}}).Is(200, "").Body, `action="/verify-email/code"`)
	has(t, c.Form("./verify-email/code", url.Values{"email": {"ada@example.com"}, "code": {"x"}}).Is(422, "").Body, "That is not the code")
	has(t, c.Form("./verify-email/code", url.Values{"email": {"ada@example.com"}, "code": {newestCode(t, s)}}).Is(200, "").Body, "Your address is confirmed")
	if len(s.Mails("verify-email")) != 0 {
		t.Fatal("a link was sent, too")
	}
	s.SignIn("ada@example.com")
}

func TestWhoMayNotComeInByMailIsTold(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, withLinks+withCodes+"[sign_up]\nmode = 'approval'\n")
	c := s.Client()
	c.Form("./login/link", url.Values{"email": {"ada@example.com"}}).Is(200, "")
	has(t, c.Form("./magic-link", url.Values{"token": {s.Token("magic-link")}}).Is(403, "").Body, "APPROVAL_PENDING")
	c.Form("./login/code/send", url.Values{"email": {"bob@example.com"}}).Is(200, "")
	has(t, c.Form("./login/code", url.Values{"email": {"bob@example.com"}, "code": {newestCode(t, s)}}).Is(403, "").Body, "APPROVAL_PENDING")
	if c.HoldsSession() {
		t.Fatal("somebody is signed in")
	}
}
