package pages_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const google = "[social_providers.google]\nclient_id = \"client\"\nclient_secret = \"secret\"\n"

var (
	accountField = regexp.MustCompile(`name="account" value="([^"]+)"`)
	googleAt     = regexp.MustCompile(`https://accounts\.google\.com/[^"'<> ]+`)
)

// connect goes the way of the page's button, and returns what the person then sees.
func connect(t *testing.T, c *testkit.Client, idp *testkit.IDP) *testkit.Answer {
	t.Helper()
	a := form(c, "/account/connections/connect", "provider", "google")
	to := html.UnescapeString(googleAt.FindString(a.Body))
	if a.Status != 200 || to == "" {
		t.Fatalf("%d, no way to the provider in %s", a.Status, a.Body)
	}
	if u, err := url.Parse(to); err != nil || u.Query().Get("login_hint") != "ada@example.com" {
		t.Errorf("the provider is not told who is expected: %s %v", to, err)
	}
	back := c.Get("/callback/google?" + idp.Authorize(to).Encode())
	if back.Status != 302 {
		t.Fatalf("%d %s", back.Status, back.Body)
	}
	return c.Get("." + strings.TrimPrefix(back.Header.Get("Location"), c.Header.Get("Origin")))
}

func TestOneConnectsAndDisconnectsAnAccount(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google)
	c := s.SignUp("ada@example.com")
	if a := c.Get("./account/security"); !strings.Contains(a.Body, "Not connected") || strings.Contains(a.Body, "Disconnect") {
		t.Fatalf("the page offers what is not so: %s", a.Body)
	}
	if a := c.Get("./account/security?connected=google"); strings.Contains(a.Body, "is connected") {
		t.Fatal("a link made the page claim what is not so")
	}
	a := connect(t, c, idp)
	tells(t, a, 200, "Google is connected.")
	if strings.Contains(a.Body, "Not connected") {
		t.Fatal("it is still offered")
	}
	id := accountField.FindStringSubmatch(a.Body)
	if id == nil {
		t.Fatal("there is no button to disconnect it")
	}
	leads(t, form(c, "/account/connections/disconnect", "account", id[1]), "/account/security")
	tells(t, c.Get("./account/security"), 200, "The account is disconnected.")
	if a := c.Get("./account/security"); accountField.MatchString(a.Body) || !strings.Contains(a.Body, "Not connected") {
		t.Fatal("it is still there")
	}
	leads(t, form(c, "/account/connections/disconnect", "account", id[1]), "/account/security") // in another tab
}

func TestTheLastWayInHasNoButtonAndStays(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google)
	c := s.SignUp("ada@example.com")
	id := accountField.FindStringSubmatch(connect(t, c, idp).Body)[1]
	var password string
	accounts, err := s.Services.Accounts.List(t.Context(), userID(t, c))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range accounts {
		if one.ID != id {
			password = one.ID
		}
	}
	c.Post("/unlink-account", map[string]string{"accountId": password}).Is(200, "")
	a := c.Get("./account/security")
	tells(t, a, 200, "Only way in")
	if accountField.MatchString(a.Body) {
		t.Fatal("there is a button that cannot work")
	}
	leads(t, form(c, "/account/connections/disconnect", "account", id), "/account/security")
	tells(t, c.Get("./account/security"), 200, "This is the only way you can sign in.")
	if accounts, err = s.Services.Accounts.List(t.Context(), userID(t, c)); err != nil || len(accounts) != 1 {
		t.Fatalf("%d ways in are left, %v", len(accounts), err)
	}
}

func userID(t *testing.T, c *testkit.Client) string {
	t.Helper()
	return c.Get("/get-session").Is(200, "").Field("user.id")
}

func TestABrowserLeftOpenConnectsAndDisconnectsNothing(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google)
	c := s.SignUp("ada@example.com")
	id := accountField.FindStringSubmatch(connect(t, c, idp).Body)[1]
	s.Clock.Advance(3 * time.Hour)
	shows(t, form(c, "/account/connections/disconnect", "account", id), 403, confirmTitle)
	if a := form(c, "/account/connections/connect", "provider", "google"); googleAt.MatchString(a.Body) || title(a) != confirmTitle {
		t.Fatalf("it leads on: %d %s", a.Status, a.Body)
	}
	tells(t, c.Get("./account/security"), 200, id)
	leads(t, form(s.Client(), "/account/connections/disconnect", "account", id), "/login?return_to=%2Faccount%2Fsecurity")
}

func TestARefusedConnectionIsExplainedOnTheAccountPage(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, google)
	c := s.SignUp("bob@example.com") // the provider knows ada@example.com
	a := form(c, "/account/connections/connect", "provider", "google")
	to := html.UnescapeString(googleAt.FindString(a.Body))
	back := c.Get("/callback/google?" + idp.Authorize(to).Encode())
	if where := back.Header.Get("Location"); where != "/account/security?error=email_does_not_match" {
		t.Fatalf("it leads to %s", where)
	}
	a = c.Get("./account/security?error=email_does_not_match")
	tells(t, a, 200, "The e-mail address over there is not the one of your account here.")
	if accountField.MatchString(a.Body) {
		t.Fatal("it is connected")
	}
	if a := form(c, "/account/connections/connect", "provider", "nobody"); a.Status != 404 {
		t.Fatalf("a provider that is not there: %d", a.Status)
	}
}

func TestWithoutProvidersThereIsNothingToConnect(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := s.SignUp("ada@example.com")
	if a := c.Get("./account/security"); a.Status != 200 || strings.Contains(a.Body, "Connected accounts") {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := form(c, "/account/connections/connect", "provider", "google"); a.Status != 404 {
		t.Fatalf("%d", a.Status)
	}
}

// tells fails the test unless the page says so, anywhere on it.
func tells(t *testing.T, a *testkit.Answer, status int, text string) {
	t.Helper()
	if a.Status != status || !strings.Contains(a.Body, text) {
		t.Fatalf("%d, and %q is not on the page: %s", a.Status, text, a.Body)
	}
}
