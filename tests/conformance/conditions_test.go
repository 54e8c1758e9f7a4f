package conformance

import (
	"math"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the suite checks at every step, whatever the module is about.

func (c *client) oneOf(what, got string, want ...string) {
	c.t.Helper()
	if !slices.Contains(want, got) {
		c.t.Fatalf("%s is %q, want one of %q", what, got, want)
	}
}

// returned checks the way back to the client (RFC 6749 §4.1.2, RFC 9207 §2, OAuth
// 2.0 Form Post Response Mode §2).
func (c *client) returned(shown page, sent url.Values) *answer {
	c.t.Helper()
	if shown.away == nil {
		c.t.Fatalf("still at %s (%d):\n%.600s", shown.url, shown.status, shown.body)
	}
	to := *shown.away.to
	values := shown.away.fields
	if c.mode == "form_post" {
		if values == nil {
			c.t.Fatalf("the answer came as a link, not as a form: %s", &to)
		}
	} else {
		if values != nil {
			c.t.Fatalf("the answer came as a form: %s", &to)
		}
		values = to.Query()
		before, err := url.Parse(sent.Get("redirect_uri"))
		if err != nil {
			c.t.Fatal(err)
		}
		for name, kept := range before.Query() {
			if !slices.Equal(values[name], kept) {
				c.t.Errorf("the redirect URI lost %s=%s", name, kept)
			}
			values.Del(name)
		}
		to.RawQuery = before.RawQuery
	}
	if to.String() != sent.Get("redirect_uri") {
		c.t.Fatalf("the answer went to %s, want %s", &to, sent.Get("redirect_uri"))
	}
	for name, given := range values {
		if len(given) != 1 || !slices.Contains([]string{"code", "state", "iss", "error", "error_description", "error_uri"}, name) {
			c.t.Errorf("the answer has %s %q", name, given)
		}
	}
	if values.Get("state") != sent.Get("state") {
		c.t.Errorf("state is %q, want %q", values.Get("state"), sent.Get("state"))
	}
	if values.Get("iss") != c.URL {
		c.t.Errorf("iss is %q", values.Get("iss"))
	}
	if values.Has("code") == values.Has("error") {
		c.t.Errorf("neither a code nor an error, or both: %v", values)
	}
	if code := values.Get("code"); code != "" && entropy(code) < 96 {
		c.t.Errorf("the code %q may be guessed", code)
	}
	describes(c.t, values.Get("error_description"))
	return &answer{values: values, state: sent.Get("state"), nonce: sent.Get("nonce")}
}

// describes: an error_description has no other characters (RFC 6749 §5.2).
func describes(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		t.Errorf("error_description has a character that it must not have: %q", text)
	}
}

// entropy is the suite's estimate of how many bits of chance a value has.
func entropy(value string) float64 {
	counts := map[rune]float64{}
	for _, r := range value {
		counts[r]++
	}
	bits := 0.0
	for _, n := range counts {
		share := n / float64(len(value))
		bits -= share * math.Log2(share)
	}
	return bits * float64(len(value))
}

// tokens are the answer of the token endpoint, checked.
type tokens struct {
	access, refresh string
	raw             string // the ID token
	id, about       map[string]any
}

var b64token = regexp.MustCompile(`^[A-Za-z0-9\-._~+/]+=*$`) // RFC 6750 §2.1

// granted checks a good answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
func (c *client) granted(r *response) *tokens {
	c.t.Helper()
	if r.status != http.StatusOK {
		c.t.Fatalf("the token endpoint answered %d %s", r.status, r.body)
	}
	c.private(r)
	object := r.json(c.t)
	t := &tokens{}
	t.access, _ = object["access_token"].(string)
	t.refresh, _ = object["refresh_token"].(string)
	t.raw, _ = object["id_token"].(string)
	kind, _ := object["token_type"].(string)
	if !strings.EqualFold(kind, "Bearer") {
		c.t.Errorf("token_type is %v", object["token_type"])
	}
	if !b64token.MatchString(t.access) || entropy(t.access) < 128 {
		c.t.Errorf("access_token is %q", t.access)
	}
	if _, given := object["refresh_token"]; given && entropy(t.refresh) < 128 {
		c.t.Errorf("refresh_token is %q", t.refresh)
	}
	if seconds, ok := object["expires_in"].(float64); !ok || seconds <= 0 || seconds != math.Trunc(seconds) {
		c.t.Errorf("expires_in is %v", object["expires_in"])
	}
	return t
}

// private checks that an answer is JSON and stays out of caches.
func (c *client) private(r *response) {
	c.t.Helper()
	if kind, _, err := mime.ParseMediaType(r.header.Get("Content-Type")); err != nil || kind != "application/json" {
		c.t.Errorf("the content type is %q", r.header.Get("Content-Type"))
	}
	if !strings.Contains(r.header.Get("Cache-Control"), "no-store") || !strings.Contains(r.header.Get("Pragma"), "no-cache") {
		c.t.Errorf("the answer may be cached: %q, %q", r.header.Get("Cache-Control"), r.header.Get("Pragma"))
	}
}

// denied checks an error of an endpoint (RFC 6749 §5.2, RFC 7591 §3.2.2).
func (c *client) denied(r *response, status int, codes ...string) {
	c.t.Helper()
	if r.status != status {
		c.t.Fatalf("answered %d %s, want %d", r.status, r.body, status)
	}
	c.private(r)
	object := r.json(c.t)
	code, _ := object["error"].(string)
	c.oneOf("the error", code, codes...)
	for name, value := range object {
		text, isText := value.(string)
		if !isText || !slices.Contains([]string{"error", "error_description", "error_uri"}, name) {
			c.t.Errorf("the error has %s: %v", name, value)
		}
		describes(c.t, text)
	}
}

// claimsOf checks an answer of userinfo (OpenID Connect Core §5.3.2).
func (c *client) claimsOf(r *response) map[string]any {
	c.t.Helper()
	if r.status != http.StatusOK {
		c.t.Fatalf("userinfo answered %d %s", r.status, r.body)
	}
	if kind, _, err := mime.ParseMediaType(r.header.Get("Content-Type")); err != nil || kind != "application/json" {
		c.t.Errorf("userinfo has the content type %q", r.header.Get("Content-Type"))
	}
	claims := r.json(c.t)
	standardClaims(c.t, claims)
	return claims
}

// standardClaims have the types of OpenID Connect Core §5.1, and are not there
// rather than empty (§5.3.2).
func standardClaims(t *testing.T, claims map[string]any) {
	t.Helper()
	for name, value := range claims {
		ok := true
		switch name {
		case "sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
			"email", "gender", "birthdate", "zoneinfo", "locale", "phone_number":
			text, isText := value.(string)
			ok = isText && text != ""
		case "email_verified", "phone_number_verified":
			_, ok = value.(bool)
		case "updated_at":
			_, ok = value.(float64)
		case "address":
			_, ok = value.(map[string]any)
		}
		if !ok || value == nil {
			t.Errorf("the claim %s is %v (%T)", name, value, value)
		}
	}
}

// registered checks what a client is told when it has registered (RFC 7591 §3.2.1,
// RFC 7592 §3).
func (c *client) registered(r *response) map[string]any {
	c.t.Helper()
	if r.status != http.StatusCreated {
		c.t.Fatalf("registration answered %d %s", r.status, r.body)
	}
	c.private(r)
	told := r.json(c.t)
	method, _ := told["token_endpoint_auth_method"].(string)
	secret, _ := told["client_secret"].(string)
	if strings.HasPrefix(method, "client_secret_") && entropy(secret) < 128 {
		c.t.Errorf("client_secret is %q", secret)
	}
	if _, ok := told["client_secret_expires_at"].(float64); !ok && secret != "" {
		c.t.Error("a client_secret has a client_secret_expires_at")
	}
	for _, name := range []string{"client_id", "registration_access_token", "registration_client_uri"} {
		if text, _ := told[name].(string); text == "" {
			c.t.Errorf("%s is %v", name, told[name])
		}
	}
	if at, _ := told["registration_client_uri"].(string); !strings.HasPrefix(at, c.URL+"/") {
		c.t.Errorf("registration_client_uri is %s", at)
	}
	for name, said := range c.asked {
		if name != "jwks" && !sameJSON(c.t, told[name], said) {
			c.t.Errorf("registered %s: %v, told %v", name, said, told[name])
		}
	}
	return told
}
