package wire

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"authd/tests/authdtest"
)

// TestCookieSettings: names and attributes of cookies as the settings want them.
// Attributes come in the contract's order: Max-Age; Domain; Path; HttpOnly; Secure; SameSite; Partitioned.
func TestCookieSettings(t *testing.T) {
	t.Parallel()
	const public = "https://auth.example.com"
	cases := []struct {
		name string
		env  map[string]string
		want string
	}{
		{
			"https makes cookies Secure and says so in their names",
			map[string]string{"AUTHD_URL": public},
			"__Secure-better-auth.session_token; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax",
		},
		{
			"secure cookies can be left out behind https",
			map[string]string{"AUTHD_URL": public, "AUTHD_ADVANCED__USE_SECURE_COOKIES": "false"},
			"better-auth.session_token; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax",
		},
		{
			"subdomains share the session",
			map[string]string{"AUTHD_URL": public, "AUTHD_ADVANCED__CROSS_SUB_DOMAIN_COOKIES__ENABLED": "true", "AUTHD_ADVANCED__CROSS_SUB_DOMAIN_COOKIES__DOMAIN": "example.com"},
			"__Secure-better-auth.session_token; Max-Age=604800; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax",
		},
		{
			"apps on another site get them too",
			map[string]string{"AUTHD_URL": public, "AUTHD_ADVANCED__DEFAULT_COOKIE_ATTRIBUTES__SAME_SITE": "none", "AUTHD_ADVANCED__DEFAULT_COOKIE_ATTRIBUTES__PARTITIONED": "true"},
			"__Secure-better-auth.session_token; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
		},
		{
			"the first part of the names is a setting",
			map[string]string{"AUTHD_ADVANCED__COOKIE_PREFIX": "acme"},
			"acme.session_token; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax",
		},
		{
			"a session lasts as long as configured",
			map[string]string{"AUTHD_SESSION__EXPIRES_IN": "2h", "AUTHD_SESSION__UPDATE_AGE": "1h"},
			"better-auth.session_token; Max-Age=7200; Path=/; HttpOnly; SameSite=Lax",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := authdtest.Start(t, authdtest.Options{Env: c.env})
			browser := authdtest.NewClient("http://" + s.Addr)
			browser.Origin = s.URL
			if url := c.env["AUTHD_URL"]; url != "" {
				browser.Origin = url
			}
			res := browser.Post(t, "/sign-up/email", map[string]string{"email": "ada@example.com", "password": password, "name": "Ada"}).Want(t, http.StatusOK)
			var got []string
			for _, line := range res.SetCookie {
				pair, attributes, _ := strings.Cut(line, "; ")
				name, _, _ := strings.Cut(pair, "=")
				got = append(got, name+"; "+attributes)
			}
			if !slices.Contains(got, c.want) {
				t.Errorf("cookies %q, want %q among them", got, c.want)
			}
			if end := sessionEnd(t, browser.Get(t, "/get-session")); end.IsZero() {
				t.Error("the server does not take its own cookie")
			}
		})
	}
}
