package access_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"authd/auth/access"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const provider = `
[[generic_oauth.config]]
provider_id = "example"
discovery_url = "https://idp.example/.well-known/openid-configuration"
client_id = "client"
client_secret = "secret"
scopes = ["email"]
`

// elsewhere signs in at the provider, as ada@example.com, and returns where that leads.
func elsewhere(t *testing.T, s *testkit.Server, idp *testkit.IDP, c *testkit.Client) string {
	t.Helper()
	begun := c.Post("/sign-in/social", map[string]any{"provider": "example", "callbackURL": "/in", "errorCallbackURL": "/out", "requestSignUp": true}).Is(200, "")
	a := c.Get("/callback/example?"+idp.Authorize(begun.Field("url")).Encode()).Is(302, "")
	return strings.TrimPrefix(a.Header.Get("Location"), s.URL)
}

func signedIn(c *testkit.Client) bool { return c.Get("/get-session").Body != "null" }

func TestASignInElsewhereIsHeldToTheSameRules(t *testing.T) {
	for name, c := range map[string]struct {
		toml, invited string // "-": an invitation for anybody, else for that address
		leads         string
		made          bool
	}{
		"where anyone may":                     {"", "", "/in", true},
		"only invited people":                  {onlyInvited, "", "/out?error=signup_disabled", false},
		"an invited person":                    {onlyInvited, "-", "/in", true},
		"an invited address":                   {onlyInvited, "ada@example.com", "/in", true},
		"somebody else's invitation":           {onlyInvited, "bob@example.com", "/out?error=invitation_invalid", false},
		"nobody":                               {"[sign_up]\nmode = 'nobody'\n", "", "/out?error=signup_disabled", false},
		"whom an administrator is to let in":   {approval, "", "/out?error=approval_pending", true},
		"an invited person needs no approval":  {approval, "-", "/in", true},
		"a blocked domain":                     {"[sign_up]\nblocked_domains = ['example.com']\n", "", "/out?error=email_domain_not_allowed", false},
		"a blocked domain, an invited address": {"[sign_up]\nblocked_domains = ['example.com']\n", "ada@example.com", "/in", true},
		"a password is another matter":         {"[sign_up]\nmode = 'anyone'\n[email_and_password]\ndisable_sign_up = true\n", "", "/in", true},
	} {
		t.Run(name, func(t *testing.T) {
			s, idp := testkit.StartWithProviders(t, c.toml+provider)
			browser := s.Client()
			if c.invited != "" {
				_, secret := invite(t, s, access.NewInvitation{Email: strings.TrimPrefix(c.invited, "-"), Role: "editor", NoMail: true})
				browser.Get("./signup?invitation="+secret).Is(200, "")
			}
			if got := elsewhere(t, s, idp, browser); got != c.leads {
				t.Fatalf("leads to %s, want %s", got, c.leads)
			}
			if in := c.leads == "/in"; signedIn(browser) != in {
				t.Fatalf("signed in: %t", !in)
			}
			if !c.made {
				nobody(t, s, "ada@example.com")
				return
			}
			u := user(t, s, "ada@example.com")
			if invited := c.invited != ""; (u.Role == "editor") != invited || u.Pending != strings.HasSuffix(c.leads, "pending") {
				t.Fatalf("became %+v", u)
			}
		})
	}
}

func TestWhoWaitsAndSignsInElsewhereIsLetInByAnAdministrator(t *testing.T) {
	s, idp := testkit.StartWithProviders(t, approval+provider)
	administrator(t, s, "root@example.com")
	c := s.Client()
	for range 2 {
		if got := elsewhere(t, s, idp, c); got != "/out?error=approval_pending" || signedIn(c) {
			t.Fatalf("leads to %s", got)
		}
	}
	if len(s.Mails("approval-request")) != 1 {
		t.Fatalf("%d mails", len(s.Mails("approval-request")))
	}
	if _, err := s.Access.Approve(t.Context(), "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	if got := elsewhere(t, s, idp, c); got != "/in" || !signedIn(c) {
		t.Fatalf("leads to %s", got)
	}
}

// A provider that does not vouch for an address lets nobody in where addresses are
// to be proven, neither somebody new nor somebody who is known.
func TestAnUnprovenAddressGetsNoSessionByAnyMethod(t *testing.T) {
	s, idp := testkit.StartWithProviders(t, provider+"[email_and_password]\nrequire_email_verification = true\n")
	idp.Claims = func(claims map[string]any) { claims["email_verified"] = false }
	c := s.Client()
	for range 2 {
		if got := elsewhere(t, s, idp, c); got != "/out?error=email_not_verified" || signedIn(c) {
			t.Fatalf("leads to %s", got)
		}
	}
	c.Get("/verify-email?token="+s.Token("verify-email")).Is(200, "")
	if signedIn(c) {
		t.Fatal("the link signs in although that is not configured")
	}
	if got := elsewhere(t, s, idp, c); got != "/in" || !signedIn(c) {
		t.Fatalf("leads to %s", got)
	}
}

// A session that was there before the rule goes on; one that takes its place does too.
func TestASessionOfBeforeGoesOn(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	s.Core.Config.EmailAndPassword.RequireEmailVerification = true
	if !signedIn(c) {
		t.Fatal("it has ended")
	}
	c.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "a-new-password", "revokeOtherSessions": true}).Is(200, "")
	if !signedIn(c) {
		t.Fatal("the one in its place has ended")
	}
	s.Client().Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": "a-new-password"}).Is(403, "EMAIL_NOT_VERIFIED")
}

const app = `
[[client]]
client_id = "app"
type = "native"
redirect_uris = ["https://app.example/cb"]
skip_consent = true
scopes = ["openid", "email"]
`

// The browser is on its way to an app, opens the invitation, and is on its way again.
func TestAnInvitationSurvivesAnAppsRequest(t *testing.T) {
	s := testkit.Start(t, onlyInvited+app)
	_, secret := invite(t, s, access.NewInvitation{Email: "ada@example.com", NoMail: true})
	c := s.Client()
	c.Get("./signup?invitation="+secret).Is(200, "")
	c.Header.Set("Sec-Fetch-Mode", "navigate")
	begun := c.Get("/oauth2/authorize?"+url.Values{
		"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {"https://app.example/cb"}, "scope": {"openid email"}, "state": {"s"}, "prompt": {"create"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode()).Is(http.StatusFound, "")
	page, err := url.Parse(begun.Header.Get("Location"))
	if err != nil || page.Path != "/signup" || page.Query().Get("flow") == "" {
		t.Fatalf("the request leads to %s, %v", begun.Header.Get("Location"), err)
	}
	if a := c.Get("."+page.RequestURI()).Is(200, ""); !strings.Contains(a.Body, `value="ada@example.com"`) {
		t.Fatal("the invitation is lost")
	}
	a := c.Form("./signup", url.Values{"flow": {page.Query().Get("flow")}, "name": {"Ada"}, "email": {"ada@example.com"}, "password": {testkit.Password}}).Is(200, "")
	if !strings.Contains(a.Body, "https://app.example/cb?code=") {
		t.Fatalf("the app gets no code: %s", a.Body)
	}
}

// Somebody who is made by an administrator or a command is asked nothing.
func TestWhoeverRunsTheServerMakesAnybody(t *testing.T) {
	s := testkit.Start(t, "[sign_up]\nmode = 'nobody'\nallowed_domains = ['other.example']\n")
	administrator(t, s, "a@example.com")
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		_, err := s.Core.CreateUser(t.Context(), tx, core.NewUser{Name: "B", Email: "b@example.com"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
