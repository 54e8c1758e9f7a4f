package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const essential = `{"id_token":{"acr":{"essential":true,"value":"1"}}}`

// TestAnAppThatNeedsTwoFactorsGetsThem: a browser that its person trusts is asked
// nothing, unless the app's request needs, or first of all wishes, two factors (OpenID
// Connect Core §5.5.1.1, RFC 9470).
func TestAnAppThatNeedsTwoFactorsGetsThem(t *testing.T) {
	t.Parallel()
	s := provider(t, "")
	_, app, _ := protected(t, s, "ada@example.com")
	b := holds(t, s, "ada@example.com")
	leads(t, form(b, "/two-factor", "method", "app", "code", app.code(), "trust", "on"), "/account")
	signIn := func(t *testing.T, b *testkit.Client, flow string) *testkit.Answer {
		t.Helper()
		return form(b, "/login", "email", "ada@example.com", "password", testkit.Password, "flow", flow)
	}
	b.Post("/sign-out", map[string]any{}).Is(200, "")
	plain := flowOf(t, ask(t, b, "wiki", callback))
	leads(t, signIn(t, b, plain), "/consent?flow="+plain) // with one factor, which is what most apps are content with
	for name, c := range map[string]struct {
		ask   []string
		asked bool
	}{
		"essential":               {[]string{"claims", essential}, true},
		"wished":                  {[]string{"acr_values", "1"}, true},
		"wished most":             {[]string{"acr_values", "urn:unknown 1 0"}, true},
		"wished less than one":    {[]string{"acr_values", "0 1"}, false},
		"wished, and unknown":     {[]string{"acr_values", "urn:unknown"}, false},
		"voluntary, as any claim": {[]string{"claims", strings.ReplaceAll(essential, "true", "false")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s.Clock.Advance(time.Minute)
			login := ask(t, b, "wiki", callback, append(c.ask, "prompt", "consent")...)
			if !c.asked {
				if !strings.HasPrefix(login, "/consent?") {
					t.Fatalf("leads to %s", login)
				}
				return
			}
			flow := flowOf(t, login)
			shows(t, b.Get("."+login), 200, "Sign in")
			leads(t, signIn(t, b, flow), "/two-factor?flow="+flow)
			if a := b.Get("./consent?flow=" + flow); a.Status == 200 {
				t.Fatalf("the request goes on before: %q", title(a))
			}
			leads(t, form(b, "/two-factor", "method", "app", "code", app.code(), "flow", flow), "/consent?flow="+flow)
			redeemed(t, s, handedTo(t, form(b, "/consent", "flow", flow, "decision", "allow")), "wiki").is(t, s.Clock.Now(t.Context()), "pwd", "otp", "mfa")
			b.Post("/sign-out", map[string]any{}).Is(200, "")
			leads(t, signIn(t, b, ""), "/account") // trusted still, and with one factor again
			to, err := url.Parse(ask(t, b, "wiki", callback, "claims", essential, "prompt", "none"))
			if err != nil || to.Query().Get("error") != "unmet_authentication_requirements" {
				t.Errorf("without a page it leads to %s", to)
			}
		})
	}
}

// TestAWishThatNobodyCanMeetIsNoError: whoever has no second factor is not asked for one
// by a wish, and not let through by a need.
func TestAWishThatNobodyCanMeetIsNoError(t *testing.T) {
	t.Parallel()
	s := provider(t, "")
	b := s.SignUp("bob@example.com")
	if to := ask(t, b, "wiki", callback, "acr_values", "1"); !strings.HasPrefix(to, "/consent?") {
		t.Errorf("a wish leads to %s", to)
	}
	s.Clock.Advance(time.Second)
	flow := flowOf(t, ask(t, b, "wiki", callback, "claims", essential))
	a := form(b, "/login", "email", "bob@example.com", "password", testkit.Password, "flow", flow)
	if a.Status == 303 || handedTo(t, a).Query().Get("error") != "unmet_authentication_requirements" {
		t.Errorf("%d to %s", a.Status, a.Header.Get("Location"))
	}
}

// TestAnAppsOwnSignInPageStepsUpToo: there the request comes along as a signed query.
func TestAnAppsOwnSignInPageStepsUpToo(t *testing.T) {
	t.Parallel()
	s := provider(t, "oauth_provider.login_page = \"https://id.example/login\"\n")
	_, app, _ := protected(t, s, "ada@example.com")
	b := holds(t, s, "ada@example.com")
	leads(t, form(b, "/two-factor", "method", "app", "code", app.code(), "trust", "on"), "/account")
	s.Clock.Advance(time.Minute)
	for needs, held := range map[string]bool{"0": false, "1": true} {
		to, err := url.Parse(ask(t, b, "wiki", callback, "acr_values", needs, "prompt", "login consent"))
		if err != nil || !to.Query().Has("sig") {
			t.Fatalf("leads to %s", to)
		}
		a := b.Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "oauth_query": to.RawQuery}).Is(200, "")
		if got := a.Field("twoFactorRedirect") == "true"; got != held {
			t.Errorf("acr_values=%s: %s", needs, a.Body)
		}
	}
}
