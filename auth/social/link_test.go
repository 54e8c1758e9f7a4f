package social_test

import (
	"net/url"
	"testing"

	"authd/auth/internal/testkit"
)

// known is a person with a password and a proven address.
func (w *world) known(email string) *testkit.Client {
	w.t.Helper()
	c := w.SignUp(email)
	c.Post("/send-verification-email", body{"email": email}).Is(200, "")
	c.Get("/verify-email?token="+w.Token("verify-email")).Is(200, "")
	return c
}

func TestALinkIsAskedForByWhoIsSignedInAndLeadsWhereTheySay(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	w.Client().Post("/link-social", body{"provider": "google"}).Is(401, "UNAUTHORIZED")
	c := w.known("ada@example.com")
	id := c.Get("/get-session").Field("user.id")
	q := w.idp.Authorize(depart(c, "/link-social", body{"provider": "google", "callbackURL": "/linked"}))
	a := arrive(c, "google", q)
	leads(t, a, "/linked")
	if a.Cookie("better-auth.session_token") != nil {
		t.Error("a link makes no session")
	}
	other := w.Client()
	leads(t, w.signIn(other, body{"provider": "google", "callbackURL": "/dash", "newUserCallbackURL": "/new"}), "/dash")
	if got := other.Get("/get-session").Field("user.id"); got != id {
		t.Errorf("the linked account signs in user %s, want %s", got, id)
	}
}

func TestALinkThatIsRefused(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct {
		act  func(w *world, c *testkit.Client, q url.Values) *testkit.Client
		want string
	}{
		"another address than the person's": {func(w *world, c *testkit.Client, _ url.Values) *testkit.Client {
			w.idp.Claims = func(claims map[string]any) { claims["email"] = "eve@example.com" }
			return c
		}, "/oh?error=email_does_not_match"},
		"an account of somebody else's": {func(w *world, c *testkit.Client, _ url.Values) *testkit.Client {
			other := w.Client()
			w.idp.Claims = func(claims map[string]any) { claims["email"] = "eve@example.com" }
			w.signIn(other, body{"provider": "google"})
			w.idp.Claims = nil
			return c
		}, "/oh?error=account_already_linked_to_different_user"},
		"an address that the provider does not vouch for": {func(w *world, c *testkit.Client, _ url.Values) *testkit.Client {
			w.idp.Claims = func(claims map[string]any) { claims["email_verified"] = false }
			return c
		}, "/oh?error=unable_to_link_account"},
		"the session that asked has ended": {func(_ *world, c *testkit.Client, _ url.Values) *testkit.Client {
			c.Post("/sign-out", body{}).Is(200, "")
			return c
		}, "/oh?error=state_mismatch"},
		"somebody else is signed in by now": {func(w *world, c *testkit.Client, _ url.Values) *testkit.Client {
			eve := w.SignUp("eve@example.com")
			eve.Cookies["better-auth.state"] = c.Cookies["better-auth.state"]
			return eve
		}, "/oh?error=state_mismatch"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := start(t, providers)
			browser := w.known("ada@example.com")
			q := w.idp.Authorize(depart(browser, "/link-social", body{"provider": "google", "callbackURL": "/linked", "errorCallbackURL": "/oh"}))
			browser = c.act(w, browser, q)
			leads(t, arrive(browser, "google", q), c.want)
			w.idp.Claims = nil
			if a, err := w.Services.Core.UserByEmail(t.Context(), w.Services.Core.DB, "ada@example.com"); err != nil {
				t.Fatal(err)
			} else if all, err := w.Services.Core.Accounts(t.Context(), w.Services.Core.DB, a.ID); err != nil || len(all) != 1 {
				t.Errorf("%d ways in, want only the password (%v)", len(all), err)
			}
		})
	}
}

func TestALinkByIDToken(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct {
		change body
		before func(w *world)
		status int
		code   string
	}{
		"of the person's address":     {nil, nil, 200, ""},
		"of another address":          {body{"email": "eve@example.com"}, nil, 401, "LINKING_DIFFERENT_EMAILS_NOT_ALLOWED"},
		"of an address nobody proved": {body{"email_verified": false}, nil, 401, "LINKING_NOT_ALLOWED"},
		"for another client":          {body{"aud": "another"}, nil, 401, "INVALID_TOKEN"},
		"without an address":          {body{"email": nil}, nil, 401, "USER_EMAIL_NOT_FOUND"},
		"of somebody else's account": {nil, func(w *world) {
			w.Client().Post("/sign-in/social", body{"provider": "google", "idToken": body{"token": w.token(body{"email": "eve@example.com"}), "nonce": "n"}}).Is(200, "")
		}, 409, "SOCIAL_ACCOUNT_ALREADY_LINKED"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := start(t, providers)
			browser := w.known("ada@example.com")
			if c.before != nil {
				c.before(w)
			}
			a := browser.Post("/link-social", body{"provider": "google", "idToken": body{"token": w.token(c.change), "nonce": "n"}}).Is(c.status, c.code)
			if c.status == 200 && (a.Field("status") != "true" || a.Field("redirect") != "false" || a.Field("url") != "") {
				t.Errorf("got %s", a.Body)
			}
		})
	}
}
