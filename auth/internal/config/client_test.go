package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestClientsKnowAllTheirKeys: tables, JSON in the environment, secrets in turn.
func TestClientsKnowAllTheirKeys(t *testing.T) {
	text := `
[[client]]
client_id = 'machine'
grant_types = ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange']
client_credentials_scopes = ['email']
jwks = { keys = [ { kty = 'OKP', crv = 'Ed25519', x = 'abc' } ] }
default_max_age = '0s'
token_exchange = ['*']
profile = 'fapi2'

[client.claims]
tier = 'gold'
roles = ['a', 'b']

[[client]]
client_id = 'web'
client_secrets = ['` + goodSecret + `', '` + goodSecret + `2']
redirect_uris = ['https://web.example/cb']
post_logout_redirect_uris = ['https://web.example/']
`
	cfg, _, err := load(t, text, `AUTHD_CLIENT__1__CLAIMS={"b":1,"a":2}`)
	if err != nil {
		t.Fatal(err)
	}
	machine, web := cfg.Client[0], cfg.Client[1]
	if machine.TokenEndpointAuthMethod != "private_key_jwt" || string(machine.JWKS) != `{"keys":[{"crv":"Ed25519","kty":"OKP","x":"abc"}]}` ||
		string(machine.Claims) != `{"roles":["a","b"],"tier":"gold"}` || machine.DefaultMaxAge == nil || *machine.DefaultMaxAge != time.Duration(0) ||
		len(machine.GrantTypes) != 2 || machine.Profile != "fapi2" || machine.EnableEndSession {
		t.Errorf("machine: %+v", machine)
	}
	if web.TokenEndpointAuthMethod != "client_secret_basic" || web.ClientSecret != goodSecret || len(web.ClientSecrets) != 2 || web.DefaultMaxAge != nil ||
		string(web.Claims) != `{"a":2,"b":1}` || !web.EnableEndSession || web.SubjectType != "public" || len(web.JWKS) != 0 {
		t.Errorf("web: %+v", web)
	}
}

// TestClientsThatCannotBe stop the start with one line that names key and cure.
func TestClientsThatCannotBe(t *testing.T) {
	const public = "[[client]]\nclient_id = 'a'\nredirect_uris = ['https://a.example/cb']\n"
	const secret = public + "client_secret = '" + goodSecret + "'\n"
	const keys = public + "jwks_uri = 'https://a.example/jwks'\n"
	for name, test := range map[string]struct{ text, want string }{
		"keys that are not there":                 {public + "token_endpoint_auth_method = 'private_key_jwt'", `jwks (FILE) is empty; allowed: its public keys here or at jwks_uri, for token_endpoint_auth_method = "private_key_jwt"`},
		"keys in two places":                      {keys + "jwks = { keys = [] }", `jwks_uri (FILE) is "https://a.example/jwks" beside jwks; allowed: one of them`},
		"keys and a secret":                       {secret + "token_endpoint_auth_method = 'private_key_jwt'\njwks_uri = 'https://a.example/jwks'", `token_endpoint_auth_method (FILE) is "private_key_jwt" beside a client_secret; allowed: jwks or jwks_uri alone, with this method`},
		"keys that are no table":                  {public + "jwks = 'none'", `jwks (FILE) is "none"; allowed: a table, or the JSON of an object`},
		"keys that are a number":                  {public + "jwks = 7", `jwks (FILE) is 7; allowed: a table, or the JSON of an object`},
		"a short one of several secrets":          {secret + "client_secrets = ['hunter2']", "client_secrets (FILE) is 7 characters long (number 2); allowed: at least 32 characters each"},
		"six secrets":                             {secret + "client_secrets = ['1', '2', '3', '4', '5']", "client_secrets (FILE) is 6 secrets; allowed: at most 5 at once"},
		"a machine without a secret":              {public + "grant_types = ['client_credentials']", `grant_types (FILE) is "client_credentials" of a client without a secret; allowed: it with a client_secret, jwks or jwks_uri (RFC 6749 section 4.4)`},
		"a public client that exchanges":          {public + "grant_types = ['urn:ietf:params:oauth:grant-type:token-exchange']", `grant_types (FILE) is token-exchange of a client without a secret; allowed: it with a client_secret, jwks or jwks_uri`},
		"scopes of a grant that it does not have": {secret + "client_credentials_scopes = ['email']", `client_credentials_scopes (FILE) is set; allowed: it with "client_credentials" among grant_types`},
		"exchange without the grant":              {secret + "token_exchange = ['*']", `token_exchange (FILE) is set; allowed: it with "urn:ietf:params:oauth:grant-type:token-exchange" among grant_types`},
		"a session for nobody":                    {public + "backchannel_logout_session_required = true", "backchannel_logout_session_required (FILE) is true; allowed: it with backchannel_logout_uri"},
		"a session for no frame":                  {public + "frontchannel_logout_session_required = true", "frontchannel_logout_session_required (FILE) is true; allowed: it with frontchannel_logout_uri"},
		"a logout address that is none":           {public + "backchannel_logout_uri = 'javascript:x'", `backchannel_logout_uri (FILE) is "javascript:x"; allowed: an http or https URL`},
		"a subject type that is not known":        {public + "subject_type = 'secret'", `subject_type (FILE) is "secret"; allowed: public, pairwise`},
		"a profile that is not known":             {public + "profile = 'fapi1'", `profile (FILE) is "fapi1"; allowed: fapi2`},
		"a format that is not known":              {public + "access_token_format = 'saml'", `access_token_format (FILE) is "saml"; allowed: opaque, jwt`},
		"an age without a unit":                   {public + "default_max_age = '60'", `default_max_age (FILE) is "60"; allowed: a duration such as 7d, 24h or 5m, from 0s to 400d`},
	} {
		t.Run(name, func(t *testing.T) {
			_, dir, err := load(t, test.text)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(err.Error(), filepath.Join(dir, "authd.toml"), "FILE")
			if got != "client[0]."+test.want || strings.Contains(got, "hunter2") {
				t.Errorf("got:  %s\nwant: client[0].%s", got, test.want)
			}
		})
	}
}
