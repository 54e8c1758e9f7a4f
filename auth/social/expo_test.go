package social_test

import (
	"net/http"
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
