package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"authd/auth/oidc"
)

// damages are what can be wrong with the writing of one parameter. Each makes the
// pairs that take its place.
var damages = []struct {
	name  string
	pairs func(name string) string
}{
	{"twice", func(name string) string { return name + "=x&" + name + "=x" }}, // RFC 6749 §3.1, §3.2
	{"oversized", func(name string) string { return name + "=" + strings.Repeat("a", 5000) }},
	{"a zero byte", func(name string) string { return name + "=a%00b" }},
	{"not UTF-8", func(name string) string { return name + "=a%ff%feb" }}, // RFC 6749 appendix B
	{"a broken escape", func(name string) string { return name + "=%zz" }},
	{"a bare semicolon", func(name string) string { return name + "=a;b" }},
}

// damagedEndpoint is an endpoint with a request that is whole, and what is
// answered when one of its parameters is damaged.
type damagedEndpoint struct {
	method, path, authorization string
	whole                       url.Values
	more                        []string // parameters that the request does not have
	// other holds answers that differ from 400 invalid_request, by parameter, by
	// "parameter/damage", or by "/damage".
	other map[string]string
}

func (e *damagedEndpoint) names() []string {
	names := slices.Clone(e.more)
	for name := range e.whole {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// written is the whole request with other pairs in place of a parameter.
func (e *damagedEndpoint) written(name, pairs string) string {
	rest := url.Values{}
	for other, values := range e.whole {
		if other != name {
			rest[other] = values
		}
	}
	return strings.Trim(rest.Encode()+"&"+pairs, "&")
}

func (e *damagedEndpoint) want(name, damage string) string {
	for _, key := range []string{name + "/" + damage, name, "/" + damage} {
		if want, ok := e.other[key]; ok {
			return want
		}
	}
	return "invalid_request"
}

func (e *damagedEndpoint) send(b *browser, written string) *answer {
	var r *http.Request
	if e.method == http.MethodGet {
		r = httptest.NewRequest(e.method, e.path+"?"+written, nil)
	} else {
		r = httptest.NewRequest(e.method, e.path, strings.NewReader(written))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if e.authorization != "" {
		r.Header.Set("Authorization", e.authorization)
	}
	return b.do(r)
}

// TestDamagedParameters: every parameter of every endpoint, twice, oversized or
// wrongly encoded, gets the error of the RFC, and nothing happens: RFC 6749
// §§3.1, 3.2, 4.1.2.1, 5.2, RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 7662 §2.3, RFC 8628
// §3.2, RFC 9126 §2.3, RP-Initiated Logout §4.
func TestDamagedParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true, GrantTypes: []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"}})
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth(id, secret)
	basic := r.Header.Get("Authorization")
	proof := []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"}
	asks := []string{
		"response_mode", "prompt", "max_age", "login_hint", "id_token_hint", "acr_values", "claims", "ui_locales", "request", "request_uri", "resource",
		"display", "dpop_jkt", "registration", "bogus",
	}
	logout := []string{"id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales"}
	at := "/api/auth/oauth2/"
	for name, e := range map[string]damagedEndpoint{
		"token, for a code": {
			"POST", at + "token", basic,
			url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "code_verifier": {verifier}, "redirect_uri": {callback}},
			append([]string{"scope", "bogus"}, proof...),
			map[string]string{"resource": "invalid_target"},
		},
		"token, for a refresh token": {"POST", at + "token", basic, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, []string{"scope", "client_id"}, nil},
		"token, for a device":        {"POST", at + "token", basic, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {"x"}}, nil, nil},
		"token, for another token": {
			"POST", at + "token", basic,
			url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {"x"}, "subject_token_type": {"x"}},
			[]string{"actor_token", "actor_token_type", "requested_token_type", "scope"},
			nil,
		},
		"introspect": {"POST", at + "introspect", basic, url.Values{"token": {"x"}, "token_type_hint": {"x"}}, proof, nil},
		"revoke":     {"POST", at + "revoke", basic, url.Values{"token": {"x"}, "token_type_hint": {"x"}}, proof, nil},
		"par": {"POST", at + "par", basic, request(id, nil), append(asks, proof...), map[string]string{
			"resource/twice": "invalid_target", "request/oversized": "invalid_request_object", "request/a zero byte": "invalid_request_object", "request/not UTF-8": "invalid_request_object",
		}},
		"device code": {"POST", "/api/auth/device/code", basic, url.Values{"client_id": {id}, "scope": {"openid"}}, []string{"user_id", "client_secret", "bogus"}, nil},
		"userinfo": {"POST", at + "userinfo", "", url.Values{"access_token": {"x"}}, nil, map[string]string{
			"/oversized": "invalid_token", "/a zero byte": "invalid_token", "/not UTF-8": "invalid_token",
		}},
		"end-session":         {"GET", at + "end-session", "", url.Values{}, logout, nil},
		"end-session, posted": {"POST", at + "end-session", "", url.Values{}, logout, nil},
	} {
		before := w.count("oauth_grant") + w.count("oauth_access_token") + w.count("oauth_par") + w.count("device_code")
		for _, param := range e.names() {
			for _, damage := range damages {
				a := e.send(w.ada(), e.written(param, damage.pairs(param)))
				what := name + ": " + param + ": " + damage.name
				if a.Code < 400 || a.Code > 401 {
					t.Errorf("%s: answered %d %s", what, a.Code, a.Body)
					continue
				}
				got := a.json(a.Code)
				if got["error"] != e.want(param, damage.name) || !describes(got["error_description"]) {
					t.Errorf("%s: answered %v", what, got)
				}
				if a.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s: may be cached", what)
				}
			}
		}
		if n := w.count("oauth_grant") + w.count("oauth_access_token") + w.count("oauth_par") + w.count("device_code"); n != before {
			t.Errorf("%s: something was made", name)
		}
	}
	if a := w.ada().get("/api/auth/get-session"); a.Code != 200 || a.Body.String() == "null" {
		t.Error("somebody was signed out")
	}
}

// describes: the characters of RFC 6749 §4.1.2.1 and §5.2, and some of them.
func describes(text any) bool {
	s, ok := text.(string)
	return ok && s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' })
}

// TestDamagedAuthorization: the same for authorization requests: the client is
// told when it is certain which it is and where, the person otherwise (RFC 6749 §4.1.2.1).
func TestDamagedAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, _ := w.client(oidc.Client{SkipConsent: true})
	e := damagedEndpoint{"GET", "/api/auth/oauth2/authorize", "", request(id, nil), []string{
		"response_mode", "prompt", "max_age", "login_hint", "id_token_hint", "acr_values", "claims", "ui_locales", "request", "request_uri", "resource",
		"display", "dpop_jkt", "registration", "bogus",
	}, map[string]string{
		"client_id/oversized": "invalid_client", "client_id/a zero byte": "invalid_client", "client_id/not UTF-8": "invalid_client",
		"redirect_uri/oversized": "invalid_redirect", "redirect_uri/a zero byte": "invalid_redirect", "redirect_uri/not UTF-8": "invalid_redirect",
		"request/oversized": "invalid_request_object", "request/a zero byte": "invalid_request_object", "request/not UTF-8": "invalid_request_object",
		"request_uri/oversized": "request_uri_not_supported", "request_uri/a zero byte": "request_uri_not_supported", "request_uri/not UTF-8": "request_uri_not_supported",
		"resource/twice": "invalid_target",
	}}
	if to := e.send(w.ada(), e.whole.Encode()).location(); !to.Query().Has("code") {
		t.Fatalf("the whole request leads to %s", to)
	}
	before := w.count("oauth_grant") + w.count("oauth_flow")
	for _, method := range []string{"GET", "POST"} {
		e.method = method
		for _, param := range e.names() {
			for _, damage := range damages {
				what := method + ": " + param + ": " + damage.name
				a := e.send(w.ada(), e.written(param, damage.pairs(param)))
				if method == "POST" && a.Code == 400 && (damage.name == "a broken escape" || damage.name == "a bare semicolon") {
					a.refused(400, "invalid_request") // nothing of such a body is believed
					continue
				}
				to := a.location()
				q := to.Query()
				if q.Get("error") != e.want(param, damage.name) || !describes(q.Get("error_description")) || q.Has("code") || a.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s: sent to %s, want %s", what, to, e.want(param, damage.name))
				}
				toClient := param != "client_id" && param != "redirect_uri"
				switch {
				case toClient && (!strings.HasPrefix(to.String(), callback+"?") || q.Get("iss") != issuer || param != "state" && q.Get("state") != "st4te"):
					t.Errorf("%s: sent to %s, want the client, with iss and state", what, to)
				case !toClient && !strings.HasPrefix(to.String(), issuer+"/error?"):
					t.Errorf("%s: sent to %s, want the error page", what, to)
				}
			}
		}
	}
	if n := w.count("oauth_grant") + w.count("oauth_flow"); n != before {
		t.Error("something was made")
	}
}

// TestTooMuchInAll: small parameters that are many are too large, too; a body
// beyond all bounds is not read.
func TestTooMuchInAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	many := url.Values{}
	for i := range 20 {
		many.Set("extra"+string(rune('a'+i)), strings.Repeat("x", 1000))
	}
	asked := request(id, many)
	if to := w.ada().authorize(asked); to.Query().Get("error") != "invalid_request" || !strings.HasPrefix(to.String(), callback) {
		t.Errorf("sent to %s", to)
	}
	w.form("par", id+":"+secret, asked).refused(400, "invalid_request")
	w.redeem(id+":"+secret, "x", many).refused(400, "invalid_request")
	for _, path := range []string{"token", "par", "introspect", "revoke", "userinfo", "authorize", "end-session"} {
		w.form(path, id+":"+secret, url.Values{"x": {strings.Repeat("x", 2<<20)}}).refused(413, "invalid_request")
	}
}

// TestMissingParameters: each row leaves out what an endpoint needs.
func TestMissingParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"}})
	public, _ := w.client(oidc.Client{TokenEndpointAuthMethod: "none"})
	basic := id + ":" + secret
	without := func(name string) url.Values { return request(id, url.Values{name: {""}}) }
	for name, c := range map[string]struct {
		path, basic string
		form        url.Values
		status      int
		want        string
	}{
		"RFC 6749 4.1.3: grant_type":                        {"token", basic, url.Values{"code": {"x"}}, 400, "invalid_request"},
		"RFC 6749 4.1.3: code":                              {"token", basic, url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {callback}}, 400, "invalid_request"},
		"RFC 6749 3.1: an empty code is none":               {"token", basic, url.Values{"grant_type": {"authorization_code"}, "code": {""}}, 400, "invalid_request"},
		"RFC 6749 4.1.3: client_id of a public client":      {"token", "", url.Values{"grant_type": {"authorization_code"}, "code": {"x"}}, 400, "invalid_request"},
		"RFC 6749 5.2: no proof of a confidential client":   {"token", "", url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "client_id": {id}}, 401, "invalid_client"},
		"RFC 6749 5.2: an unknown grant_type":               {"token", basic, url.Values{"grant_type": {"password"}, "username": {"ada"}, "password": {"x"}}, 400, "unsupported_grant_type"},
		"RFC 6749 4.1.3: a code that is none":               {"token", basic, url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {callback}}, 400, "invalid_grant"},
		"RFC 6749 6: refresh_token":                         {"token", basic, url.Values{"grant_type": {"refresh_token"}}, 400, "invalid_request"},
		"RFC 6749 6: a refresh token that is none":          {"token", basic, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, 400, "invalid_grant"},
		"RFC 8628 3.4: device_code":                         {"token", basic, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}}, 400, "invalid_request"},
		"RFC 6749 2.3.1: an Authorization of another kind":  {"token", "nobody:x", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, 401, "invalid_client"},
		"RFC 7662 2.1: token":                               {"introspect", basic, nil, 400, "invalid_request"},
		"RFC 7662 2.1: no proof":                            {"introspect", "", url.Values{"token": {"x"}}, 401, "invalid_client"},
		"RFC 7662 2.1: a public client":                     {"introspect", "", url.Values{"token": {"x"}, "client_id": {public}}, 401, "invalid_client"},
		"RFC 7009 2.1: token":                               {"revoke", basic, nil, 400, "invalid_request"},
		"RFC 7009 2.1: no proof":                            {"revoke", "", url.Values{"token": {"x"}}, 401, "invalid_client"},
		"RFC 6750 3.1: no token":                            {"userinfo", "", nil, 401, "invalid_request"},
		"RFC 9126 2.1: client_id":                           {"par", "", without("client_id"), 400, "invalid_request"},
		"RFC 9126 2.1: no proof":                            {"par", "", request(id, nil), 401, "invalid_client"},
		"RFC 9126 2.3: response_type":                       {"par", basic, without("response_type"), 400, "invalid_request"},
		"RFC 9126 2.3: redirect_uri":                        {"par", basic, without("redirect_uri"), 400, "invalid_request"},
		"RFC 9126 2.3: another redirect_uri":                {"par", basic, request(id, url.Values{"redirect_uri": {callback + "x"}}), 400, "invalid_request"},
		"RFC 9126 2.3: code_challenge":                      {"par", basic, without("code_challenge"), 400, "invalid_request"},
		"RFC 9126 2.3: a scope that is none":                {"par", basic, request(id, url.Values{"scope": {"bogus"}}), 400, "invalid_scope"},
		"RFC 9126 2.1: request_uri":                         {"par", basic, request(id, url.Values{"request_uri": {"urn:x"}}), 400, "invalid_request"},
		"RP-Initiated Logout 3: who asks, for a redirect":   {"end-session", "", url.Values{"post_logout_redirect_uri": {callback}}, 400, "invalid_request"},
		"RFC 6749 2.3: two ways of proving at once":         {"token", basic, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_secret": {secret}}, 400, "invalid_request"},
		"RFC 6749 2.3: two clients at once":                 {"token", basic, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {public}}, 400, "invalid_request"},
		"RFC 7521 4.2.1: an assertion of an unknown kind":   {"token", "", url.Values{"grant_type": {"refresh_token"}, "client_assertion": {"x"}, "client_assertion_type": {"x"}}, 400, "invalid_client"},
		"RFC 6749 2.3.1: a secret in the address counts no": {"token?client_id=" + id + "&client_secret=" + secret, "", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, 400, "invalid_request"},
	} {
		a := w.form(c.path, c.basic, c.form)
		if got := a.json(c.status); got["error"] != c.want || !describes(got["error_description"]) {
			t.Errorf("%s: answered %v", name, got)
		}
		if (a.Header().Get("WWW-Authenticate") != "") != (c.status == 401) { // RFC 9110 §15.5.2
			t.Errorf("%s: the challenge is %q", name, a.Header().Get("WWW-Authenticate"))
		}
	}
}

// TestBadRegistrations: RFC 7591 §3.2.2.
func TestBadRegistrations(t *testing.T) {
	t.Parallel()
	w := openWorld(t, nil)
	post := func(kind, body string) *answer {
		r := httptest.NewRequest("POST", "/api/auth/oauth2/register", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return w.do(r)
	}
	before := w.count("oauth_client")
	for name, c := range map[string]struct{ body, want string }{
		"no JSON":                        {`{"redirect_uris":`, "invalid_client_metadata"},
		"two documents":                  {`{}{}`, "invalid_client_metadata"},
		"a list":                         {`[]`, "invalid_client_metadata"},
		"a text":                         {`"x"`, "invalid_client_metadata"},
		"null":                           {`null`, "invalid_client_metadata"},
		"redirect_uris is missing":       {`{}`, "invalid_redirect_uri"},
		"redirect_uris is empty":         {`{"redirect_uris":[]}`, "invalid_redirect_uri"},
		"redirect_uris is a text":        {`{"redirect_uris":"https://app.example/cb"}`, "invalid_client_metadata"},
		"redirect_uris of numbers":       {`{"redirect_uris":[1]}`, "invalid_client_metadata"},
		"a redirect URI with a zero":     {`{"redirect_uris":["https://app.example/\u0000"]}`, "invalid_redirect_uri"},
		"a redirect URI, not UTF-8":      {`{"redirect_uris":["https://app.example/` + "\xff" + `"]}`, "invalid_redirect_uri"},
		"an oversized redirect URI":      {`{"redirect_uris":["https://app.example/` + strings.Repeat("a", 5000) + `"]}`, "invalid_client_metadata"},
		"a script":                       {`{"redirect_uris":["javascript:alert(1)"]}`, "invalid_redirect_uri"},
		"a name that is a number":        {`{"redirect_uris":["https://app.example/cb"],"client_name":1}`, "invalid_client_metadata"},
		"an oversized name":              {`{"redirect_uris":["https://app.example/cb"],"client_name":"` + strings.Repeat("a", 5000) + `"}`, "invalid_client_metadata"},
		"a name with a zero":             {`{"redirect_uris":["https://app.example/cb"],"client_name":"a\u0000b"}`, "invalid_client_metadata"},
		"an address that is none":        {`{"redirect_uris":["https://app.example/cb"],"client_uri":"javascript:alert(1)"}`, "invalid_client_metadata"},
		"an unknown way of proving":      {`{"redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"x"}`, "invalid_client_metadata"},
		"an unknown grant":               {`{"redirect_uris":["https://app.example/cb"],"grant_types":["x"]}`, "invalid_client_metadata"},
		"an unknown response":            {`{"redirect_uris":["https://app.example/cb"],"response_types":["token"]}`, "invalid_client_metadata"},
		"keys and an address of keys":    {`{"redirect_uris":["https://app.example/cb"],"jwks":{"keys":[]},"jwks_uri":"https://app.example/jwks"}`, "invalid_client_metadata"},
		"initiate_login_uri, no https":   {`{"redirect_uris":["https://app.example/cb"],"initiate_login_uri":"http://app.example/start"}`, "invalid_client_metadata"},
		"initiate_login_uri, a script":   {`{"redirect_uris":["https://app.example/cb"],"initiate_login_uri":"javascript:alert(1)"}`, "invalid_client_metadata"},
		"initiate_login_uri, a number":   {`{"redirect_uris":["https://app.example/cb"],"initiate_login_uri":1}`, "invalid_client_metadata"},
		"an algorithm that is none":      {`{"redirect_uris":["https://app.example/cb"],"id_token_signed_response_alg":"none"}`, "invalid_client_metadata"},
		"an unknown type of subject":     {`{"redirect_uris":["https://app.example/cb"],"subject_type":"x"}`, "invalid_client_metadata"},
		"an unknown type of client":      {`{"redirect_uris":["https://app.example/cb"],"application_type":"x"}`, "invalid_client_metadata"},
		"a default_max_age that is text": {`{"redirect_uris":["https://app.example/cb"],"default_max_age":"soon"}`, "invalid_client_metadata"},
	} {
		a := post("application/json", c.body)
		if got := a.json(400); got["error"] != c.want || !describes(got["error_description"]) {
			t.Errorf("%s: answered %v", name, got)
		}
	}
	post("application/json", strings.Repeat(" ", 2<<20)).refused(413, "invalid_client_metadata")
	if a := post("text/plain", `{}`); a.Code != http.StatusUnsupportedMediaType {
		t.Errorf("text: answered %d", a.Code)
	}
	if n := w.count("oauth_client"); n != before {
		t.Errorf("%d clients were made", n-before)
	}
}

// TestOtherMediaTypes: OAuth's parameters come form-encoded (RFC 6749 §3.2); the
// status for anything else is HTTP's.
func TestOtherMediaTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	for _, path := range []string{"token", "par", "introspect", "revoke", "userinfo", "authorize", "end-session"} {
		for kind, status := range map[string]int{"application/json": 415, "text/plain": 415, "multipart/form-data; boundary=x": 415, "/": 415, "": 400} {
			r := httptest.NewRequest("POST", "/api/auth/oauth2/"+path, strings.NewReader("token=x"))
			r.Header.Set("Content-Type", kind)
			if kind == "" { // as if there were no parameters
				r.Header.Del("Content-Type")
				if path == "userinfo" || path == "authorize" || path == "end-session" {
					continue
				}
			}
			r.SetBasicAuth(id, secret)
			if a := w.do(r); a.Code != status {
				t.Errorf("%s as %q: answered %d %s", path, kind, a.Code, a.Body)
			}
		}
	}
}

// TestBadDeviceSessions: the contract's endpoint for devices that are no clients
// takes JSON and answers as its others do.
func TestBadDeviceSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, body := range map[string]string{
		"no JSON":             `{`,
		"a list":              `[]`,
		"no grant_type":       `{"device_code":"x","client_id":"x"}`,
		"another grant_type":  `{"grant_type":"x","device_code":"x","client_id":"x"}`,
		"no device_code":      `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","client_id":"x"}`,
		"no client_id":        `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":"x"}`,
		"a list of codes":     `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":["x","y"],"client_id":"x"}`,
		"a number":            `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":1,"client_id":"x"}`,
		"a code that is none": `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":"x","client_id":"x"}`,
		"a zero byte":         `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":"a\u0000b","client_id":"a\u0000b"}`,
		"an oversized code":   `{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","device_code":"` + strings.Repeat("a", 5000) + `","client_id":"x"}`,
	} {
		r := httptest.NewRequest("POST", "/api/auth/device/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if a := w.do(r); a.Code != 400 || a.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: answered %d %s", name, a.Code, a.Body)
		}
	}
	if n := w.count("session"); n != 1 { // Ada's
		t.Errorf("there are %d sessions", n)
	}
}
