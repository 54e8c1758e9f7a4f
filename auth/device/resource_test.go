package device_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

const (
	films  = "https://films.example/v1"
	music  = "https://music.example"
	nobody = "https://unknown.example"
	apis   = clients + `
[[oauth_provider.resources]]
identifier = "` + films + `"
name = "Films & <series>"
clients = ["tv"]
[[oauth_provider.resources]]
identifier = "` + music + `"
clients = ["tv"]
[[oauth_provider.resources]]
identifier = "urn:theirs"
`
)

// TestResources: RFC 8707 §2.1, §2.2 for devices: the person is told which APIs access
// is for, and tokens are for no other.
func TestResources(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, apis)
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	for name, resources := range map[string][]string{
		"one that nobody knows": {nobody}, "one of two that is unknown": {films, nobody}, "one that is not for it": {"urn:theirs"}, "a fragment": {films + "#x"},
	} {
		if got := tv.Form("/device/code", url.Values{"client_id": {"tv"}, "resource": resources}).Is(400, "").Field("error"); got != "invalid_target" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, c := range map[string]struct {
		first, then []string
		aud         string // "" for a token in no form of its own, an error for none
	}{
		"asked for at first":               {[]string{films}, nil, films},
		"asked for twice":                  {[]string{films}, []string{films}, films},
		"narrowed":                         {[]string{films, music}, []string{music}, music},
		"asked for in the end":             {nil, []string{music}, music},
		"another than the person was told": {[]string{films}, []string{music}, "invalid_target"},
		"in the end, and nobody knows it":  {nil, []string{nobody}, "invalid_target"},
		"nothing in particular":            {nil, nil, ""},
	} {
		form := url.Values{"client_id": {"tv"}, "scope": {"email offline_access"}}
		if c.first != nil {
			form["resource"] = c.first
		}
		told := tv.Form("/device/code", form).Is(200, "")
		a := asked{told.Field("device_code"), told.Field("user_code"), ""}
		page := ada.Form("./device", url.Values{"user_code": {a.user}}).Is(200, "")
		if shown := strings.Contains(page.Body, "Films &amp; &lt;series&gt;"); shown != (c.first != nil) {
			t.Errorf("%s: the page shows the API: %v", name, shown)
		}
		look(ada, a.user).Is(200, "")
		answer(ada, a, "approve").Is(200, "")
		poll := url.Values{"grant_type": {grant}, "device_code": {a.device}, "client_id": {"tv"}}
		if c.then != nil {
			poll["resource"] = c.then
		}
		got := tv.Form("/oauth2/token", poll)
		if c.aud == "invalid_target" {
			refused(t, got, c.aud)
			continue
		}
		if aud := audience(t, got.Is(200, "").Field("access_token")); aud != c.aud {
			t.Errorf("%s: for %q, want %q", name, aud, c.aud)
		}
		// What was allowed at first comes back with a refresh (§2.2).
		next := tv.Form("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Field("refresh_token")}, "client_id": {"tv"}}).Is(200, "")
		if aud := audience(t, next.Field("access_token")); len(c.first) == 2 && aud == c.aud || len(c.first) < 2 && aud != c.aud {
			t.Errorf("%s: refreshed for %q", name, aud)
		}
	}
}

// audience is the aud of a JWT as it stands there, without quotes; "" for a token that is none.
func audience(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	_, aud, _ := strings.Cut(string(payload), `"aud":`)
	if strings.HasPrefix(aud, "[") {
		aud, _, _ = strings.Cut(aud, "]")
		return aud
	}
	aud, _, _ = strings.Cut(strings.TrimPrefix(aud, `"`), `"`)
	return aud
}
