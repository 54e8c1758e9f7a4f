package conformance

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// basicModules are those of oidcc-basic and oidcc-formpost-basic.
func basicModules() []module {
	return slices.Concat(codeModules(), personModules(), requestModules(), []module{
		{"oidcc-codereuse", nil, func(c *client) {
			a := c.authorized(nil)
			c.redeem(a)
			c.denied(c.token(c.code(a)), http.StatusBadRequest, "invalid_grant")
		}},
		{"oidcc-codereuse-30seconds", nil, func(c *client) {
			a := c.authorized(nil)
			t := c.redeem(a)
			c.userinfo(t.access)
			c.pass(30 * time.Second)
			c.denied(c.token(c.code(a)), http.StatusBadRequest, "invalid_grant")
			if r := c.ask("get", t.access); r.status != http.StatusUnauthorized { // RFC 6749 §4.1.2: SHOULD
				c.t.Errorf("the access token of a code that came twice: %d", r.status)
			}
		}},
		{"oidcc-server-client-secret-post", map[string]any{"token_endpoint_auth_method": "client_secret_post"}, func(c *client) { c.signIn(nil) }},
		{"oidcc-refresh-token", map[string]any{"grant_types": []string{"authorization_code", "refresh_token"}}, refreshes},
		{"oidcc-ensure-request-with-valid-pkce-succeeds", nil, func(c *client) {
			a := c.authorized(url.Values{"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}})
			form := c.code(a)
			form.Set("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") // RFC 7636 appendix B
			c.idToken(c.granted(c.token(form)), a.nonce)
		}},
	})
}

func codeModules() []module {
	userinfo := func(how string) func(c *client) {
		return func(c *client) {
			t := c.redeem(c.authorized(nil))
			if got := c.claimsOf(c.ask(how, t.access)); got["sub"] != t.id["sub"] {
				c.t.Errorf("sub is %v, want %v", got["sub"], t.id["sub"])
			}
		}
	}
	return []module{
		{"oidcc-server", nil, func(c *client) { c.signIn(nil) }},
		{"oidcc-response-type-missing", nil, func(c *client) {
			c.refused(url.Values{"response_type": {""}}, "invalid_request", "unsupported_response_type")
		}},
		{"oidcc-idtoken-signature", map[string]any{"id_token_signed_response_alg": "RS256"}, func(c *client) { c.signIn(nil) }},
		{"oidcc-idtoken-unsigned", nil, func(c *client) {
			// The suite skips the module where the metadata has no none.
			if slices.Contains(c.texts(c.t, "id_token_signing_alg_values_supported"), "none") {
				c.t.Error("ID tokens may be unsigned")
			}
			c.asked["id_token_signed_response_alg"] = "none"
			c.denied(c.register(c.asked), http.StatusBadRequest, "invalid_client_metadata")
		}},
		{"oidcc-userinfo-get", nil, userinfo("get")},
		{"oidcc-userinfo-post-header", nil, userinfo("post")},
		{"oidcc-userinfo-post-body", nil, userinfo("body")},
		{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", nil, func(c *client) { c.signIn(url.Values{"nonce": {""}}) }},
		{"oidcc-scope-profile", nil, func(c *client) { c.scope("profile") }},
		{"oidcc-scope-email", nil, func(c *client) { c.scope("email") }},
		{"oidcc-scope-address", nil, func(c *client) { c.scope("address") }},
		{"oidcc-scope-phone", nil, func(c *client) { c.scope("phone") }},
		{"oidcc-scope-all", nil, func(c *client) { c.scope("profile", "email", "address", "phone") }},
		{"oidcc-ensure-other-scope-order-succeeds", nil, func(c *client) { c.signIn(url.Values{"scope": {"email openid"}}) }},
	}
}

// scopeClaims are what a scope stands for (OpenID Connect Core §5.4).
func scopeClaims(scope string) []string {
	switch scope {
	case "profile":
		return []string{
			"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender",
			"birthdate", "zoneinfo", "locale", "updated_at",
		}
	case "email":
		return []string{"email", "email_verified"}
	case "address":
		return []string{"address"}
	default:
		return []string{"phone_number", "phone_number_verified"}
	}
}

// scope: userinfo has all claims of the scopes that the metadata says there are. The
// suite skips scopes that the metadata does not have.
func (c *client) scope(scopes ...string) {
	c.t.Helper()
	known := c.texts(c.t, "claims_supported")
	var asked, expected []string
	for _, scope := range scopes {
		there := slices.Contains(c.texts(c.t, "scopes_supported"), scope)
		for _, claim := range scopeClaims(scope) {
			switch has := slices.Contains(known, claim); {
			case has && !there:
				c.t.Errorf("the metadata has the claim %s but not its scope", claim)
			case has:
				expected = append(expected, claim)
			}
		}
		if there {
			asked = append(asked, scope)
		}
	}
	t := c.signIn(url.Values{"scope": {strings.Join(append([]string{"openid"}, asked...), " ")}})
	for _, claim := range expected {
		if t.about[claim] == nil {
			c.t.Errorf("userinfo lacks %s", claim)
		}
	}
}

// personModules are about who signs in, and when.
func personModules() []module {
	return []module{
		{"oidcc-display-page", nil, func(c *client) { c.signIn(url.Values{"display": {"page"}}) }},
		{"oidcc-display-popup", nil, func(c *client) { c.signIn(url.Values{"display": {"popup"}}) }},
		{"oidcc-prompt-login", nil, func(c *client) {
			first := c.signIn(nil)
			c.pass(time.Second)
			c.later2(first, c.signIn(url.Values{"prompt": {"login"}}), 2)
		}},
		{"oidcc-prompt-none-not-logged-in", nil, func(c *client) {
			c.refused(url.Values{"prompt": {"none"}}, "login_required")
			c.askedFor(0)
		}},
		{"oidcc-prompt-none-logged-in", nil, func(c *client) {
			first := c.signIn(nil)
			c.same(first, c.signIn(url.Values{"prompt": {"none"}}))
		}},
		{"oidcc-max-age-1", nil, func(c *client) {
			first := c.signIn(nil)
			c.pass(2 * time.Second)
			c.later2(first, c.signIn(url.Values{"max_age": {"1"}}), 2)
		}},
		{"oidcc-max-age-10000", nil, func(c *client) {
			first := c.signIn(url.Values{"max_age": {"15000"}})
			c.pass(time.Second)
			c.same(first, c.signIn(url.Values{"max_age": {"10000"}}))
		}},
		{"oidcc-id-token-hint", nil, func(c *client) {
			first := c.signIn(nil)
			c.same(first, c.signIn(url.Values{"prompt": {"none"}, "id_token_hint": {first.raw}}))
		}},
		{"oidcc-login-hint", nil, func(c *client) { c.signIn(url.Values{"login_hint": {"buffy@rp.example"}}) }},
		{"oidcc-ui-locales", nil, func(c *client) { c.signIn(url.Values{"ui_locales": {"se"}}) }},
		{"oidcc-claims-locales", nil, func(c *client) { c.signIn(url.Values{"claims_locales": {"se"}}) }},
		{"oidcc-ensure-request-with-acr-values-succeeds", nil, func(c *client) {
			wanted := c.texts(c.t, "acr_values_supported")
			t := c.signIn(url.Values{"acr_values": {strings.Join(wanted, " ")}})
			acr, _ := t.id["acr"].(string)
			c.oneOf("acr", acr, wanted...)
		}},
		{"oidcc-claims-essential", nil, func(c *client) {
			if t := c.signIn(url.Values{"claims": {`{"userinfo":{"name":{"essential":true}}}`}}); t.about["name"] != "Ada Lovelace" {
				c.t.Errorf("userinfo says %v", t.about)
			}
		}},
	}
}

// same: nobody was asked for anything between two sign-ins.
func (c *client) same(first, second *tokens) {
	c.t.Helper()
	if first.id["sub"] != second.id["sub"] || first.id["auth_time"] != second.id["auth_time"] {
		c.t.Errorf("%v and %v signed in", first.id, second.id)
	}
	c.askedFor(1)
}

// later2: the person proved who they are once more.
func (c *client) later2(first, second *tokens, times int) {
	c.t.Helper()
	if first.id["sub"] != second.id["sub"] || first.id["auth_time"].(float64) >= second.id["auth_time"].(float64) {
		c.t.Errorf("%v and %v signed in", first.id, second.id)
	}
	c.askedFor(times)
}

func (c *client) askedFor(times int) {
	c.t.Helper()
	if c.signIns != times {
		c.t.Errorf("the person was asked to sign in %d times, want %d", c.signIns, times)
	}
}

// requestModules are about what a request may have.
func requestModules() []module {
	return []module{
		{"oidcc-ensure-request-with-unknown-parameter-succeeds", nil, func(c *client) { c.signIn(url.Values{"extra": {"foobar"}}) }},
		{"oidcc-ensure-registered-redirect-uri", nil, func(c *client) {
			c.stays(c.open(c.link(c.params(url.Values{"redirect_uri": {c.at + "/callback/other"}}))))
		}},
		{"oidcc-ensure-post-request-succeeds", nil, func(c *client) {
			params := c.params(nil)
			shown := c.post(c.text(c.t, "authorization_endpoint"), c.at, "cross-site", params)
			c.redeem(c.returned(c.through(shown), params))
		}},
		{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", nil, func(c *client) {
			nonce := rand.Text()
			params := c.params(nil)
			params.Set("request", unsigned(c.t, map[string]any{
				"client_id": c.id(), "response_type": "code", "redirect_uri": c.redirect, "scope": "openid", "state": params.Get("state"), "nonce": nonce,
			}))
			a := c.returned(c.through(c.open(c.link(params))), params)
			a.nonce = nonce // OpenID Connect Core §6.1: the object counts more
			c.redeem(a)
		}},
		{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", map[string]any{"request_uris": []string{"@/request.jwt"}}, requestByReference(nil)},
		{"oidcc-ensure-request-object-with-redirect-uri", nil, func(c *client) {
			params := c.params(nil)
			object := unsigned(c.t, map[string]any{
				"client_id": c.id(), "response_type": "code", "redirect_uri": c.redirect, "scope": "openid", "state": params.Get("state"), "nonce": params.Get("nonce"),
			})
			sent := url.Values{
				"request": {object}, "client_id": {c.id()}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {c.at + "/not/registered"},
			}
			if c.mode != "" {
				sent.Set("response_mode", c.mode)
			}
			c.redeem(c.returned(c.through(c.open(c.link(sent))), params))
		}},
	}
}

// requestByReference sends a request whose parameters are at a request_uri.
func requestByReference(signs func(c *client, claims map[string]any) string) func(c *client) {
	return func(c *client) {
		params := c.params(nil)
		claims := map[string]any{"iss": c.id(), "aud": c.URL}
		for name := range params {
			claims[name] = params.Get(name)
		}
		object := ""
		if signs == nil {
			object = unsigned(c.t, claims)
		} else {
			object = signs(c, claims)
		}
		at := c.at + "/request.jwt"
		c.outside.put(c.t, at, object)
		sent := url.Values{"client_id": {c.id()}, "response_type": {"code"}, "scope": {"openid"}, "request_uri": {at}}
		c.redeem(c.returned(c.through(c.open(c.link(sent))), params))
	}
}

// stays: the person is told here, and sent nowhere.
func (c *client) stays(shown page) {
	c.t.Helper()
	if shown.away != nil || shown.status < 400 && shown.url.Path != "/error" || !strings.Contains(shown.header.Get("Content-Type"), "text/html") {
		c.t.Fatalf("answered %d at %s, away %v", shown.status, shown.url, shown.away)
	}
}

// refreshes: a refresh token gives new tokens about the same person, to the same
// client only (OpenID Connect Core §12).
func refreshes(c *client) {
	t := c.redeem(c.authorized(url.Values{"scope": {"openid offline_access"}, "prompt": {"consent"}}))
	if t.refresh == "" {
		c.t.Fatal("no refresh token")
	}
	form := func(token string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	}
	c.pass(2 * time.Second)
	next := c.granted(c.token(form(t.refresh)))
	c.idToken(next, "") // §12.2: SHOULD NOT have a nonce
	for _, claim := range []string{"iss", "sub", "aud", "azp", "auth_time"} {
		if !sameJSON(c.t, t.id[claim], next.id[claim]) {
			c.t.Errorf("%s was %v and is %v", claim, t.id[claim], next.id[claim])
		}
	}
	if t.access == next.access || t.id["iat"].(float64) >= next.id["iat"].(float64) {
		c.t.Error("the tokens are the old ones")
	}
	c.userinfo(next.access)
	other := c.suite.client(c.t, c.mode, map[string]any{"grant_types": []string{"authorization_code", "refresh_token"}})
	other.later = c.later
	current := next.refresh
	if current == "" {
		current = t.refresh
	}
	c.denied(other.token(form(current)), http.StatusBadRequest, "invalid_grant")
	c.granted(c.token(form(current)))
}
