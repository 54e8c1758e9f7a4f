package oidc_test

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"authd/auth/oidc"
)

// What the metadata document says of grants, of how clients prove themselves, and
// of the bodies that carry tokens.

const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"

func (d discovered) proveGrants(said any) {
	d.t.Helper()
	basic := func(p party) string { return p.id + ":" + p.secret }
	app := d.party(oidc.Client{})
	refused := d.party(oidc.Client{GrantTypes: []string{"authorization_code"}})
	works := map[string]func(){
		"authorization_code": func() { d.tokensOf(app, nil) },
		"refresh_token": func() {
			token, has := d.tokensOf(app, nil)["refresh_token"].(string)
			if has != strings.Contains(d.scopes(), "offline_access") {
				d.t.Errorf("a refresh token: %v", has)
			}
			if has {
				d.refresh(basic(app), token, nil).json(200)
			} else { // nobody gets one; the grant is known all the same
				d.refresh(basic(app), "x", nil).refused(400, "invalid_grant")
			}
		},
		grantOwn: func() {
			if !strings.Contains(d.scopes(), "things") { // no scope here is a machine's; the grant is known all the same
				_, machine := d.machine()
				d.own(machine, nil).refused(400, "unauthorized_client")
				return
			}
			_, machine := d.machine("things")
			d.own(machine, nil).json(200)
		},
		grantExchange: func() {
			changer := d.party(oidc.Client{GrantTypes: []string{grantExchange}, RedirectURIs: []string{}, Settings: oidc.Settings{TokenExchange: []string{app.id}}})
			d.exchange(basic(changer), d.tokensOf(app, nil)["access_token"].(string), nil).json(200)
		},
		grantDevice: d.proveDevice,
	}
	d.each(said, []string{
		"password", "implicit", grantDevice, "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer",
		"urn:openid:params:grant-type:ciba", "",
	}, func(grant string) {
		if works[grant] == nil {
			d.t.Fatalf("%s is listed, and nothing proves it", grant)
		}
		works[grant]()
		if grant != "authorization_code" && grant != "refresh_token" { // RFC 6749 §5.2: known, but not this client's
			d.form("token", basic(refused), url.Values{"grant_type": {grant}, "refresh_token": {"x"}, "device_code": {"x"}, "subject_token": {"x"}, "subject_token_type": {typeAccess}}).
				refused(400, "unauthorized_client")
		}
	}, func(grant string) {
		want := "unsupported_grant_type"
		if grant == "" {
			want = "invalid_request"
		}
		d.form("token", basic(app), url.Values{"grant_type": {grant}, "device_code": {"x"}}).refused(400, want)
	})
}

// proveDevice: RFC 8628 §3, with Ada at the page.
func (d discovered) proveDevice() {
	d.t.Helper()
	tv, _ := d.client(oidc.Client{TokenEndpointAuthMethod: "none", GrantTypes: []string{grantDevice}, RedirectURIs: []string{}})
	begin := httptest.NewRequest("POST", "/api/auth/device/code", strings.NewReader(url.Values{"client_id": {tv}, "scope": {"openid"}}.Encode()))
	begin.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked := d.do(begin).json(200)
	b := d.ada()
	b.get("/api/auth/device?user_code=" + url.QueryEscape(asked["user_code"].(string))).json(200)
	b.do(jsonRequest("POST", "/api/auth/device/approve", map[string]any{"userCode": asked["user_code"]})).json(200)
	d.pass(5 * time.Second)
	poll := url.Values{"grant_type": {grantDevice}, "client_id": {tv}, "device_code": {asked["device_code"].(string)}}
	if d.form("token", "", poll).json(200)["access_token"] == nil {
		d.t.Error("no token for the device")
	}
}

// registered makes a client that proves itself in the given way, if the server lets it.
func (d discovered) registered(method string) (party, error) {
	key := newKey(d.t, "ES256")
	c := oidc.Client{TokenEndpointAuthMethod: method, RedirectURIs: []string{callback}, IDTokenSignedResponseAlg: "EdDSA"}
	if method == "private_key_jwt" {
		c.JWKS = keySet(d.t, key)
	}
	made, secret, err := d.srv.OIDC.CreateClient(d.t.Context(), c, "")
	if err != nil {
		return party{}, err
	}
	p := party{id: made.ID, secret: secret, method: method}
	switch method {
	case "none":
		p.form = func() url.Values { return url.Values{"client_id": {p.id}} }
	case "client_secret_post":
		p.form = func() url.Values { return url.Values{"client_id": {p.id}, "client_secret": {secret}} }
	case "private_key_jwt":
		p.form = func() url.Values { return asserting(signed(d.t, key, "ES256", nil, d.assertion(p.id, nil))) }
	}
	return p, nil
}

// at asks an endpoint about a token of the party's own.
func (d discovered) at(endpoint string, p party) *answer {
	d.t.Helper()
	form := url.Values{"token": {"x"}}
	if endpoint == "token" {
		form = redeeming(d.ask(p, nil).Get("code"), nil)
	} else {
		form.Set("token", d.tokensOf(p, nil)["access_token"].(string))
	}
	basic, form := p.with(form)
	return d.form(endpoint, basic, form)
}

// unproved: RFC 6749 §5.2: 400 does as well where nothing came in a header.
func (d discovered) unproved(a *answer) {
	d.t.Helper()
	if got := a.json(a.Code); a.Code != 400 && a.Code != 401 || got["error"] != "invalid_client" {
		d.t.Errorf("answered %d %v", a.Code, got)
	}
}

func (d discovered) proveMethods(endpoint string, said any) {
	d.t.Helper()
	d.each(said, []string{"none", "client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"},
		func(method string) {
			p, err := d.registered(method)
			if err != nil {
				d.t.Fatalf("%s is listed: %v", method, err)
			}
			if a := d.at(endpoint, p); a.Code != 200 || endpoint == "introspect" && a.json(200)["active"] != true {
				d.t.Errorf("%s with %s answers %d %s", endpoint, method, a.Code, a.Body)
			}
		}, func(method string) {
			p, err := d.registered(method)
			if err == nil { // known elsewhere, such as none
				d.unproved(d.at(endpoint, p))
				return
			}
			if method == "client_secret_jwt" {
				p = d.party(oidc.Client{})
				p.form = func() url.Values {
					return asserting(signed(d.t, []byte(p.secret), "HS256", nil, d.assertion(p.id, nil)))
				}
				_, form := p.with(url.Values{"token": {"x"}, "grant_type": {"client_credentials"}})
				d.unproved(d.form(endpoint, "", form))
			}
		})
}

// unlistedAlgs are signatures that exist (RFC 7518 §3.1, RFC 8812), made with a key or a secret.
func unlistedAlgs() []string { return []string{"HS256", "RS384", "RS512", "PS384", "PS512", "none"} }

// badly is a JWT with a signature that no list has.
func (d discovered) badly(alg string, header, claims map[string]any) string {
	d.t.Helper()
	switch alg {
	case "HS256":
		return signed(d.t, []byte(strings.Repeat("k", 32)), alg, header, claims)
	case "none":
		_, body, _ := parts(signed(d.t, testRSA(), "RS256", header, claims))
		return "eyJhbGciOiJub25lIn0." + body + "."
	default:
		return signed(d.t, testRSA(), alg, header, claims)
	}
}

func (d discovered) proveAssertions(endpoint string, said any) {
	d.t.Helper()
	d.each(said, unlistedAlgs(), func(alg string) {
		key := newKey(d.t, alg)
		p := d.party(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(d.t, key)})
		p.form = func() url.Values { return asserting(signed(d.t, key, alg, nil, d.assertion(p.id, nil))) }
		if a := d.at(endpoint, p); a.Code != 200 {
			d.t.Errorf("%s with %s answers %d %s", endpoint, alg, a.Code, a.Body)
		}
	}, func(alg string) {
		id, _ := d.client(oidc.Client{TokenEndpointAuthMethod: "private_key_jwt", JWKS: keySet(d.t, testRSA())})
		form := asserting(d.badly(alg, nil, d.assertion(id, nil)))
		form["token"], form["grant_type"] = []string{"x"}, []string{"client_credentials"}
		d.unproved(d.form(endpoint, "", form))
	})
}

// proveSignatures: each body that can be signed is, with each algorithm, and with
// a key that is published.
func (d discovered) proveSignatures(body string, said any) {
	d.t.Helper()
	with := func(alg string) oidc.Client {
		c := oidc.Client{RedirectURIs: []string{callback}, SkipConsent: true}
		switch body {
		case "id_token":
			c.IDTokenSignedResponseAlg = alg
		case "userinfo":
			c.Settings.UserinfoAlg = alg
		default:
			c.Settings.IntrospectionAlg = alg
		}
		return c
	}
	d.each(said, append(unlistedAlgs(), "PS256"), func(alg string) {
		p := d.party(with(alg))
		tokens := d.tokensOf(p, nil)
		token, _ := tokens["id_token"].(string)
		switch access := tokens["access_token"].(string); body {
		case "userinfo":
			token = d.userinfo(access).Body.String()
		case "introspection": // RFC 9701 §4
			r := httptest.NewRequest("POST", "/api/auth/oauth2/introspect", strings.NewReader(url.Values{"token": {access}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", "application/token-introspection+jwt")
			r.SetBasicAuth(p.id, p.secret)
			token = d.do(r).Body.String()
		}
		if _, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)}); err != nil {
			d.t.Fatalf("%s with %s: %v in %s", body, alg, err, token)
		}
		if claims := d.claims(token); claims["iss"] != issuer {
			d.t.Errorf("%s with %s: %v", body, alg, claims)
		}
	}, func(alg string) {
		if _, _, err := d.srv.OIDC.CreateClient(d.t.Context(), with(alg), ""); err == nil {
			d.t.Errorf("a client may want %s as %s, which is not listed", body, alg)
		}
	})
}

// proveProofs: RFC 9449 §5.1, §7.1.
func (d discovered) proveProofs(said any) {
	d.t.Helper()
	p := d.party(oidc.Client{SkipConsent: true})
	redeem := func(prove func(claims map[string]any) string) *answer {
		code, claims := d.ask(p, nil).Get("code"), map[string]any{}
		a := d.proving("token", p.id+":"+p.secret, redeeming(code, nil), prove(claims))
		if nonce := a.Header().Get("DPoP-Nonce"); nonce != "" { // RFC 9449 §8
			claims["nonce"] = nonce
			a = d.proving("token", p.id+":"+p.secret, redeeming(code, nil), prove(claims))
		}
		return a
	}
	d.each(said, unlistedAlgs(), func(alg string) {
		key := newKey(d.t, alg)
		a := redeem(func(claims map[string]any) string { return d.proof(key, alg, "POST", tokenURL, claims) })
		if a.json(200)["token_type"] != "DPoP" {
			d.t.Errorf("%s: %s", alg, a.Body)
		}
	}, func(alg string) {
		a := redeem(func(claims map[string]any) string {
			claims["jti"], claims["htm"], claims["htu"], claims["iat"] = "proof of "+alg, "POST", tokenURL, d.clock(d.t.Context()).Unix()
			return d.badly(alg, map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: testRSA().Public()}}, claims)
		})
		a.refused(400, "invalid_dpop_proof")
	})
	key := newKey(d.t, "ES256")
	challenge := d.show("DPoP", "x", d.proof(key, "ES256", "GET", userinfoURL, ath("x"))).Header().Get("WWW-Authenticate")
	if _, algs, _ := strings.Cut(challenge, `algs="`); !slices.Equal(strings.Fields(strings.SplitN(algs, `"`, 2)[0]), texts(said)) {
		d.t.Errorf("the challenge has other algorithms: %s", challenge)
	}
}
