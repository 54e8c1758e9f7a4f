package social_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

var (
	onward = regexp.MustCompile(`<meta http-equiv="refresh" content="0;url=([^"]+)"`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// press posts the form of a page that begins a sign-in at a provider, and gives the
// address that the answer moves on to.
func press(t *testing.T, c *testkit.Client, page, provider string) string {
	t.Helper()
	a := c.Get(page).Is(200, "")
	_, form, found := strings.Cut(a.Body, `action="/login/`+provider+`"`)
	if !found {
		t.Fatalf("%s has no button for %s", page, provider)
	}
	form, _, _ = strings.Cut(form, "</form>")
	fields := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(form, -1) {
		fields.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	moved := c.Form("./login/"+provider, fields).Is(200, "")
	if csp := moved.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self'") {
		t.Errorf("policy %q", csp)
	}
	m := onward.FindStringSubmatch(moved.Body)
	if m == nil {
		t.Fatalf("the answer moves nowhere:\n%s", moved.Body)
	}
	return html.UnescapeString(m[1])
}

func TestThePagesHaveAButtonForEachProvider(t *testing.T) {
	t.Parallel()
	w := start(t, providers+generic)
	for _, page := range []string{"./login", "./signup"} {
		text := w.Client().Get(page).Is(200, "").Body
		at := -1
		for _, name := range []string{"GitHub", "Google", "Example"} {
			next := strings.Index(text, "Continue with "+name)
			if next <= at {
				t.Errorf("%s: no button for %s, or not in its place", page, name)
			}
			at = next
		}
	}
	bare := testkit.Start(t, "")
	if text := bare.Client().Get("./login").Body; strings.Contains(text, "Continue with") {
		t.Error("a button without a provider")
	}
	only := start(t, "[email_and_password]\nenabled = false\n"+providers)
	for _, page := range []string{"./login", "./signup"} {
		text := only.Client().Get(page).Is(200, "").Body
		if strings.Contains(text, `type="password"`) || !strings.Contains(text, "Continue with Google") {
			t.Errorf("%s without passwords:\n%s", page, text)
		}
	}
}

func TestAButtonLeadsThroughTheProviderToWhereTheVisitBegan(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	for page, want := range map[string]string{
		"./login": "/account", "./signup": "/account", "./login?return_to=%2Fdevice%3Fx%3D1": "/device?x=1",
		"./login?return_to=%2F%2Fevil.example": "/account",
	} {
		c := w.Client()
		leads(t, arrive(c, "google", w.idp.Authorize(press(t, c, page, "google"))), want)
		c.Get("./account").Is(200, "")
	}
}

func TestOnlyOurOwnPagesBeginASignInByForm(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Client()
	c.Header.Set("Origin", "https://evil.example")
	if a := c.Form("./login/google", url.Values{}); a.Status != 403 || len(a.Cookies) > 0 {
		t.Errorf("got %d and cookies %v", a.Status, a.Cookies)
	}
	if a := w.Client().Form("./login/nope", url.Values{}); a.Status != 404 {
		t.Errorf("an unknown provider: got %d", a.Status)
	}
}

func TestAFailureIsExplainedOnThePageWhereItBegan(t *testing.T) {
	t.Parallel()
	w := start(t, "[email_and_password]\ndisable_sign_up = true\n"+providers)
	c := w.Client()
	a := arrive(c, "google", w.idp.Authorize(press(t, c, "./login?return_to=%2Fdevice", "google")))
	leads(t, a, "/login?return_to=%2Fdevice&error=signup_disabled")
	text := c.Get("."+a.Header.Get("Location")).Is(200, "").Body
	if !strings.Contains(text, `role="alert"`) || !strings.Contains(text, "There is no account for you here") || !strings.Contains(text, "Continue with Google") {
		t.Errorf("the page says:\n%s", text)
	}
	if text := c.Get("./login?error=" + url.QueryEscape("<b>Call 555 now</b>")).Body; strings.Contains(text, "555") {
		t.Error("the page says what its address says")
	}
}

const app = `
[[client]]
client_id = "app"
client_secret = "app-secret-0123456789-0123456789-01"
redirect_uris = ["https://app.example/cb"]
skip_consent = true
scopes = ["openid", "email"]
`

// authorize begins an OAuth request of the app's and gives where it leads.
func authorize(t *testing.T, c *testkit.Client) *url.URL {
	t.Helper()
	c.Header.Set("Sec-Fetch-Mode", "navigate")
	a := c.Get("/oauth2/authorize?"+url.Values{
		"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {"https://app.example/cb"}, "scope": {"openid email"}, "state": {"s"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode()).Is(http.StatusFound, "")
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// handedOver fails the test unless an answer gives the app a code.
func handedOver(t *testing.T, a *testkit.Answer) {
	t.Helper()
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || to.Host != "app.example" || to.Query().Get("code") == "" || to.Query().Get("state") != "s" {
		t.Fatalf("got %d to %q, want a code for the app: %s", a.Status, a.Header.Get("Location"), a.Body)
	}
}

func TestAnAppsRequestGoesOnAfterASignInElsewhere(t *testing.T) {
	t.Parallel()
	w := start(t, providers+app)
	c := w.Client()
	page := authorize(t, c)
	if page.Path != "/login" || page.Query().Get("flow") == "" {
		t.Fatalf("the request leads to %s", page)
	}
	handedOver(t, arrive(c, "google", w.idp.Authorize(press(t, c, "."+page.RequestURI(), "google"))))
	again := w.Client()
	page = authorize(t, again)
	q := w.idp.Authorize(press(t, again, "."+page.RequestURI(), "google"))
	q.Set("error", "access_denied")
	a := arrive(again, "google", q)
	leads(t, a, page.RequestURI()+"&error=access_denied")
	handedOver(t, arrive(again, "google", w.idp.Authorize(press(t, again, "."+a.Header.Get("Location"), "google"))))
}

func TestAnAppsRequestGoesOnAfterASignInOnAPageOfTheOperators(t *testing.T) {
	t.Parallel()
	w := start(t, "[oauth_provider]\nlogin_page = \"/own\"\n"+providers+app)
	c := w.Client()
	signed := authorize(t, c).RawQuery
	// Ten minutes is what a query holds for: it held when the sign-in began.
	w.Clock.Advance(6 * time.Minute)
	q := w.back(c, body{"provider": "google", "callbackURL": "/dash", "oauth_query": signed})
	w.Clock.Advance(6 * time.Minute)
	handedOver(t, arrive(c, "google", q))

	other := w.Client()
	signed = authorize(t, other).RawQuery
	a := other.Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": w.token(nil), "nonce": "n"}, "oauth_query": signed}).Is(200, "")
	if to := a.Field("url"); !strings.HasPrefix(to, "https://app.example/cb?code=") {
		t.Errorf("got %s", a.Body)
	}
	other.Post("/sign-in/social", body{"provider": "google", "oauth_query": signed + "x"}).Is(400, "")
}
