package social_test

import (
	"testing"

	"authd/auth/internal/testkit"
)

const anonymous = providers + "[anonymous]\nenabled = true\n"

// guest is a browser that is signed in anonymously, and the id it has.
func (w *world) guest() (browser *testkit.Client, id string) {
	w.t.Helper()
	c := w.Client()
	return c, c.Post("/sign-in/anonymous", body{}).Is(200, "").Field("user.id")
}

func (w *world) there(id string) bool {
	w.t.Helper()
	_, err := w.Services.Core.User(w.t.Context(), w.Services.Core.DB, id)
	return err == nil
}

func TestAnAnonymousUserWhoConnectsAnAccountStaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	w := start(t, anonymous)
	c, id := w.guest()
	leads(t, arrive(c, "google", w.idp.Authorize(depart(c, "/link-social", body{"provider": "google", "callbackURL": "/linked"}))), "/linked")
	me := c.Get("/get-session").Is(200, "")
	if me.Field("user.id") != id || me.Field("user.email") != "ada@example.com" || me.Field("user.isAnonymous") != "false" || me.Field("user.emailVerified") != "true" {
		t.Fatal(me.Body)
	}
	other := w.Client()
	w.signIn(other, body{"provider": "google"})
	if got := other.Get("/get-session").Field("user.id"); got != id {
		t.Errorf("the account signs in %s, want %s", got, id)
	}
}

func TestAnAddressThatIsSomebodysIsNotConnected(t *testing.T) {
	t.Parallel()
	w := start(t, anonymous)
	w.known("ada@example.com")
	c, id := w.guest()
	leads(t, arrive(c, "google", w.idp.Authorize(depart(c, "/link-social", body{"provider": "google", "callbackURL": "/linked", "errorCallbackURL": "/oh"}))),
		"/oh?error=account_already_linked_to_different_user")
	if me := c.Get("/get-session"); me.Field("user.id") != id || me.Field("user.isAnonymous") != "true" {
		t.Fatal(me.Body)
	}
	if all, err := w.Services.Core.Accounts(t.Context(), w.Services.Core.DB, id); err != nil || len(all) != 0 {
		t.Errorf("%d accounts were left (%v)", len(all), err)
	}
}

func TestAnAnonymousUserBecomesWhoTheySignInAs(t *testing.T) {
	t.Parallel()
	w := start(t, anonymous)
	c, id := w.guest()
	w.signIn(c, body{"provider": "google"})
	if me := c.Get("/get-session"); me.Field("user.email") != "ada@example.com" || me.Field("user.id") == id || w.there(id) {
		t.Fatal(me.Body)
	}
}

func TestAnAppsBrowserNeedNotHoldTheSession(t *testing.T) {
	t.Parallel()
	w := start(t, anonymous)
	c, id := w.guest()
	q := w.back(c, body{"provider": "google"})
	browser := w.Client()
	browser.Cookies["better-auth.state"] = c.Cookies["better-auth.state"]
	arrive(browser, "google", q)
	if me := browser.Get("/get-session"); me.Field("user.email") != "ada@example.com" || w.there(id) {
		t.Fatal(me.Body)
	}
}
