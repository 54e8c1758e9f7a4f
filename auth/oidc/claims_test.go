package oidc_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/oidc"
)

// claims are those of an ID token whose signature is checked with the published keys.
func (w *world) claims(token any) map[string]any {
	w.t.Helper()
	text, _ := token.(string)
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA, jose.PS256})
	if err != nil {
		w.t.Fatalf("%v in %q", err, text)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(w.anonymous().get("/.well-known/jwks.json").Body.Bytes(), &keys); err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(keys.Keys, func(k jose.JSONWebKey) bool { return k.KeyID == parsed.Headers[0].KeyID })
	if i < 0 {
		w.t.Fatalf("the key %s is not published", parsed.Headers[0].KeyID)
	}
	var claims map[string]any
	if err := parsed.Claims(keys.Keys[i].Key, &claims); err != nil {
		w.t.Fatal(err)
	}
	return claims
}

// TestClaimsParameter: OpenID Connect Core §5.5: claims by name, in userinfo and
// in the ID token, as far as the person allows.
func TestClaimsParameter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	all, allSecret := w.client(oidc.Client{})
	few, fewSecret := w.client(oidc.Client{Scopes: []string{"openid", "profile"}})
	for name, c := range map[string]struct {
		client, secret, scope, claims string
		allow                         string // scopes that the person leaves on, "" for all
		userinfo, idToken             []string
	}{
		"5.5: nothing asked, nothing told": {all, allSecret, "openid", "{}", "", nil, nil},
		"5.5.1: an essential claim in userinfo": {
			all, allSecret, "openid", `{"userinfo":{"name":{"essential":true}}}`, "", []string{"name"}, nil,
		},
		"5.5: voluntary claims in the ID token": {
			all, allSecret, "openid", `{"id_token":{"email":null,"email_verified":null}}`, "", nil, []string{"email", "email_verified"},
		},
		"5.5: in both, each its own": {
			all, allSecret, "openid", `{"userinfo":{"picture":null},"id_token":{"given_name":null}}`, "", []string{"picture"}, []string{"given_name"},
		},
		"5.5: beside a scope": {
			all, allSecret, "openid email", `{"userinfo":{"family_name":null},"id_token":{"email":null}}`, "", []string{"email", "email_verified", "family_name"}, []string{"email"},
		},
		"5.5.1: what is not known is passed over": {
			all, allSecret, "openid", `{"userinfo":{"birthdate":{"essential":true},"name#de":null},"id_token":{"iss":{"value":"x"}},"more":1}`, "", nil, nil,
		},
		"a claim whose scope the client does not have": {
			few, fewSecret, "openid", `{"userinfo":{"email":null,"name":null}}`, "", []string{"name"}, nil,
		},
		"a claim that the person did not allow": {
			all, allSecret, "openid", `{"userinfo":{"email":null,"name":null},"id_token":{"email":null}}`, "openid profile", []string{"name"}, nil,
		},
	} {
		b := w.ada()
		to := b.authorize(request(c.client, url.Values{"scope": {c.scope}, "claims": {c.claims}, "prompt": {"consent"}}))
		answers := url.Values{}
		if c.allow != "" {
			answers.Set("scope", c.allow)
		}
		back := b.act(to, "allow", answers).location()
		tokens := w.redeem(c.client+":"+c.secret, back.Query().Get("code"), nil).json(200)
		if tokens["scope"] != c.scope {
			t.Errorf("%s: scope %v", name, tokens["scope"])
		}
		if got := personal(w.userinfo(tokens["access_token"].(string)).json(200)); !slices.Equal(got, c.userinfo) {
			t.Errorf("%s: userinfo tells %v", name, got)
		}
		if got := personal(w.claims(tokens["id_token"])); !slices.Equal(got, c.idToken) {
			t.Errorf("%s: the ID token tells %v", name, got)
		}
	}
}

// personal are the names of the claims that tell of the person.
func personal(claims map[string]any) []string {
	var names []string
	for _, name := range []string{"birthdate", "email", "email_verified", "family_name", "given_name", "name", "picture"} {
		if claims[name] != nil {
			names = append(names, name)
		}
	}
	return names
}

// TestNamedClaimsAreAskedFor: naming a claim is no way around consent.
func TestNamedClaimsAreAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	w.code(id, url.Values{"scope": {"openid"}})
	asked := request(id, url.Values{"scope": {"openid"}, "claims": {`{"userinfo":{"email":null}}`}})
	b := w.ada()
	to := b.authorize(asked)
	if to.Path != "/consent" || !reflect.DeepEqual(b.page(to).json(200)["NewScopes"], []any{"email"}) {
		t.Fatalf("sent to %s", to)
	}
	b.allow(to)
	if to := b.authorize(asked); !to.Query().Has("code") {
		t.Errorf("asked again: %s", to)
	}
	none := request(id, url.Values{"scope": {"openid"}, "claims": {`{"userinfo":{"name":null}}`}, "prompt": {"none"}})
	if to := b.authorize(none); to.Query().Get("error") != "consent_required" {
		t.Errorf("sent to %s", to)
	}
}

// TestMalformedClaims: OpenID Connect Core §5.5: the value is a JSON object.
func TestMalformedClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{})
	for _, text := range []string{"x", "[]", "null", `"{}"`, "{", `{"userinfo":[]}`, `{"userinfo":{"name":"x"}}`, `{"id_token":{"acr":{"essential":"yes"}}}`, "{}{}"} {
		to := w.ada().authorize(request(id, url.Values{"claims": {text}}))
		if !strings.HasPrefix(to.String(), callback) || to.Query().Get("error") != "invalid_request" {
			t.Errorf("%s: sent to %s", text, to)
		}
	}
}

// TestConfiguredClaims: of a scope in userinfo, ID tokens and JWT access tokens, of a
// client in its ID tokens and JWT access tokens (RFC 9068 §2.2.2, §2.2.3).
func TestConfiguredClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"AUTHD_OAUTH_PROVIDER__SCOPES":       "openid,profile,email,offline_access,groups",
		"AUTHD_OAUTH_PROVIDER__SCOPE_CLAIMS": "groups mail email,groups who name,profile updated_at",
	})
	id, secret := w.client(oidc.Client{SkipConsent: true, Settings: oidc.Settings{Claims: map[string]json.RawMessage{
		"https://app.example/tenant": json.RawMessage(`{"id":7}`),
	}}})
	tokens := w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid groups"}}), nil).json(200)
	told := w.claims(tokens["id_token"])
	if told["mail"] != "ada@example.com" || told["who"] != "Ada King Lovelace" || told["updated_at"] != nil || told["email"] != nil ||
		!reflect.DeepEqual(told["https://app.example/tenant"], map[string]any{"id": 7.0}) {
		t.Errorf("ID token %v", told)
	}
	info := w.userinfo(tokens["access_token"].(string)).json(200)
	if info["mail"] != "ada@example.com" || info["who"] == nil || info["https://app.example/tenant"] != nil || info["email"] != nil {
		t.Errorf("userinfo %v", info)
	}
	w.resource(oidc.Resource{Identifier: api1, CustomClaims: map[string]json.RawMessage{"plan": json.RawMessage(`"free"`)}}, id)
	for scope, mail := range map[string]any{"openid groups": "ada@example.com", "openid profile": nil} {
		at := w.claims(w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {scope}, "resource": {api1}}), nil).json(200)["access_token"])
		if at["mail"] != mail || at["plan"] != "free" || !reflect.DeepEqual(at["https://app.example/tenant"], map[string]any{"id": 7.0}) || at["sub"] == nil || at["email"] != nil {
			t.Errorf("access token for %s: %v", scope, at)
		}
	}
	without := w.redeem(id+":"+secret, w.code(id, url.Values{"scope": {"openid profile"}}), nil).json(200)
	if info := w.userinfo(without["access_token"].(string)).json(200); info["mail"] != nil || info["updated_at"] == nil {
		t.Errorf("without the scope: %v", info)
	}
}

// TestScopeClaimsThatCannotBe: a start refuses what would speak for the provider.
func TestScopeClaimsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{"profile", "profile a b c", "unknown who name", "profile sub email", "profile who shoe_size"} {
		env := map[string]string{"AUTHD_OAUTH_PROVIDER__SCOPE_CLAIMS": entry}
		if srv, err := open(t.TempDir(), env, nil, nil); err == nil || !strings.Contains(err.Error(), "scope_claims") {
			t.Errorf("%q: %v", entry, err)
			if err == nil {
				_ = srv.Close()
			}
		}
	}
}
