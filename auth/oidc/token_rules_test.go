package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/oidc"
)

// TestTokenAnswers: RFC 6749 §5.1, RFC 8693 §2.2.1: what every answer with tokens has,
// whatever the grant.
func TestTokenAnswers(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, appSecret := w.client(oidc.Client{})
	basic := app + ":" + appSecret
	_, machine := w.machine("read:things")
	_, exchanger := w.exchanger(false, app)
	w.resource(oidc.Resource{Identifier: api1}, app)
	subject := w.tokens(app, appSecret)["access_token"].(string)
	b68 := regexp.MustCompile(`^[A-Za-z0-9\-._~+/]+=*$`) // RFC 6750 §2.1
	for name, c := range map[string]struct {
		answer           *answer
		refresh, idToken bool
		scope            string
	}{
		"code":                   {w.redeem(basic, w.code(app, nil), nil), true, true, "openid profile email offline_access"},
		"code, less allowed":     {w.redeem(basic, w.code(app, url.Values{"scope": {"email"}}), nil), false, false, "email"},
		"code, for a resource":   {w.redeem(basic, w.code(app, url.Values{"resource": {api1}}), nil), true, true, "openid profile email offline_access"},
		"refresh token":          {w.refresh(basic, w.tokens(app, appSecret)["refresh_token"].(string), nil), true, true, "openid profile email offline_access"},
		"refresh token, less":    {w.refresh(basic, w.tokens(app, appSecret)["refresh_token"].(string), url.Values{"scope": {"email"}}), true, false, "email"},
		"client credentials":     {w.own(machine, nil), false, false, "read:things"},
		"exchange":               {w.exchange(exchanger, subject, nil), false, false, "openid profile email"},
		"exchange, for userinfo": {w.exchange(exchanger, subject, url.Values{"scope": {"openid"}, "resource": {userinfoURL}}), false, false, "openid"},
	} {
		got := c.answer.json(200)
		head := c.answer.Header()
		if head.Get("Cache-Control") != "no-store" || head.Get("Pragma") != "no-cache" || head.Get("Content-Type") != "application/json" {
			t.Errorf("%s: 5.1: %v", name, head)
		}
		if token, _ := got["access_token"].(string); !b68.MatchString(token) || got["token_type"] != "Bearer" || got["scope"] != c.scope {
			t.Errorf("%s: 5.1: %v", name, got)
		}
		if life, _ := got["expires_in"].(float64); life != 3600 || got["expires_at"] != float64(w.clock(t.Context()).Unix()+3600) {
			t.Errorf("%s: 5.1: it lasts %v, until %v", name, got["expires_in"], got["expires_at"])
		}
		if (got["refresh_token"] != nil) != c.refresh || (got["id_token"] != nil) != c.idToken {
			t.Errorf("%s: refresh token %v, ID token %v", name, got["refresh_token"], got["id_token"])
		}
	}
}

// TestTokenErrorsAreClean: RFC 6749 §5.2: an error repeats nothing that does not
// belong into it, is JSON, and is not kept.
func TestTokenErrorsAreClean(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, secret := w.client(oidc.Client{})
	_, machine := w.machine("read:things")
	_, exchanger := w.exchanger(false, app)
	basic := app + ":" + secret
	tokens := w.tokens(app, secret)
	refresh, subject := tokens["refresh_token"].(string), tokens["access_token"].(string)
	allowed := regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]*$`)
	for _, nasty := range []string{`"><script>alert(1)</script>`, `back\slash "quote"`, "né\u202ework", "line\nbreak", strings.Repeat("long ", 500)} {
		for name, a := range map[string]*answer{
			"grant_type":            w.form("token", basic, url.Values{"grant_type": {nasty}}),
			"code":                  w.redeem(basic, nasty, nil),
			"redirect_uri":          w.redeem(basic, w.code(app, nil), url.Values{"redirect_uri": {nasty}}),
			"refresh_token":         w.refresh(basic, nasty, nil),
			"scope, of a refresh":   w.refresh(basic, refresh, url.Values{"scope": {nasty}}),
			"scope, of a machine":   w.own(machine, url.Values{"scope": {nasty}}),
			"resource":              w.own(machine, url.Values{"resource": {nasty}}),
			"subject_token_type":    w.exchange(exchanger, subject, url.Values{"subject_token_type": {nasty}}),
			"scope, of an exchange": w.exchange(exchanger, subject, url.Values{"scope": {nasty}}),
			"client_id":             w.form("token", "", url.Values{"grant_type": {grantOwn}, "client_id": {nasty}}),
			"introspection":         w.form("introspect", "", url.Values{"token": {nasty}, "client_id": {nasty}}),
			"revocation":            w.form("revoke", "", url.Values{"token": {nasty}, "client_id": {nasty}}),
		} {
			var said map[string]string
			if err := json.Unmarshal(a.Body.Bytes(), &said); err != nil || a.Code != 400 && a.Code != 401 || said["error"] == "" {
				t.Fatalf("%s: %d %s", name, a.Code, a.Body)
			}
			if !allowed.MatchString(said["error"]) || !allowed.MatchString(said["error_description"]) || len(said["error_description"]) > 400 {
				t.Errorf("%s: said %q", name, said)
			}
			if a.Header().Get("Cache-Control") != "no-store" || a.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", name, a.Header())
			}
		}
	}
	w.refresh(basic, refresh, nil).json(200) // none of that has used it up
}

// forgedRefresh is a refresh token that nobody gave away, for the grant that a JWT
// access token names.
func forgedRefresh(t *testing.T, jti string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(jti)
	if err != nil || len(raw) != 32 {
		t.Fatalf("jti %q: %v", jti, err)
	}
	return "authd_rt_" + base64.RawURLEncoding.EncodeToString(append(raw[:16:16], make([]byte, 32)...))
}

// TestForgedRefreshTokens: RFC 6749 §10.4, RFC 9700 §4.14.2: only a token that was given
// away ends its family when it comes again; whoever knows a grant's name cannot.
func TestForgedRefreshTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none"})
	me := url.Values{"client_id": {public}}
	w.resource(oidc.Resource{Identifier: api1}, public)
	tokens := w.redeem("", w.code(public, url.Values{"resource": {api1}}), me).json(200)
	good := tokens["refresh_token"].(string)
	forged := forgedRefresh(t, w.claims(tokens["access_token"])["jti"].(string))
	for _, token := range []string{forged, flip(good), good[:len(good)-4] + "AAAA"} {
		w.refresh("", token, me).refused(400, "invalid_grant")
		if a := w.form("revoke", "", merged(me, url.Values{"token": {token}})); a.Code != 200 {
			t.Errorf("RFC 7009 2.2: %d %s", a.Code, a.Body)
		}
	}
	next := w.refresh("", good, me).json(200)["refresh_token"].(string) // it lives
	// The one that was replaced was given away: who shows it ends the family, at either endpoint.
	w.form("revoke", "", merged(me, url.Values{"token": {good}}))
	w.refresh("", next, me).refused(400, "invalid_grant")
	if strings.Contains(w.log.String(), "event=oauth-replay") {
		t.Error("a made-up token was taken for a stolen one")
	}
}

// TestRevocationRules: RFC 7009 §2, §2.1, §2.2.
func TestRevocationRules(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, secret := w.client(oidc.Client{})
	_, other := w.exchanger(false, app)
	basic := app + ":" + secret
	w.resource(oidc.Resource{Identifier: api1}, app)
	type row struct {
		name, basic, token, hint      string
		opaque, jwt, refresh, another bool // what is good afterwards
	}
	for _, c := range []row{
		{"2.1: an access token goes alone", basic, "opaque", "access_token", false, true, true, true},
		{"2.1: a JWT goes alone", basic, "jwt", "", true, false, true, true},
		{"2.1: with a refresh token go its access tokens", basic, "refresh", "refresh_token", false, false, false, true},
		{"2.1: a wrong hint", basic, "opaque", "refresh_token", false, true, true, true},
		{"2.1: a wrong hint for a refresh token", basic, "refresh", "access_token", false, false, false, true},
		{"2.2.1: a hint that is not known", basic, "jwt", "bogus", true, false, true, true},
		{"2.1: another client's token", other, "opaque", "", true, true, true, true},
		{"2.1: another client's JWT", other, "jwt", "", true, true, true, true},
		{"2.1: another client's refresh token", other, "refresh", "", true, true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			tokens := w.redeem(basic, w.code(app, url.Values{"resource": {api1}}), nil).json(200)
			have := map[string]string{"jwt": tokens["access_token"].(string), "another": w.tokens(app, secret)["access_token"].(string)}
			if c.token == "refresh" { // all of one family
				have["refresh"], have["opaque"] = tokens["refresh_token"].(string), w.exchange(other, have["jwt"], nil).json(200)["access_token"].(string)
			} else { // a family each
				plain := w.redeem(basic, w.code(app, nil), nil).json(200)
				have["opaque"], have["refresh"] = plain["access_token"].(string), plain["refresh_token"].(string)
			}
			if c.token == "jwt" {
				have["refresh"] = tokens["refresh_token"].(string)
			}
			a := w.form("revoke", c.basic, url.Values{"token": {have[c.token]}, "token_type_hint": {c.hint}})
			if a.Code != 200 || a.Body.Len() != 0 {
				t.Fatalf("2.2: %d %s", a.Code, a.Body)
			}
			for name, want := range map[string]bool{"opaque": c.opaque, "jwt": c.jwt, "another": c.another} {
				if got := w.userinfo(have[name]).Code == 200; got != want {
					t.Errorf("%s is good: %v, want %v", name, got, want)
				}
			}
			if got := w.refresh(basic, have["refresh"], nil).Code == 200; got != c.refresh {
				t.Errorf("the refresh token is good: %v, want %v", got, c.refresh)
			}
		})
	}
	r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/revoke?token=x", nil)
	if a := w.do(r); a.Code != 404 && a.Code != 405 {
		t.Errorf("2.1: by GET: %d", a.Code)
	}
}

// TestResourceEverywhere: RFC 8707 §2, §2.1, §2.2: each place that takes a resource, with
// each that it must refuse and each that it must take.
func TestResourceEverywhere(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	key := newKey(t, "ES256")
	app, secret := w.client(oidc.Client{JWKS: keySet(t, key)})
	basic := app + ":" + secret
	machineID, machine := w.machine("read:things")
	exchangerID, exchanger := w.exchanger(false, app)
	for _, identifier := range []string{api1, api2} {
		w.resource(oidc.Resource{Identifier: identifier}, app, machineID, exchangerID)
	}
	w.resource(oidc.Resource{Identifier: "urn:theirs"})
	subject := w.tokens(app, secret)["access_token"].(string)
	asked := func(u *url.URL) string {
		if code := u.Query().Get("error"); code != "" {
			return code
		}
		return "taken"
	}
	said := func(a *answer) string {
		if a.Code < 300 {
			return "taken"
		}
		code, _ := a.json(400)["error"].(string)
		return code
	}
	places := map[string]func(resources []string) string{
		"authorize": func(resources []string) string {
			return asked(w.ada().authorize(request(app, url.Values{"resource": resources})))
		},
		"par": func(resources []string) string {
			return said(w.form("par", basic, request(app, url.Values{"resource": resources})))
		},
		"request object": func(resources []string) string {
			list := make([]any, len(resources))
			for i, one := range resources {
				list[i] = one
			}
			inside := signed(t, key, "ES256", map[string]any{"typ": "oauth-authz-req+jwt"}, object(app, map[string]any{"resource": list}))
			return asked(w.ada().authorize(url.Values{"client_id": {app}, "request": {inside}}))
		},
		"code": func(resources []string) string {
			return said(w.redeem(basic, w.code(app, nil), url.Values{"resource": resources}))
		},
		"client_credentials": func(resources []string) string { return said(w.own(machine, url.Values{"resource": resources})) },
		"exchange": func(resources []string) string {
			return said(w.exchange(exchanger, subject, url.Values{"resource": resources}))
		},
		"refresh": func(resources []string) string {
			tokens := w.redeem(basic, w.code(app, url.Values{"resource": {api1, api2}}), nil).json(200)
			return said(w.refresh(basic, tokens["refresh_token"].(string), url.Values{"resource": resources}))
		},
	}
	many := make([]string, 11)
	for i := range many {
		many[i] = api1 + "/" + strings.Repeat("x", i+1)
	}
	for place, ask := range places {
		for name, c := range map[string]struct {
			resources []string
			want      string
		}{
			"one":                        {[]string{api1}, "taken"},
			"several":                    {[]string{api1, api2}, "taken"},
			"one twice":                  {[]string{api1, api1}, "taken"},
			"one that nobody knows":      {[]string{"https://unknown.example"}, "invalid_target"},
			"one of two that is unknown": {[]string{api1, "https://unknown.example"}, "invalid_target"},
			"one that is not for it":     {[]string{"urn:theirs"}, "invalid_target"},
			"no absolute URI":            {[]string{"/things"}, "invalid_target"},
			"a fragment":                 {[]string{api1 + "#x"}, "invalid_target"},
			"the same but for a slash":   {[]string{api1 + "/"}, "invalid_target"},
			"the same but for the case":  {[]string{strings.ToUpper(api1)}, "invalid_target"},
			"too many":                   {many, "invalid_target"},
		} {
			if got := ask(c.resources); got != c.want {
				t.Errorf("%s: %s: %s, want %s", place, name, got, c.want)
			}
		}
	}
	// §2.2: a code for one resource gives none for another, also when both are the client's.
	w.redeem(basic, w.code(app, url.Values{"resource": {api1}}), url.Values{"resource": {api2}}).refused(400, "invalid_target")
}

// TestAccessTokenProfile: RFC 9068 §2, §3: header and claims, by where the token came from.
func TestAccessTokenProfile(t *testing.T) {
	t.Parallel()
	w := withThings(t)
	app, secret := w.client(oidc.Client{Settings: oidc.Settings{AccessTokenFormat: "jwt"}})
	basic := app + ":" + secret
	machine, machineSecret := w.client(oidc.Client{
		GrantTypes: []string{grantOwn}, ClientCredentialsScopes: []string{"read:things"}, RedirectURIs: []string{}, Settings: oidc.Settings{AccessTokenFormat: "jwt"},
	})
	tokens := w.redeem(basic, w.code(app, nil), nil).json(200)
	w.pass(10 * time.Minute)
	renewed := w.refresh(basic, tokens["refresh_token"].(string), nil).json(200)
	own := w.own(machine+":"+machineSecret, nil).json(200)
	ids := map[string]bool{}
	for name, c := range map[string]struct {
		token, sub, client string
		person             bool
	}{
		"by code":    {tokens["access_token"].(string), w.claims(tokens["id_token"])["sub"].(string), app, true},
		"by refresh": {renewed["access_token"].(string), w.claims(tokens["id_token"])["sub"].(string), app, true},
		"its own":    {own["access_token"].(string), machine, machine, false},
	} {
		claims := w.jwt(c.token, "at+jwt", jose.EdDSA) // 2.1: typ, and a signature that is never none
		for _, must := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"} {
			if claims[must] == nil {
				t.Errorf("%s: 2.2: without %s: %v", name, must, claims)
			}
		}
		if claims["iss"] != issuer || claims["sub"] != c.sub || claims["client_id"] != c.client || ids[claims["jti"].(string)] {
			t.Errorf("%s: 2.2: %v", name, claims)
		}
		ids[claims["jti"].(string)] = true
		if (claims["auth_time"] != nil) != c.person || c.person && claims["auth_time"] != w.claims(tokens["id_token"])["auth_time"] {
			t.Errorf("%s: 2.2.1: auth_time is %v", name, claims["auth_time"])
		}
		if claims["nonce"] != nil || claims["email"] != nil || claims["at_hash"] != nil {
			t.Errorf("%s: claims of an ID token: %v", name, claims)
		}
	}
}
