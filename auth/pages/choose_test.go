package pages_test

import (
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// several returns a browser with these accounts, the last one counting.
func several(s *testkit.Server, emails ...string) *testkit.Client {
	c := s.Client()
	for _, email := range emails {
		s.SignUp(email)
		c.Post("/sign-in/email", map[string]string{"email": email, "password": testkit.Password}).Is(200, "")
	}
	return c
}

func who(c *testkit.Client) string { return c.Get("/get-session").Field("user.email") }

func TestAFlowGoesOnAsTheAccountThatWasChosen(t *testing.T) {
	t.Parallel()
	s := provider(t, "")
	c := several(s, "ada@example.com", "bob@example.com")
	flow := flowOf(t, ask(t, c, "wiki", callback, "prompt", "select_account"))
	page := c.Get("./select-account?flow=" + flow)
	shows(t, page, 200, "Choose an account")
	offered := choices(page)
	if len(offered) != 2 {
		t.Fatalf("offered are %v", offered)
	}
	leads(t, form(c, "/select-account", "flow", flow, "account", offered["ada@example.com"]), "/consent?flow="+flow)
	if consent := c.Get("./consent?flow=" + flow); !strings.Contains(consent.Body, "ada@example.com") || strings.Contains(consent.Body, "bob@example.com") {
		t.Fatal("somebody else is asked for consent")
	}
	leads(t, form(c, "/consent", "flow", flow, "decision", "switch"), "/select-account?flow="+flow)
	if to := handedTo(t, form(c, "/consent", "flow", flow, "decision", "allow")); to.Query().Get("code") == "" {
		t.Fatalf("it leads to %s", to)
	}
	if who(c) != "ada@example.com" {
		t.Fatalf("now counts %s", who(c))
	}
}

func TestAnAccountThatWasChosenIsNoFresherThanItsSignIn(t *testing.T) {
	t.Parallel()
	s := provider(t, "")
	c := several(s, "ada@example.com", "bob@example.com")
	s.Clock.Advance(time.Second)
	flow := flowOf(t, ask(t, c, "wiki", callback, "prompt", "login select_account"))
	offered := choices(c.Get("./select-account?flow=" + flow))
	leads(t, form(c, "/select-account", "flow", flow, "account", offered["ada@example.com"]), "/login?flow="+flow)
	shows(t, c.Get("./login?flow="+flow), 200, "Sign in")
}

func TestOneChangesOverWithoutAnApp(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := several(s, "ada@example.com", "bob@example.com")
	offered := choices(c.Get("./select-account"))
	leads(t, form(c, "/select-account", "account", offered["ada@example.com"], "return_to", "/account/apps"), "/account/apps")
	if who(c) != "ada@example.com" {
		t.Fatalf("now counts %s", who(c))
	}
	leads(t, form(c, "/select-account", "decision", "switch"), "/login?switch=1")
	shows(t, c.Get("./login?switch=1"), 200, "Sign in")

	leads(t, form(c, "/select-account", "leave", offered["ada@example.com"]), "/select-account")
	if left := choices(c.Get("./select-account")); len(left) != 1 || left["bob@example.com"] == "" {
		t.Fatalf("left are %v", left)
	}
	if who(c) != "bob@example.com" {
		t.Fatalf("now counts %q", who(c))
	}
	leads(t, form(c, "/select-account", "leave", offered["bob@example.com"]), "/select-account")
	leads(t, c.Get("./select-account"), "/login")
	if c.HoldsSession() {
		t.Fatalf("left are %v", c.Cookies)
	}
}

func TestOnlyAccountsOfThisBrowserAreChosen(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := several(s, "ada@example.com")
	bobs := choices(several(s, "bob@example.com").Get("./select-account"))["bob@example.com"]
	if bobs == "" {
		t.Fatal("bob is not offered his own account")
	}
	for _, fields := range [][]string{{"account", bobs}, {"leave", bobs}, {"account", ""}, {"decision", "continue"}} {
		leads(t, form(c, "/select-account", fields...), "/select-account")
		if who(c) != "ada@example.com" {
			t.Fatalf("%v: now counts %q", fields, who(c))
		}
	}
}

func TestSigningInOffersWhoIsHere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	c := several(s, "ada@example.com", "bob@example.com")
	delete(c.Cookies, "better-auth.session_token")
	leads(t, c.Get("./login?return_to=%2Faccount"), "/select-account?return_to=%2Faccount")
	page := c.Get("./select-account?return_to=%2Faccount")
	shows(t, page, 200, "Choose an account")
	leads(t, form(c, "/select-account", "return_to", "/account", "account", choices(page)["ada@example.com"]), "/account")
	if who(c) != "ada@example.com" {
		t.Fatalf("now counts %q", who(c))
	}
}

func TestTheOneAccountIsOfferedWhereABrowserHasOne(t *testing.T) {
	t.Parallel()
	s := provider(t, "[multi_session]\nenabled = false\n")
	c := several(s, "ada@example.com", "bob@example.com")
	flow := flowOf(t, ask(t, c, "own", callback, "prompt", "select_account"))
	offered := choices(c.Get("./select-account?flow=" + flow))
	if len(offered) != 1 {
		t.Fatalf("offered are %v", offered)
	}
	if to := handedTo(t, form(c, "/select-account", "flow", flow, "account", offered["bob@example.com"])); to.Query().Get("code") == "" {
		t.Fatalf("it leads to %s", to)
	}
	leads(t, form(c, "/select-account", "leave", offered["bob@example.com"]), "/select-account")
	leads(t, c.Get("./select-account"), "/login")
}
