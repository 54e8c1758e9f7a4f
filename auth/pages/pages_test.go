package pages_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

// form posts a page's form.
func form(c *testkit.Client, path string, fields ...string) *testkit.Answer {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return c.Form("."+path, values)
}

var heading = regexp.MustCompile(`<h1>([^<]*)</h1>`)

// title is what a page is about.
func title(a *testkit.Answer) string {
	m := heading.FindStringSubmatch(a.Body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// shows fails the test unless the answer is a page with that status and heading.
func shows(t *testing.T, a *testkit.Answer, status int, want string) {
	t.Helper()
	if a.Status != status || title(a) != want {
		t.Fatalf("got %d %q (to %q), want %d %q", a.Status, title(a), a.Header.Get("Location"), status, want)
	}
}

// leads fails the test unless the answer sends the browser to that path by GET.
func leads(t *testing.T, a *testkit.Answer, want string) {
	t.Helper()
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != want {
		t.Fatalf("got %d to %q (%q), want 303 to %q", a.Status, a.Header.Get("Location"), title(a), want)
	}
}

func signedIn(c *testkit.Client) bool { return c.Get("/get-session").Body != "null" }

func TestSigningIn(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("ada@example.com")
	c := s.Client()
	leads(t, c.Get("./"), "/login")
	shows(t, c.Get("./login"), 200, "Sign in")
	leads(t, form(c, "/login", "email", " Ada@example.com", "password", testkit.Password, "remember", "1"), "/account")
	shows(t, c.Get("./account"), 200, "Your account")
	leads(t, c.Get("./"), "/account")
	leads(t, c.Get("./login"), "/account")
	if !signedIn(c) {
		t.Fatal("nobody is signed in")
	}
	for _, one := range []struct {
		remember string
		want     int
	}{{"1", 7 * 24 * 3600}, {"", 0}} {
		got := form(s.Client(), "/login", "email", "ada@example.com", "password", testkit.Password, "remember", one.remember)
		if ck := got.Cookie("better-auth.session_token"); ck == nil || ck.MaxAge != one.want || !ck.HttpOnly {
			t.Errorf("remember=%q gives the cookie %v", one.remember, ck)
		}
	}
	shows(t, form(c, "/sign-out"), 200, "You are signed out")
	if signedIn(c) {
		t.Fatal("signing out left the session")
	}
	leads(t, c.Get("./account"), "/login?return_to=%2Faccount")
}

func TestAWrongPasswordAndAnUnknownAddressAreThePage(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("known@example.com")
	var seen []*testkit.Answer
	for _, try := range [][2]string{
		{"known@example.com", "a wrong password"}, {"other@example.com", testkit.Password}, {"known@example.com", strings.Repeat("x", 5000)},
	} {
		c := s.Client()
		a := form(c, "/login", "email", try[0], "password", try[1], "remember", "1")
		shows(t, a, 422, "Sign in")
		if signedIn(c) || len(a.Cookies) != 0 {
			t.Fatal("somebody was signed in")
		}
		if !strings.Contains(a.Body, "The e-mail address or the password is wrong.") || strings.Contains(a.Body, try[1]) {
			t.Fatalf("%s", a.Body)
		}
		a.Body = strings.ReplaceAll(a.Body, try[0], "(address)")
		seen = append(seen, a)
	}
	for _, a := range seen[1:] {
		if a.Body != seen[0].Body {
			t.Error("the pages differ")
		}
	}
}

func TestWhatIsMissingIsSaidBesideTheField(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	for name, one := range map[string]struct {
		browser *testkit.Client
		path    string
		fields  []string
		want    string // the beginning of the page's title
	}{
		"no address":             {s.Client(), "/login", []string{"password", "x"}, "Enter an e-mail address"},
		"no password":            {s.Client(), "/login", []string{"email", "ada@example.com"}, "Enter your password"},
		"no name":                {s.Client(), "/signup", []string{"email", "b@example.com", "password", testkit.Password}, "Enter your name"},
		"a short password":       {s.Client(), "/signup", []string{"name", "B", "email", "b@example.com", "password", "short"}, "Too short. Use at least 8 characters"},
		"a long password":        {s.Client(), "/signup", []string{"name", "B", "email", "b@example.com", "password", strings.Repeat("x", 129)}, "Too long. Use at most 128 characters"},
		"an address in use":      {s.Client(), "/signup", []string{"name", "B", "email", "ada@example.com", "password", testkit.Password}, "There is already an account"},
		"nothing that is a mail": {s.Client(), "/forgot-password", []string{"email", "ada"}, "Enter an e-mail address"},
		"a name of spaces":       {c, "/account/profile", []string{"name", "  "}, "Enter your name"},
		"another's password":     {c, "/account/password", []string{"current_password", "wrong-password", "new_password", "another-password"}, "That is not your current password"},
		"a short new password":   {c, "/account/password", []string{"current_password", testkit.Password, "new_password", "short"}, "Too short."},
	} {
		t.Run(name, func(t *testing.T) {
			a := form(one.browser, one.path, one.fields...)
			if a.Status != 422 || !strings.Contains(a.Body, "<title>"+one.want) || !strings.Contains(a.Body, `role="alert"`) {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		})
	}
	if n := len(s.Mails("reset-password")); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
	s.SignIn("ada@example.com") // with the old password
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	for _, path := range []string{"/sign-out", "/login", "/account/password", "/account/sessions/end-others", "/signup", "/consent", "/language"} {
		for name, header := range map[string][2]string{
			"by its origin":              {"Origin", "https://evil.example"},
			"by an opaque origin":        {"Origin", "null"},
			"by what the browser says":   {"Sec-Fetch-Site", "cross-site"},
			"a sibling is another site":  {"Sec-Fetch-Site", "same-site"},
			"a form sent as plain text":  {"Content-Type", "text/plain"},
			"a form sent as JSON, too":   {"Content-Type", "application/json"},
			"a form with a file is none": {"Content-Type", "multipart/form-data; boundary=x"},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				old := c.Header
				defer func() { c.Header = old }()
				c.Header = http.Header{header[0]: {header[1]}}
				kind := "application/x-www-form-urlencoded"
				if header[0] == "Content-Type" {
					kind = header[1]
				}
				a := c.Do(http.MethodPost, "."+path, kind, "email=ada%40example.com&password="+testkit.Password)
				if header[0] == "Content-Type" {
					shows(t, a, 415, "Something went wrong")
				} else {
					shows(t, a, 403, "This form came from somewhere else")
				}
				if len(a.Cookies) != 0 {
					t.Error("it set cookies")
				}
			})
		}
	}
	if !signedIn(c) {
		t.Error("the session was ended")
	}
}

func TestOneReturnsToWhereOneCameFromAndNowhereElse(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("ada@example.com")
	for target, want := range map[string]string{
		"/account?from=there&x=1": "/account?from=there&x=1",
		"/error?error=x":          "/error?error=x",
		"https://evil.example/":   "/account",
		"//evil.example/":         "/account",
		"/\\evil.example":         "/account",
		"\\\\evil.example":        "/account",
		"/%2fevil.example":        "/account",
		"/%5Cevil.example":        "/account",
		"/\tevil.example":         "/account",
		"/\r\nSet-Cookie: x=1":    "/account",
		"javascript:alert(1)":     "/account",
		"account":                 "/account",
		"":                        "/account",
	} {
		t.Run(target, func(t *testing.T) {
			c := s.Client()
			page := c.Get("./login?return_to=" + url.QueryEscape(target))
			if safe := want == target; strings.Contains(page.Body, `name="return_to" value="`+html.EscapeString(target)+`"`) != safe && target != "" {
				t.Errorf("the form carries it: %v", !safe)
			}
			leads(t, form(c, "/login", "email", "ada@example.com", "password", testkit.Password, "return_to", target), want)
			leads(t, c.Get("./login?return_to="+url.QueryEscape(target)), want)
		})
	}
	c := s.Client()
	leads(t, c.Get("./account?from=there"), "/login?return_to=%2Faccount%3Ffrom%3Dthere")
	leads(t, form(c, "/language", "lang", "de", "return_to", "//evil.example"), "/")
}

func TestLimitsAreSaidInWords(t *testing.T) {
	s := testkit.Start(t, "[rate_limit]\nenabled = true\n")
	c := s.Client()
	for range 3 {
		shows(t, form(c, "/login", "email", "ada@example.com", "password", "wrong-password"), 422, "Sign in")
	}
	c.Header.Set("Referer", s.URL+"/login?return_to=%2Faccount")
	a := form(c, "/login", "email", "ada@example.com", "password", "wrong-password")
	shows(t, a, 429, "One moment, please")
	if a.Header.Get("Retry-After") == "" || !strings.Contains(a.Body, "Please wait 10 seconds") || !strings.Contains(a.Body, `href="/login?return_to=%2Faccount"`) {
		t.Errorf("Retry-After %q, %s", a.Header.Get("Retry-After"), a.Body)
	}
}

func TestEveryPageIsKeptFromScriptsFramesAndCaches(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	for _, path := range []string{"./login?switch=1", "./forgot-password", "./reset-password?token=x", "./verify-email?token=x", "./account", "./account/security", "./setup", "./error", "./consent", "./no-such-page", "/error?error=x"} {
		a := c.Get(path)
		policy := a.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || title(a) == "" {
			t.Errorf("%s: %d %q %s", path, a.Status, title(a), policy)
		}
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
	css := regexp.MustCompile(`href="(/static/[^"]+\.css)"`).FindStringSubmatch(c.Get("./account").Body)
	if css == nil || !strings.Contains(c.Get("."+css[1]).Is(200, "").Header.Get("Cache-Control"), "immutable") {
		t.Errorf("the stylesheet %v is not kept", css)
	}
	shows(t, c.Get("./no-such-page"), 404, "There is nothing here")
	if to := c.Get("./.well-known/change-password").Is(302, "").Header.Get("Location"); to != "/account/security#password" {
		t.Errorf("passwords are changed at %s", to)
	}
}

func TestTheErrorPageSaysNothingThatOthersWrote(t *testing.T) {
	s := testkit.Start(t, "")
	for query, want := range map[string]string{
		"error=access_denied&error_description=Call+Mallory":   "Access was denied",
		"error=new_code&error_description=Call+Mallory":        "<code>new_code</code>",
		"error=Call+Mallory+now":                               "That did not work",
		"error=" + url.QueryEscape("<script>Mallory</script>"): "That did not work",
	} {
		a := s.Client().Get("./error?" + query)
		shows(t, a, 200, "Something went wrong")
		if !strings.Contains(a.Body, want) || strings.Contains(a.Body, "Mallory") {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
}

func TestLanguages(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.Client()
	speaks := func(path, want string) {
		t.Helper()
		if a := c.Get(path); !strings.Contains(a.Body, `<html lang="`+want+`"`) {
			t.Errorf("%s does not speak %s", path, want)
		}
	}
	c.Header.Set("Accept-Language", "de-CH, en;q=0.5")
	speaks("./login", "de")
	speaks("./login?ui_locales=en", "en")
	leads(t, form(c, "/language", "lang", "en", "return_to", "/signup"), "/signup")
	speaks("./signup", "en")
	leads(t, form(c, "/language", "lang", "de", "return_to", "/login?ui_locales=en&return_to=%2Faccount"), "/login?return_to=%2Faccount&ui_locales=de")
	leads(t, form(c, "/language", "lang", "../../etc", "return_to", "/login"), "/login")
	speaks("./login", "de")

	// The mail that a page causes is in the page's language, not in the browser's.
	c.Header.Set("Accept-Language", "en")
	s.SignUp("ada@example.com")
	form(c, "/forgot-password", "email", "ada@example.com")
	if mail := s.Mails("reset-password"); len(mail) != 1 || !strings.Contains(mail[0], "Guten Tag") {
		t.Errorf("the mail is not in German: %v", mail)
	}
}

func TestAPageAtAnotherAddressSaysSo(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.Client()
	other := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	if a := c.Get(other + "/login"); !strings.Contains(a.Body, "this server is set up for") || !strings.Contains(a.Body, `href="`+s.URL+`/login"`) {
		t.Error("nothing is said")
	}
	if a := c.Get("./login"); strings.Contains(a.Body, "this server is set up for") {
		t.Error("it is said at the right address")
	}
}

func TestNobodyElsePutsANoteOnOurPages(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	leads(t, form(c, "/account/profile", "name", "Countess"), "/account")
	if a := c.Get("./account"); !strings.Contains(a.Body, "Your profile is saved.") || !strings.Contains(a.Body, `value="Countess"`) {
		t.Error("what was done is not said")
	}
	if a := c.Get("./account"); strings.Contains(a.Body, "Your profile is saved.") {
		t.Error("it is said twice")
	}
	for _, forged := range []string{"x", "eyJLaW5kIjoicHJvYmxlbSJ9", ""} {
		c.Cookies["better-auth.page_note"] = forged
		if a := c.Get("./account"); a.Status != 200 || strings.Contains(a.Body, `id="alert"`) {
			t.Errorf("%q puts a note on the page", forged)
		}
	}
}
