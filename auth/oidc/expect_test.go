package oidc_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/oidc"
)

// eve is a browser in which somebody else is signed in.
func (w *world) eve() *browser {
	w.t.Helper()
	b := w.anonymous()
	b.do(jsonRequest("POST", "/api/auth/sign-up/email", map[string]any{"name": "Eve", "email": "eve@example.com", "password": "correct horse battery"})).json(200)
	return b
}

// TestIDTokenHint: OpenID Connect Core §3.1.2.1, id_token_hint: the person of the
// token, or nobody.
func TestIDTokenHint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	paired, pairedSecret := w.client(oidc.Client{SkipConsent: true, SubjectType: "pairwise"})
	hint := w.tokens(id, secret)["id_token"].(string)
	pairedHint := w.tokens(paired, pairedSecret)["id_token"].(string)
	w.pass(100 * time.Hour) // the tokens have expired, the sessions have not
	ada, eve := w.ada(), w.eve()
	for name, c := range map[string]struct {
		b      *browser
		client string
		change url.Values
		want   string // an error, "" for a code, or the path of a page
	}{
		"the person who is expected, without a page":       {ada, id, url.Values{"prompt": {"none"}, "id_token_hint": {hint}}, ""},
		"the person who is expected":                       {ada, id, url.Values{"id_token_hint": {hint}}, ""},
		"the person by a pairwise name":                    {ada, paired, url.Values{"prompt": {"none"}, "id_token_hint": {pairedHint}}, ""},
		"another client's token of the same person":        {ada, id, url.Values{"prompt": {"none"}, "id_token_hint": {pairedHint}}, ""},
		"somebody else, without a page: login_required":    {eve, id, url.Values{"prompt": {"none"}, "id_token_hint": {hint}}, "login_required"},
		"somebody else, by a pairwise name":                {eve, paired, url.Values{"prompt": {"none"}, "id_token_hint": {pairedHint}}, "login_required"},
		"somebody else has to sign in":                     {eve, id, url.Values{"id_token_hint": {hint}}, "/login"},
		"nobody is signed in":                              {w.anonymous(), id, url.Values{"prompt": {"none"}, "id_token_hint": {hint}}, "login_required"},
		"5.5.1: a value for sub that is the person's":      {ada, id, url.Values{"prompt": {"none"}, "claims": {`{"id_token":{"sub":{"value":"` + w.claims(hint)["sub"].(string) + `"}}}`}}, ""},
		"5.5.1: a value for sub that is somebody else's":   {eve, id, url.Values{"prompt": {"none"}, "claims": {`{"id_token":{"sub":{"value":"` + w.claims(hint)["sub"].(string) + `"}}}`}}, "login_required"},
		"5.5.1: sub among several values":                  {ada, id, url.Values{"prompt": {"none"}, "claims": {`{"userinfo":{"sub":{"values":["x","` + w.claims(hint)["sub"].(string) + `"]}}}`}}, ""},
		"5.5.1: the pairwise client knows nobody by an id": {ada, paired, url.Values{"prompt": {"none"}, "claims": {`{"id_token":{"sub":{"value":"` + w.claims(hint)["sub"].(string) + `"}}}`}}, "login_required"},
	} {
		to := c.b.authorize(request(c.client, c.change))
		switch {
		case strings.HasPrefix(c.want, "/"):
			if to.Path != c.want {
				t.Errorf("%s: sent to %s", name, to)
			}
		case to.Query().Get("error") != c.want || to.Query().Has("code") != (c.want == ""):
			t.Errorf("%s: sent to %s", name, to)
		}
	}
}

// TestHintedPersonSignsIn: whoever signs in instead of the person who is expected
// gets no answer in that person's place.
func TestHintedPersonSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	hint := w.tokens(id, secret)["id_token"].(string)
	eve := w.eve()
	asked := request(id, url.Values{"id_token_hint": {hint}})

	login := eve.authorize(asked)
	w.pass(time.Second)
	eve.signIn(map[string]any{"email": "eve@example.com"}).json(200)
	before := w.count("oauth_grant")
	to := eve.act(login, "resume", nil).location()
	if to.Query().Get("error") != "login_required" || to.Query().Has("code") || w.count("oauth_grant") != before {
		t.Errorf("Eve in Ada's place: sent to %s", to)
	}
	if n := w.count("oauth_flow"); n != 0 {
		t.Errorf("%d flows are left", n)
	}
	login = eve.authorize(asked)
	w.pass(time.Second)
	eve.signIn(nil).json(200)
	if to = eve.act(login, "resume", nil).location(); !to.Query().Has("code") {
		t.Errorf("Ada after all: sent to %s", to)
	}
}

// TestHintsThatAreNone: RFC 8725 §3.11: nothing but an ID token of ours counts.
func TestHintsThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	gone, goneSecret := w.client(oidc.Client{SkipConsent: true})
	tokens := w.tokens(id, secret)
	hint := tokens["id_token"].(string)
	orphan := w.tokens(gone, goneSecret)["id_token"].(string)
	if err := w.srv.OIDC.DeleteClient(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(hint, ".")
	for name, token := range map[string]string{
		"nothing readable":                    "x",
		"an access token":                     tokens["access_token"].(string),
		"without a signature":                 parts[0] + "." + parts[1] + ".",
		"with another's payload":              parts[0] + "." + strings.Split(orphan, ".")[1] + "." + parts[2],
		"alg none":                            "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"of a client that is gone":            orphan,
		"a key of somebody else's":            forged(t, "", map[string]any{"iss": issuer, "aud": id, "sub": "x", "iat": 1, "exp": 2}),
		"a key of somebody else's and a type": forged(t, "at+jwt", map[string]any{"iss": issuer, "aud": id, "sub": "x", "iat": 1, "exp": 2}),
	} {
		to := w.ada().authorize(request(id, url.Values{"id_token_hint": {token}}))
		if !strings.HasPrefix(to.String(), callback) || to.Query().Get("error") != "invalid_request" {
			t.Errorf("%s: sent to %s", name, to)
		}
	}
}

// forged signs with a key that is not the server's.
func forged(t *testing.T, typ string, claims map[string]any) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: "forged"}}, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAuthenticationContext: OpenID Connect Core §3.1.2.1 (acr_values), §5.5.1.1
// (acr as an essential claim), Registration §2 (defaults of a client).
func TestAuthenticationContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__ACR_SINGLE_FACTOR": "urn:one", "AUTHD_OAUTH_PROVIDER__ACR_MULTI_FACTOR": "urn:two"})
	plain := oidc.Client{SkipConsent: true}
	wishing := oidc.Client{SkipConsent: true, Settings: oidc.Settings{DefaultACRValues: []string{"urn:one"}}}
	essential := func(acr string) url.Values {
		return url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"values":["` + acr + `"]}}}`}}
	}
	for name, c := range map[string]struct {
		client oidc.Client
		change url.Values
		acr    string // in the ID token, or
		want   string // an error
	}{
		"2: what the sign-in was":                              {plain, nil, "urn:one", ""},
		"3.1.2.1: a wish that can be met":                      {plain, url.Values{"acr_values": {"urn:x urn:one"}}, "urn:one", ""},
		"3.1.2.1: a wish that cannot is no error":              {plain, url.Values{"acr_values": {"urn:two"}}, "urn:one", ""},
		"Registration 2: default_acr_values":                   {wishing, nil, "urn:one", ""},
		"5.5.1.1: essential and met":                           {plain, essential("urn:one"), "urn:one", ""},
		"5.5.1.1: essential and unknown fails":                 {plain, essential("urn:x"), "", "unmet_authentication_requirements"},
		"5.5.1.1: essential without a value is a wish":         {plain, url.Values{"claims": {`{"id_token":{"acr":{"essential":true}}}`}}, "urn:one", ""},
		"5.5.1.1: voluntary and unknown is no error":           {plain, url.Values{"claims": {`{"id_token":{"acr":{"value":"urn:x"}}}`}}, "urn:one", ""},
		"5.5.1.1: essential, not met, and no page may be made": {plain, url.Values{"prompt": {"none"}, "claims": essential("urn:two")["claims"]}, "", "unmet_authentication_requirements"},
	} {
		id, secret := w.client(c.client)
		to := w.ada().authorize(request(id, c.change))
		if to.Query().Get("error") != c.want || !strings.HasPrefix(to.String(), callback) {
			t.Errorf("%s: sent to %s", name, to)
			continue
		}
		if c.want == "" {
			claims := w.claims(w.redeem(id+":"+secret, to.Query().Get("code"), nil).json(200)["id_token"])
			if claims["acr"] != c.acr {
				t.Errorf("%s: acr %v", name, claims["acr"])
			}
		}
	}
}

// TestStepUpThatDoesNotHelp: whoever has signed in anew and still is not sure
// enough gets an error, not the sign-in page for ever.
func TestStepUpThatDoesNotHelp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{SkipConsent: true})
	b := w.ada()
	login := b.authorize(request(id, url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"value":"1"}}}`}}))
	if login.Path != "/login" {
		t.Fatalf("sent to %s", login)
	}
	w.pass(time.Second)
	b.signIn(nil).json(200)
	if to := b.act(login, "resume", nil).location(); to.Query().Get("error") != "unmet_authentication_requirements" {
		t.Errorf("sent to %s", to)
	}
}

// TestDefaultMaxAge: OpenID Connect Registration §2, default_max_age; the request's own counts more.
func TestDefaultMaxAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	age := int64(30)
	id, _ := w.client(oidc.Client{SkipConsent: true, Settings: oidc.Settings{DefaultMaxAge: &age}})
	if to := w.ada().authorize(request(id, nil)); to.Path != "/login" { // Ada signed in a minute ago
		t.Errorf("sent to %s", to)
	}
	if to := w.ada().authorize(request(id, url.Values{"max_age": {"90"}})); !to.Query().Has("code") {
		t.Errorf("with a max_age of its own: sent to %s", to)
	}
}
