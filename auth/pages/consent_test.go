package pages_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

const (
	callback = "https://app.example/cb"
	clients  = `
[[client]]
client_id = "wiki"
name = "The <wiki>"
redirect_uris = ["https://app.example/cb"]
[[client]]
client_id = "cli"
name = "A program"
type = "native"
redirect_uris = ["http://127.0.0.1/cb", "com.example.app:/cb"]
[[client]]
client_id = "own"
name = "Our own"
skip_consent = true
redirect_uris = ["https://app.example/cb"]
`
)

func provider(t *testing.T, toml string) *testkit.Server {
	t.Helper()
	s := testkit.Start(t, toml+clients)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask begins an authorization request and returns where it leads.
func ask(t *testing.T, c *testkit.Client, client, redirect string, more ...string) string {
	t.Helper()
	q := url.Values{
		"client_id": {client}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"s&1"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	to, err := url.Parse(c.Get("/oauth2/authorize?"+q.Encode()).Is(302, "").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return to.RequestURI()
}

func flowOf(t *testing.T, path string) string {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil || u.Query().Get("flow") == "" {
		t.Fatalf("%s has no flow", path)
	}
	return u.Query().Get("flow")
}

var refresh = regexp.MustCompile(`<meta http-equiv="refresh" content="0;url=([^"]+)">`)

// handedTo is where a handoff page moves on to; its link leads there too.
func handedTo(t *testing.T, a *testkit.Answer) *url.URL {
	t.Helper()
	m := refresh.FindStringSubmatch(a.Body)
	if a.Status != 200 || m == nil || !strings.Contains(a.Body, `href="`+m[1]+`"`) {
		t.Fatalf("%d %q leads nowhere: %s", a.Status, title(a), a.Body)
	}
	to, err := url.Parse(html.UnescapeString(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestAPersonSignsInAtAnAppAndAllowsIt(t *testing.T) {
	s := provider(t, "")
	s.SignUp("ada@example.com")
	c := s.Client()
	login := ask(t, c, "wiki", callback, "login_hint", "ada@example.com")
	page := c.Get("." + login)
	shows(t, page, 200, "Sign in")
	for _, want := range []string{"The &lt;wiki&gt;", `value="ada@example.com"`, `name="flow"`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the sign-in page lacks %s", want)
		}
	}
	flow := flowOf(t, login)
	shows(t, form(c, "/login", "email", "ada@example.com", "password", "wrong-password", "flow", flow), 422, "Sign in")
	leads(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password, "flow", flow), "/consent?flow="+flow)
	consent := c.Get("./consent?flow=" + flow)
	shows(t, consent, 200, "The <wiki> asks for access")
	for _, want := range []string{"ada@example.com", "app.example", "See your e-mail address", `value="allow"`, `value="deny"`} {
		if !strings.Contains(consent.Body, want) {
			t.Errorf("the consent page lacks %s", want)
		}
	}
	to := handedTo(t, form(c, "/consent", "flow", flow, "decision", "allow"))
	if to.Host != "app.example" || to.Query().Get("code") == "" || to.Query().Get("state") != "s&1" || to.Query().Get("iss") != s.URL {
		t.Fatalf("it leads to %s", to)
	}
	shows(t, form(c, "/consent", "flow", flow, "decision", "allow"), 410, "This took too long")
	shows(t, c.Get("./login?flow="+flow), 410, "This took too long")
}

func TestAPersonSaysNo(t *testing.T) {
	s := provider(t, "")
	c := s.SignUp("ada@example.com")
	denied := func(c *testkit.Client, flow string) {
		t.Helper()
		to := handedTo(t, form(c, "/consent", "flow", flow, "decision", "deny"))
		if to.Query().Get("error") != "access_denied" || to.Query().Get("code") != "" {
			t.Fatalf("it leads to %s", to)
		}
	}
	consent := ask(t, c, "wiki", callback)
	if !strings.HasPrefix(consent, "/consent?") {
		t.Fatalf("asked at %s", consent)
	}
	denied(c, flowOf(t, consent))
	stranger := s.Client()
	denied(stranger, flowOf(t, ask(t, stranger, "wiki", callback))) // from the sign-in page, without signing in
}

func TestAConsentIsOnlyThePersonsOwn(t *testing.T) {
	s := provider(t, "")
	ada, bob := s.SignUp("ada@example.com"), s.SignUp("bob@example.com")
	flow := flowOf(t, ask(t, ada, "wiki", callback))
	for name, c := range map[string]*testkit.Client{"another person": bob, "another browser": s.SignIn("ada@example.com"), "nobody": s.Client()} {
		for _, decision := range []string{"allow", "deny", "switch"} {
			if a := form(c, "/consent", "flow", flow, "decision", decision); a.Status != 410 {
				t.Errorf("%s may %s: %d %s", name, decision, a.Status, a.Header.Get("Location"))
			}
		}
		shows(t, c.Get("./consent?flow="+flow), 410, "This took too long")
	}
	leads(t, form(ada, "/consent", "flow", flow), "/consent?flow="+flow) // no answer is no answer
	form(ada, "/sign-out")
	leads(t, form(ada, "/consent", "flow", flow, "decision", "allow"), "/login?flow="+flow)
	leads(t, ada.Get("./consent?flow="+flow), "/login?flow="+flow)
}

func TestAnotherAccountIsAskedAnew(t *testing.T) {
	s := provider(t, "")
	c := s.SignUp("ada@example.com")
	s.SignUp("bob@example.com")
	flow := flowOf(t, ask(t, c, "wiki", callback))
	leads(t, form(c, "/consent", "flow", flow, "decision", "switch"), "/login?flow="+flow+"&switch=1")
	shows(t, c.Get("./login?flow="+flow+"&switch=1"), 200, "Sign in")
	leads(t, form(c, "/login", "email", "bob@example.com", "password", testkit.Password, "flow", flow), "/consent?flow="+flow)
	if page := c.Get("./consent?flow=" + flow); !strings.Contains(page.Body, "bob@example.com") || strings.Contains(page.Body, "ada@example.com") {
		t.Error("the page speaks of somebody else")
	}
	if to := handedTo(t, form(c, "/consent", "flow", flow, "decision", "allow")); to.Query().Get("code") == "" {
		t.Errorf("it leads to %s", to)
	}
}

func TestAnAccountIsChosen(t *testing.T) {
	s := provider(t, "")
	c := s.SignUp("ada@example.com")
	choose := ask(t, c, "own", callback, "prompt", "select_account")
	page := c.Get("." + choose)
	shows(t, page, 200, "Choose an account")
	flow := flowOf(t, choose)
	leads(t, c.Get("./login?flow="+flow), "/select-account?flow="+flow)
	leads(t, form(c, "/select-account", "flow", flow, "decision", "switch"), "/login?flow="+flow+"&switch=1")
	if to := handedTo(t, form(c, "/select-account", "flow", flow, "account", choices(page)["ada@example.com"])); to.Query().Get("code") == "" {
		t.Errorf("it leads to %s", to)
	}
}

var choicePattern = regexp.MustCompile(`name="account" value="(session_[^"]+)" aria-label="Continue as ([^"]+)"`)

// choices are the accounts that a page offers, by address.
func choices(page *testkit.Answer) map[string]string {
	offered := map[string]string{}
	for _, found := range choicePattern.FindAllStringSubmatch(page.Body, -1) {
		offered[found[2]] = found[1]
	}
	return offered
}

func TestProgramsOnTheComputerAreNamedAsSuch(t *testing.T) {
	s := provider(t, "")
	c := s.SignUp("ada@example.com")
	for redirect, want := range map[string]string{
		"http://127.0.0.1:4711/cb": "a program on this device (<strong><bdi>127.0.0.1</bdi></strong>)",
		"com.example.app:/cb":      "an app on this device (<strong><bdi>com.example.app</bdi></strong>)",
	} {
		flow := flowOf(t, ask(t, c, "cli", redirect, "scope", "openid offline_access"))
		page := c.Get("./consent?flow=" + flow)
		if !strings.Contains(page.Body, want) || !strings.Contains(page.Body, "until you end it") {
			t.Errorf("%s: %s", redirect, page.Body)
		}
		if to := handedTo(t, form(c, "/consent", "flow", flow, "decision", "allow")); !strings.HasPrefix(to.String(), redirect+"?code=") {
			t.Errorf("it leads to %s", to)
		}
	}
}

func TestSigningUpGoesOnToTheApp(t *testing.T) {
	s := provider(t, "")
	c := s.Client()
	signup := ask(t, c, "own", callback, "prompt", "create", "ui_locales", "de")
	shows(t, c.Get("."+signup), 200, "Konto erstellen")
	to := handedTo(t, form(c, "/signup", "name", "Ada", "email", "ada@example.com", "password", testkit.Password, "flow", flowOf(t, signup)))
	if to.Query().Get("code") == "" {
		t.Errorf("it leads to %s", to)
	}
	// What may leave this origin does so by the page, even when return_to begins it.
	back := "/api/auth/oauth2/authorize?client_id=own"
	if to := handedTo(t, form(s.Client(), "/login", "email", "ada@example.com", "password", testkit.Password, "return_to", back)); to.RequestURI() != back {
		t.Errorf("it leads to %s", to)
	}
}

func TestTheLinkInTheMailLeadsBackIntoTheFlow(t *testing.T) {
	s := provider(t, "[email_and_password]\nrequire_email_verification = true\n")
	c := s.Client()
	flow := flowOf(t, ask(t, c, "own", callback))
	shows(t, form(c, "/signup", "name", "Ada", "email", "ada@example.com", "password", testkit.Password, "flow", flow), 200, "Check your mail")
	done := form(c, "/verify-email", "token", s.Token("verify-email"), "callbackURL", "/login?flow="+flow)
	shows(t, done, 200, "Your address is confirmed")
	if !strings.Contains(done.Body, `href="/login?flow=`+flow+`"`) {
		t.Error("it does not lead back")
	}
	if to := handedTo(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password, "flow", flow)); to.Query().Get("code") == "" {
		t.Errorf("it leads to %s", to)
	}
}

// TestScopesAreChosen: boxes that are not ticked are not allowed; who a person is
// goes with every sign-in.
func TestScopesAreChosen(t *testing.T) {
	for name, c := range map[string]struct {
		scope  string
		ticked []string
		want   string // the scopes of the token, "" for a no
	}{
		"all":                      {"openid profile email", []string{"profile", "email"}, "openid profile email"},
		"one of two":               {"openid profile email", []string{"email"}, "openid email"},
		"none but the sign-in":     {"openid profile email", nil, "openid"},
		"nothing at all is a no":   {"profile email", nil, ""},
		"one that nobody asked":    {"openid email", []string{"email", "profile"}, "openid email"},
		"staying connected is one": {"openid offline_access", nil, "openid"},
	} {
		t.Run(name, func(t *testing.T) {
			s := provider(t, "")
			b := s.SignUp("ada@example.com")
			flow := flowOf(t, ask(t, b, "own", callback, "scope", c.scope, "prompt", "consent"))
			page := b.Get("./consent?flow=" + flow)
			if strings.Contains(page.Body, `value="openid"`) || strings.Count(page.Body, `type="checkbox" name="scope"`) != len(strings.Fields(strings.ReplaceAll(c.scope, "openid", ""))) {
				t.Errorf("the boxes: %s", page.Body)
			}
			fields := url.Values{"flow": {flow}, "decision": {"allow"}, "chosen": {"1"}, "scope": c.ticked}
			a := b.Form("./consent", fields)
			to := handedTo(t, a).Query()
			if to.Has("code") != (c.want != "") || c.want == "" && to.Get("error") != "access_denied" {
				t.Fatalf("it leads to %v", to)
			}
			if c.want == "" {
				return
			}
			tokens := s.Client().Form("/oauth2/token", url.Values{
				"grant_type": {"authorization_code"}, "client_id": {"own"}, "code": {to.Get("code")}, "redirect_uri": {callback},
				"code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
			}).Is(200, "")
			if !strings.Contains(tokens.Body, `"scope":"`+c.want+`"`) {
				t.Errorf("tokens: %s", tokens.Body)
			}
		})
	}
}
