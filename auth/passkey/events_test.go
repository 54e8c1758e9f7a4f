package passkey_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

func TestPeopleAreToldOfKeysThatComeAndGo(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, open)
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	a.AAGUID = "d548826e-79b4-db40-a3d8-11116f7e8349"
	a.Origin = "https://evil.example"
	register(ann, a).Is(400, "")
	if n := len(s.Mails("passkey-added")); n != 0 {
		t.Errorf("%d mails about a key that was refused", n)
	}
	a.Origin = s.URL
	add(t, ann, a)
	id := keys(t, ann)[0]["id"]
	if mails := s.Mails("passkey-added"); len(mails) != 1 || !strings.Contains(mails[0], "ann@example.com") || !strings.Contains(mails[0], "Bitwarden") {
		t.Errorf("told %v", mails)
	}
	ann.Post("/passkey/update-passkey", map[string]any{"id": id, "name": "Blue key"}).Is(200, "")
	s.SignUp("bob@example.com").Post("/passkey/delete-passkey", map[string]any{"id": id}).Is(401, "")
	if n := len(s.Mails("passkey-removed")); n != 0 {
		t.Errorf("%d mails about a key that stayed", n)
	}
	ann.Post("/passkey/delete-passkey", map[string]any{"id": id}).Is(200, "")
	if mails := s.Mails("passkey-removed"); len(mails) != 1 || !strings.Contains(mails[0], "Blue key") {
		t.Errorf("told %v", mails)
	}
	enter(s.Client(), a, person("eve@example.com")).Is(200, "")
	if n := len(s.Mails("passkey-added")); n != 1 {
		t.Errorf("%d mails: a key made with the account is no news", n)
	}
}

func TestWhoWantsNoNoticesGetsNone(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[notices]\npasskey_added = false\npasskey_removed = false\n")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	add(t, ann, a)
	ann.Post("/passkey/delete-passkey", map[string]any{"id": keys(t, ann)[0]["id"]}).Is(200, "")
	if n := len(s.Mails("passkey-added")) + len(s.Mails("passkey-removed")); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestTheDocumentsAtPlacesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	page := s.URL + "/account/security"
	if got := s.Client().Get("./.well-known/passkey-endpoints").Is(200, ""); got.Body != `{"enroll":"`+page+`","manage":"`+page+`"}` {
		t.Errorf("passkey-endpoints: %s", got.Body)
	}
	s.Client().Get("./.well-known/webauthn").Is(404, "")
	s = testkit.Start(t, "[passkey]\norigins = ['https://app.example.net', 'android:apk-key-hash:7DUlNXWPNfX9Ajq1VzYwO3BdPOYGHwlY4Z1VWVGgKSU']\n")
	if got := s.Client().Get("./.well-known/webauthn").Is(200, ""); got.Body != `{"origins":["https://app.example.net"]}` || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("webauthn: %s %v", got.Body, got.Header)
	}
}

func TestOnlyOriginsThatAreAllowedUseAPasskey(t *testing.T) {
	t.Parallel()
	const android = "android:apk-key-hash:7DUlNXWPNfX9Ajq1VzYwO3BdPOYGHwlY4Z1VWVGgKSU"
	for name, c := range map[string]struct {
		toml, origin string
		status       int
	}{
		"a trusted origin":                       {"trusted_origins = ['https://app.example.com']", "https://app.example.com", 200},
		"a wildcard":                             {"trusted_origins = ['https://*.example.com']", "https://a.example.com", 200},
		"an app":                                 {"[passkey]\norigins = ['" + android + "']", android, 200},
		"a related origin":                       {"[passkey]\norigins = ['https://app.example.net']", "https://app.example.net", 200},
		"another app":                            {"[passkey]\norigins = ['" + android + "']", "android:apk-key-hash:other", 400},
		"a trusted one, where others are listed": {"trusted_origins = ['https://app.example.com']\n[passkey]\norigins = ['https://app.example.net']", "https://app.example.com", 400},
		"a listed one with a port":               {"[passkey]\norigins = ['https://app.example.net']", "https://app.example.net:8443", 400},
		"nobody's":                               {"", "https://app.example.com", 400},
	} {
		s := testkit.Start(t, c.toml)
		a := s.Authenticator()
		a.Origin = c.origin
		if got := register(s.SignUp("ann@example.com"), a); got.Status != c.status {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
}
