package oidc_test

import (
	"net/url"
	"testing"

	"authd/auth/oidc"
)

// pairwise is a client whose people have names that only its sector knows.
func pairwise(redirects ...string) oidc.Client {
	return oidc.Client{SubjectType: "pairwise", RedirectURIs: redirects}
}

// subjects takes Ada to a client and returns her sub in all that tells it.
func (w *world) subjects(c oidc.Client) string {
	w.t.Helper()
	id, secret := w.client(c)
	basic := id + ":" + secret
	redirect := url.Values{"redirect_uri": c.RedirectURIs[:1]}
	tokens := w.redeem(basic, w.code(id, redirect), redirect).json(200)
	sub := w.claims(tokens["id_token"])["sub"].(string)
	for name, got := range map[string]any{
		"userinfo":                         w.userinfo(tokens["access_token"].(string)).json(200)["sub"],
		"introspection":                    w.form("introspect", basic, url.Values{"token": {tokens["access_token"].(string)}}).json(200)["sub"],
		"introspection of a refresh token": w.form("introspect", basic, url.Values{"token": {tokens["refresh_token"].(string)}}).json(200)["sub"],
		"the ID token of a refresh":        w.claims(w.refresh(basic, tokens["refresh_token"].(string), nil).json(200)["id_token"])["sub"],
	} {
		if got != sub {
			w.t.Errorf("%s says sub = %v, the ID token %s", name, got, sub)
		}
	}
	return sub
}

// TestSubjects: OpenID Connect Core §8.
func TestSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ada := w.text(`SELECT id FROM "user"`)
	if got := w.subjects(oidc.Client{RedirectURIs: []string{callback}}); got != ada {
		t.Errorf("8: a public subject is %s, want the person's id %s", got, ada)
	}
	first := w.subjects(pairwise(callback))
	if first == ada || len(first) != 43 {
		t.Errorf("8.1: a pairwise subject is %q", first)
	}
	sector := pairwise("https://other.example/cb", "https://third.example/cb")
	sector.SectorIdentifierURI = "https://app.example/redirects.json"
	for name, c := range map[string]struct {
		client oidc.Client
		same   bool
	}{
		"8.1: clients of one host share the subject":      {pairwise(callback+"/2", callback+"/3"), true},
		"8.1: the sector identifier's host counts":        {sector, true},
		"8.1: another host is another sector":             {pairwise("https://other.example/cb"), false},
		"8.1: another port is another host":               {pairwise("https://app.example:8443/callback"), false},
		"a program on loopback is a sector of its own":    {pairwise("http://127.0.0.1/cb"), false},
		"a second one on loopback is not the same sector": {pairwise("http://127.0.0.1/cb"), false},
	} {
		if got := w.subjects(c.client); (got == first) != c.same {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestPairwiseSecret: the subjects follow the secret that is theirs, and no other.
func TestPairwiseSecret(t *testing.T) {
	t.Parallel()
	const key = "AUTHD_OAUTH_PROVIDER__PAIRWISE_SECRET"
	sub := func(env map[string]string) string { return newWorld(t, env).subjects(pairwise(callback)) }
	one := sub(map[string]string{key: "one secret of more than thirty-two characters"})
	if again := sub(map[string]string{key: "one secret of more than thirty-two characters", "AUTHD_SECRET": "a new secret of more than thirty-two characters,a secret of more than thirty-two characters"}); again != one {
		t.Error("the subject changed with the server's secret")
	}
	if other := sub(map[string]string{key: "two secret of more than thirty-two characters"}); other == one {
		t.Error("the subject does not depend on pairwise_secret")
	}
	before := sub(nil)
	if after := sub(map[string]string{"AUTHD_SECRET": "a new secret of more than thirty-two characters,a secret of more than thirty-two characters"}); after != before {
		t.Error("the subject changed while the old secret is still configured")
	}
}

// TestSubjectsThatCannotBe: OpenID Connect Core §8.1, §4.
func TestSubjectsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, c := range map[string]oidc.Client{
		"a kind that there is not":                   {SubjectType: "ephemeral"},
		"8.1: several hosts and nothing to choose":   pairwise(callback, "https://other.example/cb"),
		"8.1: a sector identifier without https":     {SectorIdentifierURI: "http://app.example/redirects.json"},
		"4: initiate_login_uri without https":        {InitiateLoginURI: "http://app.example/login"},
		"4: initiate_login_uri that runs a script":   {InitiateLoginURI: "javascript:alert(1)"},
		"4: initiate_login_uri with somebody's name": {InitiateLoginURI: "https://a@app.example/login"},
		"4: initiate_login_uri that has a fragment":  {InitiateLoginURI: "https://app.example/login#x"},
	} {
		if c.RedirectURIs == nil {
			c.RedirectURIs = []string{callback}
		}
		if _, _, err := w.srv.OIDC.CreateClient(t.Context(), c, ""); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

// TestLoginLink: OpenID Connect Core §4: the app is told who sends the person.
func TestLoginLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []struct {
		client oidc.Client
		want   string
	}{
		{oidc.Client{InitiateLoginURI: "https://app.example/login?x=1"}, "https://app.example/login?x=1&iss=" + url.QueryEscape(issuer)},
		{oidc.Client{InitiateLoginURI: "https://app.example/login", Disabled: true}, ""},
		{oidc.Client{}, ""},
	} {
		if got := w.srv.OIDC.LoginLink(&c.client); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
