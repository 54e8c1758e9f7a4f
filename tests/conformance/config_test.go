package conformance

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// configModules are those of oidcc-config.
func configModules() []module {
	return []module{{"oidcc-discovery-endpoint-verification", nil, (*client).discovery}}
}

// discovery checks the metadata document (OpenID Connect Discovery §3, §4.3) and the keys.
func (c *client) discovery() {
	t := c.t
	r := c.Client().Get(t, "=/.well-known/openid-configuration").Want(t, http.StatusOK)
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("the content type is %q", kind)
	}
	if issuer := c.text(t, "issuer"); issuer != c.URL || strings.HasSuffix(issuer, "/") {
		t.Errorf("issuer is %s", issuer)
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint"} {
		if at, err := url.Parse(c.text(t, name)); err != nil || !strings.HasPrefix(at.String(), c.URL+"/") || at.Fragment != "" {
			t.Errorf("%s is %s", name, at)
		}
	}
	for name, must := range map[string][]string{
		"scopes_supported":                                 {"openid"},
		"response_types_supported":                         {"code"},
		"response_modes_supported":                         {"query", "form_post"},
		"grant_types_supported":                            {"authorization_code"},
		"subject_types_supported":                          {"public"},
		"id_token_signing_alg_values_supported":            {"RS256"},
		"userinfo_signing_alg_values_supported":            {"RS256"},
		"request_object_signing_alg_values_supported":      {"RS256", "none"},
		"token_endpoint_auth_methods_supported":            {"client_secret_basic", "client_secret_post", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": {"RS256"},
		"claims_supported":                                 {"sub", "iss", "auth_time", "acr", "name", "email"},
		"code_challenge_methods_supported":                 {"S256"},
		"acr_values_supported":                             {"1"},
	} {
		has := c.texts(t, name)
		for _, value := range must {
			if !slices.Contains(has, value) {
				t.Errorf("%s is %q and lacks %s", name, has, value)
			}
		}
	}
	if slices.Contains(c.texts(t, "token_endpoint_auth_signing_alg_values_supported"), "none") {
		t.Error("clients may prove themselves with nothing")
	}
	for _, name := range []string{
		"claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration",
		"authorization_response_iss_parameter_supported",
	} {
		if c.metadata[name] != true {
			t.Errorf("%s is %v", name, c.metadata[name])
		}
	}
	c.keys()
}

// keys: public ones only, each with a name of its own, none weak (RFC 7517 §4, §5).
func (c *client) keys() {
	var document struct{ Keys []json.RawMessage }
	var set jose.JSONWebKeySet
	r := c.Client().Get(c.t, "="+strings.TrimPrefix(c.text(c.t, "jwks_uri"), c.URL)).Want(c.t, http.StatusOK)
	r.Decode(c.t, &document)
	r.Decode(c.t, &set)
	if len(document.Keys) == 0 || len(set.Keys) != len(document.Keys) {
		c.t.Fatalf("%d keys, %d can be read", len(document.Keys), len(set.Keys))
	}
	named := map[string]bool{}
	for i, key := range set.Keys {
		var members map[string]any
		if err := json.Unmarshal(document.Keys[i], &members); err != nil {
			c.t.Fatal(err)
		}
		for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if members[secret] != nil {
				c.t.Errorf("the key %s shows its %s", key.KeyID, secret)
			}
		}
		if key.KeyID == "" || named[key.KeyID] || !key.Valid() || key.Use != "sig" || key.Algorithm == "" {
			c.t.Errorf("the key %s", document.Keys[i])
		}
		named[key.KeyID] = true
		if public, isRSA := key.Key.(*rsa.PublicKey); isRSA && public.N.BitLen() < 2048 {
			c.t.Errorf("the key %s has %d bits", key.KeyID, public.N.BitLen())
		}
	}
}
