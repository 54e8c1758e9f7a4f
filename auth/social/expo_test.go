package social_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestAnAppMadeWithExpoSaysWhereItIsAndIsSentBackToItself(t *testing.T) {
	t.Parallel()
	w := start(t, "trusted_origins = [\"myapp://\", \"exp://\"]\n"+providers)
	for origin, want := range map[string]struct {
		back   string
		status int
		code   string
	}{
		"myapp://":               {"myapp://home", 200, ""},
		"exp://192.168.1.5:8081": {"exp://192.168.1.5:8081/--/home", 200, ""},
		"myapp://app":            {"evil://home", 403, "INVALID_CALLBACK_URL"},
		"evil://":                {"myapp://home", 403, "INVALID_ORIGIN"},
		"https://evil.example":   {"myapp://home", 403, "INVALID_ORIGIN"},
	} {
		c := w.Client()
		c.Header = http.Header{"Expo-Origin": {origin}}
		c.Cookies["better-auth.session_token"] = "whatever the app kept"
		a := c.Post("/sign-in/social", body{"provider": "google", "callbackURL": want.back}).Is(want.status, want.code)
		if want.status == 200 {
			leads(t, arrive(c, "google", w.idp.Authorize(a.Field("url"))), want.back)
		}
	}
	c := w.Client()
	c.Header = http.Header{"Expo-Origin": {"myapp://"}, "Origin": {"https://evil.example"}}
	c.Cookies["better-auth.session_token"] = "of a browser"
	c.Post("/sign-in/social", body{"provider": "google"}).Is(403, "INVALID_ORIGIN")
}

// A phone: the app keeps the cookies that its client got, the browser has its own.
func TestAnExpoAppSignsInThroughThePhonesBrowser(t *testing.T) {
	t.Parallel()
	w := start(t, "trusted_origins = [\"myapp://\"]\n[expo]\nenabled = true\n"+providers)
	app, browser := w.Client(), w.Client()
	app.Header = http.Header{"Expo-Origin": {"myapp://"}}
	begun := func() (authorizationURL, proxy string) {
		where := app.Post("/sign-in/social", body{"provider": "google", "callbackURL": "myapp://home?tab=1"}).Is(200, "").Field("url")
		return where, "/expo-authorization-proxy?" + url.Values{"authorizationURL": {where}, "oauthState": {app.Cookies["better-auth.oauth_state"]}}.Encode()
	}
	where, proxy := begun()
	leads(t, browser.Get(proxy), where)
	home, err := url.Parse(arrive(browser, "google", w.idp.Authorize(where)).Header.Get("Location"))
	if err != nil || home.Scheme != "myapp" || home.Host != "home" || home.Query().Get("tab") != "1" {
		t.Fatal(home, err)
	}
	_, rest, _ := strings.Cut(home.Query().Get("cookie"), "better-auth.session_token=")
	token, _, _ := strings.Cut(rest, ";")
	if token == "" {
		t.Fatalf("the app got no session: %s", home)
	}
	app.Cookies["better-auth.session_token"] = token
	if app.Get("/get-session").Body == "null" {
		t.Fatal("the session that the app got is none")
	}

	t.Run("what is not a sign-in of the app's goes nowhere", func(t *testing.T) {
		where, proxy := begun()
		caller := w.SignUp("mallory@example.com")
		caller.Header = http.Header{"Expo-Origin": {"myapp://"}}
		link := caller.Post("/link-social", body{"provider": "google", "callbackURL": "myapp://home"}).Is(200, "").Field("url")
		state := app.Cookies["better-auth.oauth_state"]
		for name, c := range map[string]struct{ url, state string }{
			"another address":      {strings.Replace(where, "https://", "https://evil.example/", 1), state},
			"another provider's":   {"https://github.com/login/oauth/authorize?" + where[strings.Index(where, "?")+1:], state},
			"no address":           {"no address", state},
			"no state":             {"https://accounts.google.com/o/oauth2/v2/auth", state},
			"a fragment":           {where + "#x", state},
			"without the cookie":   {where, ""},
			"another app's cookie": {where, caller.Cookies["better-auth.oauth_state"]},
			"a link":               {link, caller.Cookies["better-auth.oauth_state"]},
		} {
			stranger := w.Client()
			a := stranger.Get("/expo-authorization-proxy?"+url.Values{"authorizationURL": {c.url}, "oauthState": {c.state}}.Encode()).Is(400, "")
			if a.Header.Get("Location") != "" || len(stranger.Cookies) != 0 {
				t.Fatalf("%s: %v, %v", name, a.Header, stranger.Cookies)
			}
		}
		browser.Get(proxy).Is(302, "") // it is still good for whose it is
	})
}

func TestASchemeGetsNoSessionWhereExpoIsOff(t *testing.T) {
	t.Parallel()
	w := start(t, "trusted_origins = [\"myapp://\"]\n"+providers)
	c := w.Client()
	a := c.Post("/sign-in/social", body{"provider": "google", "callbackURL": "myapp://home"}).Is(200, "")
	leads(t, arrive(c, "google", w.idp.Authorize(a.Field("url"))), "myapp://home")
	c.Get("/expo-authorization-proxy?authorizationURL="+url.QueryEscape(a.Field("url"))).Is(404, "")
}
