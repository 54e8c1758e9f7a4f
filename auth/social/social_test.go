package social_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const providers = `
[social_providers.google]
client_id = "client"
client_secret = "secret"
[social_providers.github]
client_id = "client"
client_secret = "secret"
`

const generic = `
[[generic_oauth.config]]
provider_id = "example"
name = "Example"
discovery_url = "https://idp.example/.well-known/openid-configuration"
client_id = "client"
client_secret = "secret"
scopes = ["email"]
`

// world is a server and the providers that it knows.
type world struct {
	*testkit.Server
	idp *testkit.IDP
	t   *testing.T
}

func start(t *testing.T, toml string) *world {
	t.Helper()
	s, idp := testkit.StartWithProviders(t, toml)
	return &world{s, idp, t}
}

type body = map[string]any

// depart begins a sign-in, or a link, and returns where the browser is sent.
func depart(c *testkit.Client, path string, in body) string {
	return c.Post(path, in).Is(200, "").Field("url")
}

// back is the provider's answer to a sign-in that was begun.
func (w *world) back(c *testkit.Client, in body) url.Values {
	w.t.Helper()
	return w.idp.Authorize(depart(c, "/sign-in/social", in))
}

// arrive calls the callback.
func arrive(c *testkit.Client, provider string, q url.Values) *testkit.Answer {
	return c.Get("/callback/" + provider + "?" + q.Encode())
}

// signIn is the whole way.
func (w *world) signIn(c *testkit.Client, in body) *testkit.Answer {
	w.t.Helper()
	provider, _ := in["provider"].(string)
	return arrive(c, provider, w.back(c, in))
}

// leads fails the test unless an answer sends the browser there.
func leads(t *testing.T, a *testkit.Answer, where string) {
	t.Helper()
	if got := a.Header.Get("Location"); a.Status != 302 || got != where {
		t.Fatalf("got %d to %q, want 302 to %q: %s", a.Status, got, where, a.Body)
	}
}

// nobody fails the test when a browser is signed in.
func nobody(t *testing.T, c *testkit.Client) {
	t.Helper()
	if got := c.Get("/get-session").Is(200, "").Body; got != "null" {
		t.Fatalf("somebody is signed in: %s", got)
	}
}

// users is how many there are.
func (w *world) users() int {
	w.t.Helper()
	all, err := w.Services.Core.Users(w.t.Context(), w.Services.Core.DB, "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(all)
}

func TestASignInElsewhereMakesAnAccountOnceAndSignsInThen(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]struct{ email, name, secret string }{
		"google":  {"ada@example.com", "Ada King", "access-"},
		"github":  {"ada@example.com", "ada", "access-"},
		"example": {"ada@example.com", "Ada King", "access-"},
	} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			w := start(t, providers+generic)
			c := w.Client()
			in := body{"provider": provider, "callbackURL": "/dash", "newUserCallbackURL": "/new"}
			leads(t, w.signIn(c, in), "/new")
			session := c.Get("/get-session").Is(200, "")
			if got := session.Field("user.email"); got != want.email {
				t.Errorf("email %q, want %q", got, want.email)
			}
			if got := session.Field("user.name"); got != want.name {
				t.Errorf("name %q, want %q", got, want.name)
			}
			if got := session.Field("user.emailVerified"); got != "true" {
				t.Errorf("emailVerified %s, want what the provider says", got)
			}
			other := w.Client()
			leads(t, w.signIn(other, in), "/dash")
			if first, second := session.Field("user.id"), other.Get("/get-session").Field("user.id"); first != second {
				t.Errorf("the second sign-in is of user %s, the first of %s", second, first)
			}
			if n := w.users(); n != 1 {
				t.Errorf("%d users, want 1", n)
			}
			if w.FileContains(want.secret) {
				t.Error("a token of the provider lies in the database in clear")
			}
		})
	}
}

func TestWhatASignInElsewhereAnswers(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Client()
	a := c.Post("/sign-in/social", body{"provider": "google"}).Is(200, "")
	if a.Field("redirect") != "true" || a.Header.Get("Location") != a.Field("url") {
		t.Errorf("got %s, Location %q", a.Body, a.Header.Get("Location"))
	}
	if state := a.Cookie("better-auth.state"); state == nil || !state.HttpOnly || state.MaxAge != 600 || state.Path != "/" {
		t.Errorf("state cookie %v", state)
	}
	stay := c.Post("/sign-in/social", body{"provider": "google", "disableRedirect": true}).Is(200, "")
	if stay.Field("redirect") != "false" || stay.Header.Get("Location") != "" {
		t.Errorf("with disableRedirect got %s, Location %q", stay.Body, stay.Header.Get("Location"))
	}
	q := query(t, depart(c, "/sign-in/social", body{
		"provider": "google", "loginHint": "ada@example.com", "scopes": []string{"calendar"},
		"additionalParams": body{"hd": "example.com"}, "additionalData": body{"from": "invite"},
	}))
	for name, want := range map[string]string{"login_hint": "ada@example.com", "hd": "example.com", "redirect_uri": w.URL + "/api/auth/callback/google"} {
		if q.Get(name) != want {
			t.Errorf("%s=%q, want %q", name, q.Get(name), want)
		}
	}
	if !strings.Contains(q.Get("scope"), "calendar") || q.Has("from") {
		t.Errorf("sent on with %v", q)
	}
	leads(t, w.signIn(w.Client(), body{"provider": "google"}), w.URL)
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestWhatIsRefusedBeforeAnythingBegins(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	for rule, c := range map[string]struct {
		in     body
		status int
		code   string
	}{
		"a provider that is not configured":        {body{"provider": "discord"}, 404, "PROVIDER_NOT_FOUND"},
		"no provider":                              {body{}, 400, "VALIDATION_ERROR"},
		"a place that is not trusted":              {body{"provider": "google", "callbackURL": "https://evil.example"}, 403, "INVALID_CALLBACK_URL"},
		"an untrusted place for errors":            {body{"provider": "google", "errorCallbackURL": "https://evil.example"}, 403, "INVALID_ERROR_CALLBACK_URL"},
		"an untrusted place for new people":        {body{"provider": "google", "newUserCallbackURL": "//evil.example"}, 403, "INVALID_NEW_USER_CALLBACK_URL"},
		"a parameter that is the flow's own":       {body{"provider": "google", "additionalParams": body{"redirect_uri": "https://evil.example"}}, 400, "VALIDATION_ERROR"},
		"a parameter that is no text":              {body{"provider": "google", "additionalParams": body{"hd": 1}}, 400, "VALIDATION_ERROR"},
		"an ID token of a provider that has none":  {body{"provider": "github", "idToken": body{"token": "x.y.z"}}, 404, "ID_TOKEN_NOT_SUPPORTED"},
		"an ID token that is none":                 {body{"provider": "google", "idToken": body{"token": "x.y.z"}}, 401, "INVALID_TOKEN"},
		"a signed query that nobody signed":        {body{"provider": "google", "oauth_query": "client_id=x&sig=y"}, 400, ""},
		"an ID token beside a query nobody signed": {body{"provider": "google", "oauth_query": "client_id=x&sig=y", "idToken": body{"token": "x"}}, 0, ""},
	} {
		t.Run(rule, func(t *testing.T) {
			browser := w.Client()
			a := browser.Post("/sign-in/social", c.in)
			if c.status != 0 {
				a.Is(c.status, c.code)
			} else if a.Status < 400 {
				t.Fatalf("got %d %s", a.Status, a.Body)
			}
			if len(a.Cookies) > 0 {
				t.Errorf("cookies were set: %v", a.Cookies)
			}
		})
	}
	if n := w.users(); n != 0 {
		t.Errorf("%d users were made", n)
	}
}

func TestAStateCountsOnceInItsBrowserForItsProviderAndTenMinutes(t *testing.T) {
	t.Parallel()
	mismatch := "/error?error=state_mismatch"
	for rule, c := range map[string]struct {
		spoil func(w *world, c *testkit.Client, q url.Values) (*testkit.Client, string)
		want  string
	}{
		"a state that nobody made": {func(_ *world, c *testkit.Client, q url.Values) (*testkit.Client, string) {
			q.Set("state", "bogus")
			return c, "google"
		}, mismatch},
		"no state": {func(_ *world, c *testkit.Client, q url.Values) (*testkit.Client, string) {
			q.Del("state")
			return c, "google"
		}, "/error?error=state_not_found"},
		"another browser": {func(w *world, _ *testkit.Client, _ url.Values) (*testkit.Client, string) {
			return w.Client(), "google"
		}, mismatch},
		"a browser with another sign-in begun": {func(w *world, _ *testkit.Client, _ url.Values) (*testkit.Client, string) {
			other := w.Client()
			depart(other, "/sign-in/social", body{"provider": "google"})
			return other, "google"
		}, mismatch},
		"another provider's callback": {func(_ *world, c *testkit.Client, _ url.Values) (*testkit.Client, string) {
			return c, "github"
		}, mismatch},
		"a provider that is not there": {func(_ *world, c *testkit.Client, _ url.Values) (*testkit.Client, string) {
			return c, "nope"
		}, mismatch},
		"eleven minutes later": {func(w *world, c *testkit.Client, _ url.Values) (*testkit.Client, string) {
			w.Clock.Advance(11 * time.Minute)
			return c, "google"
		}, mismatch},
		"a cookie that was changed": {func(_ *world, c *testkit.Client, _ url.Values) (*testkit.Client, string) {
			c.Cookies["better-auth.state"] = "A" + c.Cookies["better-auth.state"][1:]
			return c, "google"
		}, mismatch},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := start(t, providers)
			c1 := w.Client()
			q := w.back(c1, body{"provider": "google", "callbackURL": "/dash"})
			browser, provider := c.spoil(w, c1, q)
			before := len(w.idp.Asked())
			leads(t, arrive(browser, provider, q), w.URL+c.want)
			nobody(t, browser)
			if w.users() != 0 || len(w.idp.Asked()) != before {
				t.Error("the code was used")
			}
		})
	}
}

func TestAReplayedStateSignsNobodyIn(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Client()
	q := w.back(c, body{"provider": "google", "callbackURL": "/dash"})
	kept := c.Cookies["better-auth.state"]
	leads(t, arrive(c, "google", q), "/dash")
	if _, still := c.Cookies["better-auth.state"]; still {
		t.Error("the state cookie stays after its only sign-in")
	}
	thief := w.Client()
	thief.Cookies["better-auth.state"] = kept
	leads(t, arrive(thief, "google", q), w.URL+"/error?error=state_mismatch")
	nobody(t, thief)
}

func TestSignInsInTwoTabsDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Client()
	first := w.back(c, body{"provider": "google", "callbackURL": "/one"})
	second := w.back(c, body{"provider": "github", "callbackURL": "/two"})
	leads(t, arrive(c, "google", first), "/one")
	leads(t, arrive(c, "github", second), "/two")
}

func TestWhatTheProviderAnswersAndWhereThatLeads(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct {
		spoil func(w *world, q url.Values)
		want  string
	}{
		"the person said no": {func(_ *world, q url.Values) {
			q.Del("code")
			q.Set("error", "access_denied")
			q.Set("error_description", "The person said no")
		}, "error=access_denied&error_description=The+person+said+no"},
		"an error that is no code":    {func(_ *world, q url.Values) { q.Set("error", "<script>\x00") }, "error=invalid_callback_request"},
		"no code":                     {func(_ *world, q url.Values) { q.Del("code") }, "error=no_code"},
		"a code that it never gave":   {func(_ *world, q url.Values) { q.Set("code", "stolen") }, "error=invalid_code"},
		"an answer of another issuer": {func(_ *world, q url.Values) { q.Set("iss", "https://evil.example") }, "error=issuer_mismatch"},
		"an error of another issuer": {func(_ *world, q url.Values) {
			q.Set("iss", "https://evil.example")
			q.Set("error", "access_denied")
		}, "error=issuer_mismatch"},
		"no issuer where it says that it tells": {func(_ *world, q url.Values) { q.Del("iss") }, "error=issuer_mismatch"},
		"an ID token with another nonce": {func(w *world, _ url.Values) {
			w.idp.Claims = func(claims map[string]any) { claims["nonce"] = "another" }
		}, "error=unable_to_get_user_info"},
		"an ID token for another client": {func(w *world, _ url.Values) {
			w.idp.Claims = func(claims map[string]any) { claims["aud"] = "another" }
		}, "error=unable_to_get_user_info"},
		"no address": {func(w *world, _ url.Values) {
			w.idp.Claims = func(claims map[string]any) { delete(claims, "email") }
		}, "error=email_not_found"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := start(t, generic)
			browser := w.Client()
			q := w.back(browser, body{"provider": "example", "errorCallbackURL": "/oh?x=1#top"})
			c.spoil(w, q)
			leads(t, arrive(browser, "example", q), "/oh?x=1&"+c.want+"#top")
			nobody(t, browser)
			if n := w.users(); n != 0 {
				t.Errorf("%d users were made", n)
			}
			again := arrive(browser, "example", q)
			leads(t, again, w.URL+"/error?error=state_mismatch")
		})
	}
}

func TestAPostedAnswerGoesOnByGET(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Client()
	q := w.back(c, body{"provider": "google", "callbackURL": "/dash"})
	foreign := w.Client()
	foreign.Header.Set("Origin", "https://appleid.apple.com")
	form := url.Values{"code": q["code"], "state": q["state"], "user": {`{"name":{"firstName":"Ada"}}`}, "other": {"x"}}
	a := foreign.Form("/callback/google", form)
	form.Del("other")
	leads(t, a, w.URL+"/api/auth/callback/google?"+form.Encode())
	leads(t, c.Get(strings.TrimPrefix(a.Header.Get("Location"), w.URL+"/api/auth")), "/dash")
}

func TestWhereStrangersDoNotSignUpNobodyIsMade(t *testing.T) {
	t.Parallel()
	closed := "[email_and_password]\ndisable_sign_up = true\n" + providers
	noSignUp := strings.Replace(providers, "[social_providers.github]", "disable_sign_up = true\n[social_providers.github]", 1)
	implicit := strings.Replace(providers, "[social_providers.github]", "disable_implicit_sign_up = true\n[social_providers.github]", 1)
	for rule, c := range map[string]struct {
		toml      string
		requested bool
		made      bool
	}{
		"only invited people have accounts":  {closed, true, false},
		"the provider makes no accounts":     {noSignUp, true, false},
		"none was asked for":                 {implicit, false, false},
		"one was asked for in so many words": {implicit, true, true},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := start(t, c.toml)
			browser := w.Client()
			a := w.signIn(browser, body{"provider": "google", "callbackURL": "/dash", "errorCallbackURL": "/oh", "requestSignUp": c.requested})
			if c.made {
				leads(t, a, "/dash")
				return
			}
			leads(t, a, "/oh?error=signup_disabled")
			nobody(t, browser)
			if n := w.users(); n != 0 {
				t.Errorf("%d users were made", n)
			}
		})
	}
}
