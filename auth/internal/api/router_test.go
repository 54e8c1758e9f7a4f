package api_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

func TestPathsThatDoNotExistAreEmpty404s(t *testing.T) {
	s := testkit.Start(t, "")
	for _, c := range [][2]string{
		{"GET", "/nope"},
		{"GET", "/ok/"},
		{"GET", "//ok"},
		{"GET", "/./ok"},
		{"GET", "/../auth/ok"},
		{"POST", "/ok"},
		{"PUT", "/sign-out"},
		{"HEAD", "/ok"},
		{"OPTIONS", "/sign-out"},
		{"GET", "/sign-in/email"},
		{"GET", "/Sign-In/email"},
		{"GET", ""},
	} {
		a := s.Client().Do(c[0], c[1], "", "")
		if a.Status != 404 || a.Body != "" {
			t.Errorf("%s %q: %d %q", c[0], c[1], a.Status, a.Body)
		}
	}
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	s := testkit.Start(t, "")
	for name, c := range map[string]struct {
		media, body string
		status      int
		code        string
	}{
		"text":             {"text/plain", "x", 415, "UNSUPPORTED_MEDIA_TYPE"},
		"multipart":        {"multipart/form-data; boundary=x", "x", 415, "UNSUPPORTED_MEDIA_TYPE"},
		"broken type":      {"/;", "x", 415, "UNSUPPORTED_MEDIA_TYPE"},
		"broken JSON":      {"application/json", "{", 400, "BAD_REQUEST"},
		"two values":       {"application/json", "{}{}", 400, "BAD_REQUEST"},
		"over one MiB":     {"application/json", `{"email":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "PAYLOAD_TOO_LARGE"},
		"with a charset":   {"application/json; charset=utf-8", "{}", 400, "VALIDATION_ERROR"},
		"a form is a form": {"application/x-www-form-urlencoded", "email=a%40b.co", 400, "VALIDATION_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			s.Client().Do("POST", "/sign-in/email", c.media, c.body).Is(c.status, c.code)
		})
	}
}

func TestWhoMaySendWhatACookieAllows(t *testing.T) {
	s := testkit.Start(t, "trusted_origins = [\"https://app.example.com\"]\n")
	c := s.SignUp("a@example.com")
	for name, h := range map[string]struct {
		origin, referer, site string
		status                int
		code                  string
	}{
		"our own origin":                    {origin: s.URL, status: 400},
		"a trusted origin":                  {origin: "https://app.example.com", status: 400},
		"a foreign origin":                  {origin: "https://evil.example", status: 403, code: "INVALID_ORIGIN"},
		"no origin":                         {status: 403, code: "MISSING_OR_NULL_ORIGIN"},
		"a referer on our origin":           {referer: s.URL + "/x?y", status: 400},
		"a foreign referer":                 {referer: "https://evil.example/" + s.URL, status: 403, code: "INVALID_ORIGIN"},
		"null":                              {origin: "null", status: 403, code: "MISSING_OR_NULL_ORIGIN"},
		"null, which the browser vouches":   {origin: "null", site: "same-origin", status: 400},
		"null, from another site's sandbox": {origin: "null", site: "cross-site", status: 403, code: "MISSING_OR_NULL_ORIGIN"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range map[string]string{"Origin": h.origin, "Referer": h.referer, "Sec-Fetch-Site": h.site} {
				c.Header.Del(k)
				if v != "" {
					c.Header.Set(k, v)
				}
			}
			c.Post("/update-user", map[string]any{}).Is(h.status, h.code)
		})
	}
}

func TestASignInIsProtectedBeforeThereIsACookie(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com")
	body := map[string]string{"email": "a@example.com", "password": testkit.Password}
	for name, c := range map[string]struct {
		header map[string]string
		status int
		code   string
	}{
		"a server says nothing of itself": {nil, 200, ""},
		"our own page":                    {map[string]string{"Origin": s.URL, "Sec-Fetch-Site": "same-origin"}, 200, ""},
		"a foreign page":                  {map[string]string{"Origin": "https://evil.example"}, 403, "INVALID_ORIGIN"},
		"a foreign form":                  {map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403, "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED"},
		"a browser that hides its origin": {map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "MISSING_OR_NULL_ORIGIN"},
	} {
		t.Run(name, func(t *testing.T) {
			client := s.Client()
			client.Header.Del("Origin")
			for k, v := range c.header {
				client.Header.Set(k, v)
			}
			if a := client.Post("/sign-in/email", body).Is(c.status, c.code); c.status != 200 && len(a.Cookies) != 0 {
				t.Fatal("a cookie was set")
			}
		})
	}
}

func TestCORSIsForTrustedOriginsOnly(t *testing.T) {
	s := testkit.Start(t, "trusted_origins = [\"https://app.example.com\"]\n")
	c := s.Client()
	c.Header.Set("Origin", "https://app.example.com")
	c.Header.Set("Access-Control-Request-Method", "POST")
	c.Header.Set("Access-Control-Request-Headers", "content-type")
	a := c.Do("OPTIONS", "/sign-in/email", "", "").Is(204, "")
	if a.Header.Get("Access-Control-Allow-Origin") != "https://app.example.com" || a.Header.Get("Access-Control-Allow-Credentials") != "true" ||
		a.Header.Get("Access-Control-Allow-Headers") != "content-type" || a.Header.Get("Access-Control-Allow-Methods") != "POST" {
		t.Fatal(a.Header)
	}
	if got := c.Get("/get-session").Header; got.Get("Access-Control-Allow-Origin") != "https://app.example.com" || got.Get("Vary") != "Origin" {
		t.Fatal(got)
	}
	c.Header.Set("Origin", "https://evil.example")
	c.Do("OPTIONS", "/sign-in/email", "", "").Is(404, "")
	if got := c.Get("/get-session").Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Fatal(got)
	}
}
