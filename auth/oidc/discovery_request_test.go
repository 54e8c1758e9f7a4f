package oidc_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/oidc"
)

// What the metadata document says of authorization requests, of who signed in, and
// of signing out.

func (d discovered) proveIssuer(said any) {
	d.t.Helper()
	if tokens := d.tokensOf(d.party(oidc.Client{}), nil); said != issuer || d.claims(tokens["id_token"])["iss"] != said {
		d.t.Errorf("it says %v", said)
	}
}

// proveIss: RFC 9207 §2, in answers and in errors.
func (d discovered) proveIss(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{})
	for _, change := range []url.Values{nil, {"scope": {"bogus"}}} {
		if h := d.ask(p, change); said != true || h.Get("iss") != issuer {
			d.t.Errorf("it says %v, and answers %v", said, h.Values)
		}
	}
}

func (d discovered) proveScopes(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{})
	d.each(said, []string{"profile", "email", "offline_access", "address", "phone", "groups", "things", "read:things"}, func(scope string) {
		if got := d.tokensOf(p, url.Values{"scope": {scope}})["scope"]; got != scope {
			d.t.Errorf("%s gives %v", scope, got)
		}
	}, func(scope string) {
		d.fails(d.ask(p, url.Values{"scope": {scope}}), "invalid_scope")
	})
}

func (d discovered) fails(h heard, want string) {
	d.t.Helper()
	if h.Get("error") != want || h.Has("code") {
		d.t.Errorf("answered %v at %q, want %s", h.Values, h.page, want)
	}
}

func (d discovered) proveResponseTypes(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{})
	d.each(said, []string{"token", "id_token", "id_token token", "code token", "code id_token", "code id_token token", "none"}, func(kind string) {
		h := d.ask(p, url.Values{"response_type": {kind}})
		if kind != "code" || h.Get("code") == "" || h.Has("access_token") || h.Has("id_token") {
			d.t.Errorf("%s gives %v", kind, h.Values)
		}
	}, func(kind string) { d.fails(d.ask(p, url.Values{"response_type": {kind}}), "unsupported_response_type") })
}

func (d discovered) proveResponseModes(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{})
	d.each(said, []string{"web_message", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"}, func(mode string) {
		if h := d.ask(p, url.Values{"response_mode": {mode}}); h.mode != mode || h.Get("code") == "" {
			d.t.Errorf("%s comes by %s with %v", mode, h.mode, h.Values)
		}
	}, func(mode string) { d.fails(d.ask(p, url.Values{"response_mode": {mode}}), "invalid_request") })
}

// proveChallenges: RFC 7636 §4.2; the tokens of every other proof come by S256.
func (d discovered) proveChallenges(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{})
	d.each(said, []string{"plain", "S512", ""}, func(method string) {
		d.tokensOf(p, url.Values{"code_challenge_method": {method}})
	}, func(method string) {
		d.fails(d.ask(p, url.Values{"code_challenge_method": {method}, "code_challenge": {verifier}}), "invalid_request")
	})
}

// proveSubjects: OpenID Connect Core §8.
func (d discovered) proveSubjects(said any) {
	d.t.Helper()
	sub := func(kind, redirect string) any {
		p := d.party(oidc.Client{SubjectType: kind, RedirectURIs: []string{redirect}})
		return d.claims(d.tokensOf(p, url.Values{"redirect_uri": {redirect}})["id_token"])["sub"]
	}
	d.each(said, []string{"ephemeral"}, func(kind string) {
		if same := sub(kind, callback) == sub(kind, "https://other.example/callback"); same != (kind == "public") {
			d.t.Errorf("%s: two sectors know the same name: %v", kind, same)
		}
	}, func(kind string) {
		if _, _, err := d.srv.OIDC.CreateClient(d.t.Context(), oidc.Client{SubjectType: kind, RedirectURIs: []string{callback}}, ""); err == nil {
			d.t.Errorf("%s can be registered", kind)
		}
	})
}

func (d discovered) proveLevels(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{SkipConsent: true})
	essential := func(level string) url.Values {
		return url.Values{"claims": {`{"id_token":{"acr":{"essential":true,"value":"` + level + `"}}}`}}
	}
	d.each(said, []string{"urn:x"}, func(level string) {
		if got := d.claims(d.tokensOf(p, essential(level))["id_token"])["acr"]; got != level {
			d.t.Errorf("%s gives %v", level, got)
		}
	}, func(level string) { d.fails(d.ask(p, essential(level)), "unmet_authentication_requirements") })
}

// proveClaims: what is listed is told, and nothing else is: in the ID token and at
// userinfo together, by scopes and by name.
func (d discovered) proveClaims(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{PostLogoutRedirectURIs: []string{goodbye}})
	byName := map[string]any{}
	for _, name := range append(texts(said), "preferred_username", "phone_number", "address", "roles") {
		byName[name] = nil
	}
	asked, err := json.Marshal(map[string]any{"userinfo": byName, "id_token": byName})
	if err != nil {
		d.t.Fatal(err)
	}
	tokens := d.tokensOf(p, url.Values{"claims": {string(asked)}})
	told := d.claims(tokens["id_token"])
	maps.Copy(told, d.userinfo(tokens["access_token"].(string)).json(200))
	want := texts(said)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, want) {
		d.t.Errorf("it says %v, and tells %v", want, got)
	}
}

// proveClaimsParameter: OpenID Connect Core §5.5.
func (d discovered) proveClaimsParameter(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{})
	tokens := d.tokensOf(p, url.Values{"claims": {`{"id_token":{"email":null}}`}})
	if got := d.claims(tokens["id_token"])["email"]; said != true || got != "ada@example.com" {
		d.t.Errorf("it says %v, and tells %v", said, got)
	}
}

// provePrompts: OpenID Connect Core §3.1.2.1, Initiating User Registration §4.
func (d discovered) provePrompts(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{SkipConsent: true})
	at := func(b *browser, prompt string) heard {
		return d.send(b, p, request(p.id, url.Values{"scope": {d.scopes()}, "prompt": {prompt}}))
	}
	pages := map[string]string{"login": "/login", "consent": "/consent", "select_account": "/select-account", "create": "/signup"}
	d.each(said, []string{"bogus", "LOGIN", "admin_consent"}, func(prompt string) {
		b := d.ada()
		if prompt == "create" {
			b = d.anonymous()
		}
		h := at(b, prompt)
		if prompt == "none" {
			d.fails(at(d.anonymous(), prompt), "login_required")
			if h.Get("code") == "" {
				d.t.Errorf("none: %v at %q", h.Values, h.page)
			}
		} else if pages[prompt] == "" || h.page != pages[prompt] {
			d.t.Errorf("%s leads to %q", prompt, h.page)
		}
	}, func(prompt string) { d.fails(at(d.ada(), prompt), "invalid_request") })
}

// object is a request object of the usual request, sent by value.
func (d discovered) sendObject(p party, object string) heard {
	d.t.Helper()
	return d.send(d.ada(), p, url.Values{"client_id": {p.id}, "request": {object}, "scope": {"openid"}, "response_type": {"code"}, "redirect_uri": {callback}})
}

// proveObjects: RFC 9101 §6, §10.5.
func (d discovered) proveObjects(said any) {
	d.t.Helper()
	claims := func(id string) map[string]any { return object(id, map[string]any{"scope": "openid"}) }
	d.each(said, unlistedAlgs(), func(alg string) {
		key := newKey(d.t, alg)
		p := d.party(oidc.Client{JWKS: keySet(d.t, key), SkipConsent: true})
		text := ""
		if alg == "none" {
			text = d.badly(alg, nil, claims(p.id))
		} else {
			text = signed(d.t, key, alg, nil, claims(p.id))
		}
		if h := d.sendObject(p, text); h.Get("code") == "" || h.Get("state") != "st4te" {
			d.t.Errorf("%s: %v at %q", alg, h.Values, h.page)
		}
	}, func(alg string) {
		p := d.party(oidc.Client{JWKS: keySet(d.t, testRSA())})
		want := "invalid_request_object"
		if alg == "none" {
			want = "request_not_supported"
		}
		d.fails(d.sendObject(p, d.badly(alg, nil, claims(p.id))), want)
	})
}

func (d discovered) proveObjectParameter(said any) {
	d.t.Helper()
	if said != true || len(texts(d.doc["request_object_signing_alg_values_supported"])) == 0 { // each of which is taken
		d.t.Errorf("it says %v", said)
	}
}

// byReference has a client ask by the address of a request object.
func (d discovered) byReference(registered, asked string) (heard, bool) {
	d.t.Helper()
	key := newKey(d.t, "ES256")
	p := d.party(oidc.Client{JWKS: keySet(d.t, key), SkipConsent: true, Settings: oidc.Settings{RequestURIs: []string{registered}}})
	d.outside.put(asked, site{kind: "application/oauth-authz-req+jwt", body: signed(d.t, key, "ES256", nil, object(p.id, map[string]any{"scope": "openid"}))})
	before := d.outside.requests()
	b := d.ada()
	h := d.hear(b, b.authorize(request(p.id, url.Values{"request_uri": {asked}, "scope": {"openid"}})))
	return h, d.outside.requests() > before
}

// proveReference: OpenID Connect Core §6.2.
func (d discovered) proveReference(said any) {
	d.t.Helper()
	h, fetched := d.byReference("https://app.example/request", "https://app.example/request")
	if works := h.Get("code") != ""; works != said || fetched != said {
		d.t.Errorf("it says %v, works: %v, fetched: %v", said, works, fetched)
	}
	if want := "request_uri_not_supported"; said == false && d.doc["require_pushed_authorization_requests"] == false {
		d.fails(h, want)
	}
}

func (d discovered) proveReferenceRegistration(said any) {
	d.t.Helper()
	h, fetched := d.byReference("https://app.example/request", "https://app.example/other")
	if h.Get("code") != "" || fetched || said == true && h.Get("error") != "invalid_request_uri" {
		d.t.Errorf("it says %v, answered %v, fetched: %v", said, h.Values, fetched)
	}
	if said != d.doc["request_uri_parameter_supported"] {
		d.t.Errorf("it says %v, and request_uri is %v", said, d.doc["request_uri_parameter_supported"])
	}
}

// provePushRequired: RFC 9126 §5.
func (d discovered) provePushRequired(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{SkipConsent: true})
	b := d.ada()
	h := d.hear(b, b.authorize(request(p.id, url.Values{"scope": {"openid"}})))
	if h.Has("code") == (said == true) {
		d.t.Errorf("it says %v, and a request that was not pushed is answered %v", said, h.Values)
	}
	basic, form := p.with(request(p.id, url.Values{"scope": {"openid"}}))
	if h := d.hear(b, b.authorize(byURI(p.id, d.push(basic, form)))); h.Get("code") == "" {
		d.t.Errorf("pushed: %v", h.Values)
	}
}

// proveDocuments: a client id that is the address of what the client says of itself.
func (d discovered) proveDocuments(said any) {
	d.t.Helper()
	const id = "https://app.example/client.json"
	d.outside.put(id, site{body: `{"client_id":"` + id + `","client_name":"App","redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"none"}`})
	p := party{id: id, method: "none", form: func() url.Values { return url.Values{"client_id": {id}} }}
	h := d.ask(p, nil)
	if works := h.Get("code") != ""; works != (said == true) {
		d.t.Errorf("it says %v, answered %v", said, h.Values)
	}
}

// leaving signs Ada out of a client that wants to hear of it.
func (d discovered) leaving(c oidc.Client) (id map[string]any, page *answer) {
	d.t.Helper()
	c.SkipConsent, c.PostLogoutRedirectURIs = true, []string{goodbye}
	p := d.party(c)
	b := d.anonymous()
	b.signIn(nil).json(200)
	h := d.send(b, p, request(p.id, url.Values{"scope": {"openid"}}))
	basic, form := p.with(redeeming(h.Get("code"), nil))
	token := d.form("token", basic, form).json(200)["id_token"].(string)
	return d.claims(token), b.leave(url.Values{"id_token_hint": {token}})
}

// proveBackchannel: Back-Channel Logout §2.2, §2.4.
func (d discovered) proveBackchannel(said any, session bool) {
	d.t.Helper()
	hears := listen(d.t)
	id, _ := d.leaving(oidc.Client{BackchannelLogoutURI: hears.URL, BackchannelLogoutSID: session})
	heard := hears.heard()
	if said != true || len(heard) != 1 {
		d.t.Fatalf("it says %v, and told %q", said, heard)
	}
	token, err := jwt.ParseSigned(heard[0], []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(token.Headers) != 1 {
		d.t.Fatal(err)
	}
	if got := d.claims(heard[0]); got["sub"] != id["sub"] || session && (got["sid"] == nil || got["sid"] != id["sid"]) {
		d.t.Errorf("told %v", got)
	}
}

// proveFrontchannel: Front-Channel Logout §2, §3.
func (d discovered) proveFrontchannel(said any, session bool) {
	d.t.Helper()
	id, page := d.leaving(oidc.Client{FrontchannelLogoutURI: "https://app.example/bye", FrontchannelLogoutSID: session})
	want := `<iframe src="https://app.example/bye`
	if session {
		want += "?iss=" + url.QueryEscape(issuer) + "&amp;sid=" + id["sid"].(string) + `"`
	}
	if said != true || !strings.Contains(page.Body.String(), want) {
		d.t.Errorf("it says %v, and the page has no %s", said, want)
	}
}
