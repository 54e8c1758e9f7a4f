package oidc_test

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"authd/auth/oidc"
)

// discovered is what a server says of itself, to be held against the server.
type discovered struct {
	*world
	doc map[string]any
}

const (
	own             = "AUTHD_OAUTH_PROVIDER__"
	namesAndNumbers = "usernames and phone numbers"
)

// TestDiscovery takes the metadata document at its word, field by field, under
// several configurations: what it lists works, what it does not list is refused,
// and nothing stands there unproved (OpenID Connect Discovery §3, RFC 8414 §2).
func TestDiscovery(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"as it comes":                   nil,
		"registration for everybody":    {own + "ALLOW_DYNAMIC_CLIENT_REGISTRATION": "true", own + "ALLOW_UNAUTHENTICATED_CLIENT_REGISTRATION": "true"},
		"registration for who may":      {own + "ALLOW_DYNAMIC_CLIENT_REGISTRATION": "true"},
		"requests by reference":         {own + "REQUEST_URI": "true"},
		"no devices":                    {"AUTHD_DEVICE_AUTHORIZATION__ENABLED": "false"},
		"pushed requests, fresh proofs": {own + "REQUIRE_PUSHED_AUTHORIZATION_REQUESTS": "true", own + "DPOP_NONCE": "true"},
		"clients by documents":          {own + "CLIENT_ID_METADATA_DOCUMENTS": "true"},
		"no tokens for services":        {"AUTHD_JWT__ENABLED": "false"},
		"few scopes":                    {own + "SCOPES": "openid,email"},
		"own scopes, claims and levels": {
			own + "SCOPES": "openid,profile,email,offline_access,things", own + "SCOPE_CLAIMS": "things made created_at",
			own + "ACR_SINGLE_FACTOR": "urn:one", own + "ACR_MULTI_FACTOR": "urn:two",
		},
		namesAndNumbers: {"AUTHD_USERNAME__ENABLED": "true", "AUTHD_PHONE_NUMBER__ENABLED": "true", "AUTHD_SMS__URL": "https://sms.example.com/", "AUTHD_SMS__SECRET": "a-secret-of-more-than-thirty-two-characters"},
		"APIs":          {"toml": "[[oauth_provider.resources]]\nidentifier = \"" + issuer + "/mcp\"\nallowed_scopes = [\"email\"]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, maps.Clone(env))
			if name == namesAndNumbers {
				data := map[string]any{"username": "ada", "phoneNumber": "+15550001234", "phoneNumberVerified": true}
				if _, err := w.srv.Admin.Update(t.Context(), "ada@example.com", data); err != nil {
					t.Fatal(err)
				}
			}
			d := discovered{w, w.anonymous().get("/.well-known/openid-configuration").json(200)}
			proofs := d.proofs()
			for field := range d.doc {
				if proofs[field] == nil {
					t.Errorf("it says %s, which nothing proves", field)
				}
			}
			proofs["(CORS)"] = func(any) { d.proveCORS() }
			for _, field := range slices.Sorted(maps.Keys(proofs)) {
				t.Run(field, func(t *testing.T) {
					w.t = t
					proofs[field](d.doc[field])
				})
			}
		})
	}
}

// proofs are the fields, each with what proves its value; nil stands for a field
// that is not there.
func (d discovered) proofs() map[string]func(said any) {
	proofs := map[string]func(said any){
		"issuer": d.proveIssuer,
		"authorization_response_iss_parameter_supported": d.proveIss,
		"scopes_supported":                                         d.proveScopes,
		"response_types_supported":                                 d.proveResponseTypes,
		"response_modes_supported":                                 d.proveResponseModes,
		"grant_types_supported":                                    d.proveGrants,
		"token_endpoint_auth_methods_supported":                    func(said any) { d.proveMethods("token", said) },
		"introspection_endpoint_auth_methods_supported":            func(said any) { d.proveMethods("introspect", said) },
		"revocation_endpoint_auth_methods_supported":               func(said any) { d.proveMethods("revoke", said) },
		"token_endpoint_auth_signing_alg_values_supported":         func(said any) { d.proveAssertions("token", said) },
		"introspection_endpoint_auth_signing_alg_values_supported": func(said any) { d.proveAssertions("introspect", said) },
		"revocation_endpoint_auth_signing_alg_values_supported":    func(said any) { d.proveAssertions("revoke", said) },
		"code_challenge_methods_supported":                         d.proveChallenges,
		"subject_types_supported":                                  d.proveSubjects,
		"id_token_signing_alg_values_supported":                    func(said any) { d.proveSignatures("id_token", said) },
		"userinfo_signing_alg_values_supported":                    func(said any) { d.proveSignatures("userinfo", said) },
		"introspection_signing_alg_values_supported":               func(said any) { d.proveSignatures("introspection", said) },
		"acr_values_supported":                                     d.proveLevels,
		"claims_supported":                                         d.proveClaims,
		"claims_parameter_supported":                               d.proveClaimsParameter,
		"prompt_values_supported":                                  d.provePrompts,
		"request_object_signing_alg_values_supported":              d.proveObjects,
		"request_parameter_supported":                              d.proveObjectParameter,
		"request_uri_parameter_supported":                          d.proveReference,
		"require_request_uri_registration":                         d.proveReferenceRegistration,
		"require_pushed_authorization_requests":                    d.provePushRequired,
		"dpop_signing_alg_values_supported":                        d.proveProofs,
		"client_id_metadata_document_supported":                    d.proveDocuments,
		"backchannel_logout_supported":                             func(said any) { d.proveBackchannel(said, false) },
		"backchannel_logout_session_supported":                     func(said any) { d.proveBackchannel(said, true) },
		"frontchannel_logout_supported":                            func(said any) { d.proveFrontchannel(said, false) },
		"frontchannel_logout_session_supported":                    func(said any) { d.proveFrontchannel(said, true) },
	}
	for field, at := range map[string][2]string{ // the method it takes, and where
		"authorization_endpoint":                {"GET", "/api/auth/oauth2/authorize"},
		"token_endpoint":                        {"POST", "/api/auth/oauth2/token"},
		"jwks_uri":                              {"GET", "/.well-known/jwks.json"},
		"userinfo_endpoint":                     {"GET", "/api/auth/oauth2/userinfo"},
		"introspection_endpoint":                {"POST", "/api/auth/oauth2/introspect"},
		"revocation_endpoint":                   {"POST", "/api/auth/oauth2/revoke"},
		"pushed_authorization_request_endpoint": {"POST", "/api/auth/oauth2/par"},
		"registration_endpoint":                 {"POST", register},
		"device_authorization_endpoint":         {"POST", "/api/auth/device/code"},
		"end_session_endpoint":                  {"GET", "/api/auth/oauth2/end-session"},
	} {
		proofs[field] = func(said any) { d.proveEndpoint(said, at[0], at[1]) }
	}
	return proofs
}

// proveEndpoint: it is where the document says, and nowhere when it says nothing.
// That it does its work, the other proofs show, which call it there.
func (d discovered) proveEndpoint(said any, method, path string) {
	d.t.Helper()
	status := func(method string) int { return d.do(httptest.NewRequest(method, path, nil)).Code }
	if got := status(method); said == nil && got != 404 && got != 403 { // the contract's answer at /oauth2/register
		d.t.Errorf("%s answers %d, and the document does not say so", path, got)
	} else if said != nil && (said != issuer+path || got == 404 || got == 405 || got >= 500) {
		d.t.Errorf("it says %v; %s %s answers %d", said, method, path, got)
	}
	if said == nil {
		return
	}
	if path == register {
		d.proveRegistration()
	}
}

// proveRegistration: a client that registers itself works. Without an open door a
// person who is signed in may.
func (d discovered) proveRegistration() {
	d.t.Helper()
	made := d.ada().do(jsonRequest("POST", register, map[string]any{"redirect_uris": []string{callback}})).json(201)
	p := party{id: made["client_id"].(string), secret: made["client_secret"].(string), method: "client_secret_basic"}
	d.tokensOf(p, nil)
}

// proveCORS: pages of any origin may call what apps without a server of their own
// need, and never as the person who is signed in (Fetch §3.2).
func (d discovered) proveCORS() {
	d.t.Helper()
	open := map[string]string{
		"/.well-known/openid-configuration": "GET", "/.well-known/oauth-authorization-server": "GET", "/api/auth/.well-known/openid-configuration": "GET",
		"/.well-known/jwks.json": "GET", "/api/auth/jwks": "GET", "/api/auth/oauth2/token": "POST", "/api/auth/oauth2/revoke": "POST",
		"/api/auth/oauth2/userinfo": "GET", "/api/auth/oauth2/par": "POST",
	}
	if d.doc["registration_endpoint"] != nil {
		open[register] = "POST"
	}
	ask := func(method, path, preflight string) (allowed, credentials, headers string) {
		r := httptest.NewRequest(method, path, strings.NewReader(""))
		r.Header.Set("Origin", "https://anybody.example")
		if preflight != "" {
			r.Header.Set("Access-Control-Request-Method", preflight)
			r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,dpop")
		}
		h := d.do(r).Header()
		return h.Get("Access-Control-Allow-Origin"), h.Get("Access-Control-Allow-Credentials"), strings.ToLower(h.Get("Access-Control-Allow-Headers"))
	}
	for path, method := range open {
		if allowed, credentials, _ := ask(method, path, ""); allowed != "*" || credentials != "" {
			d.t.Errorf("%s: allowed %q, credentials %q", path, allowed, credentials)
		}
		allowed, credentials, headers := ask("OPTIONS", path, method)
		if allowed != "*" || credentials != "" || !strings.Contains(headers, "authorization") || !strings.Contains(headers, "dpop") || !strings.Contains(headers, "content-type") {
			d.t.Errorf("%s before the call: allowed %q, credentials %q, headers %q", path, allowed, credentials, headers)
		}
	}
	for path, method := range map[string]string{
		"/api/auth/oauth2/authorize": "GET", "/api/auth/oauth2/introspect": "POST", "/api/auth/oauth2/end-session": "GET",
		"/api/auth/oauth2/consent": "POST", "/api/auth/get-session": "GET",
	} {
		if allowed, _, _ := ask(method, path, ""); allowed != "" {
			d.t.Errorf("%s lets pages of %q read", path, allowed)
		}
	}
}

// party is a client with a way to prove itself.
type party struct {
	id, secret, method string
	form               func() url.Values // what it sends along, where that is a form's business
}

// with is a form with what the party proves itself with, and its basic credentials.
func (p party) with(form url.Values) (basic string, all url.Values) {
	all = maps.Clone(form)
	if all == nil {
		all = url.Values{}
	}
	if p.form != nil {
		maps.Copy(all, p.form())
		return "", all
	}
	return p.id + ":" + p.secret, all
}

// party makes a client that proves itself with a secret in the header.
func (d discovered) party(c oidc.Client) party {
	d.t.Helper()
	id, secret := d.client(c)
	return party{id: id, secret: secret, method: "client_secret_basic"}
}

// heard is what a client is told of its authorization request: in which way, or
// which page the person sees first.
type heard struct {
	url.Values
	mode, page string
	to         *url.URL
}

// send sends an authorization request as the server wants it: pushed, where it
// says that requests must be.
func (d discovered) send(b *browser, p party, params url.Values) heard {
	d.t.Helper()
	if d.doc["require_pushed_authorization_requests"] == true {
		basic, form := p.with(params)
		a := d.form("par", basic, form)
		if a.Code != 201 {
			refused := a.json(a.Code)
			return heard{Values: url.Values{"error": {refused["error"].(string)}, "iss": {issuer}}, to: &url.URL{}}
		}
		params = byURI(p.id, a.json(201)["request_uri"].(string))
	}
	return d.hear(b, b.authorize(params))
}

func (d discovered) hear(b *browser, to *url.URL) heard {
	d.t.Helper()
	switch {
	case to.Path == "/continue":
		action, fields, _ := b.formOf(to)
		to, _ = url.Parse(action)
		return heard{fields, "form_post", "", to}
	case strings.HasPrefix(to.String(), issuer):
		return heard{to.Query(), "", to.Path, to}
	case to.Fragment != "":
		fields, err := url.ParseQuery(to.Fragment)
		if err != nil {
			d.t.Fatal(err)
		}
		return heard{fields, "fragment", "", to}
	default:
		return heard{to.Query(), "query", "", to}
	}
}

// ask sends the usual request, changed, and allows what the person is asked for.
func (d discovered) ask(p party, change url.Values) heard {
	d.t.Helper()
	b := d.ada()
	params := request(p.id, url.Values{"scope": {d.scopes()}})
	for name, values := range change {
		params[name] = values
	}
	h := d.send(b, p, params)
	if h.page == "/consent" {
		h = d.hear(b, b.allow(h.to))
	}
	return h
}

// tokensOf takes Ada all the way to tokens.
func (d discovered) tokensOf(p party, change url.Values) map[string]any {
	d.t.Helper()
	h := d.ask(p, change)
	if h.Get("code") == "" {
		d.t.Fatalf("no code: %v %v", h.Values, h.to)
	}
	form := redeeming(h.Get("code"), nil)
	if change.Has("redirect_uri") {
		form["redirect_uri"] = change["redirect_uri"]
	}
	basic, form := p.with(form)
	return d.form("token", basic, form).json(200)
}

// scopes are all that the document lists.
func (d discovered) scopes() string { return strings.Join(texts(d.doc["scopes_supported"]), " ") }

func texts(list any) []string {
	all, _ := list.([]any)
	out := make([]string, 0, len(all))
	for _, one := range all {
		text, _ := one.(string)
		out = append(out, text)
	}
	return out
}

// each calls works for all that is listed, and refuses for every candidate that is not.
func (d discovered) each(said any, candidates []string, works, refuses func(string)) {
	d.t.Helper()
	listed := texts(said)
	if len(listed) == 0 {
		d.t.Errorf("nothing is listed: %v", said)
	}
	for _, one := range listed {
		works(one)
	}
	for _, one := range candidates {
		if !slices.Contains(listed, one) {
			refuses(one)
		}
	}
}
