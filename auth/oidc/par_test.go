package oidc_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"authd/auth/internal/egress"
	"authd/auth/oidc"
)

// push pushes a request and gives its request_uri.
func (w *world) push(basic string, params url.Values) string {
	w.t.Helper()
	a := w.form("par", basic, params)
	got := a.json(http.StatusCreated)
	uri, _ := got["request_uri"].(string)
	if !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || got["expires_in"] != 90.0 || len(got) != 2 || a.Header().Get("Cache-Control") != "no-store" {
		w.t.Fatalf("answered %v %v", got, a.Header())
	}
	return uri
}

func byURI(id, uri string) url.Values { return url.Values{"client_id": {id}, "request_uri": {uri}} }

// TestPushedRequest: RFC 9126 from the push to tokens.
func TestPushedRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	uri := w.push(id+":"+secret, request("", nil))
	b := w.ada()
	// What stands beside the request_uri does not count.
	to := b.authorize(url.Values{"client_id": {id}, "request_uri": {uri}, "scope": {"openid"}, "state": {"forged"}, "redirect_uri": {"https://evil.example"}})
	if to.Path != "/consent" {
		t.Fatalf("sent to %s", to)
	}
	again := b.authorize(byURI(id, uri)) // RFC 9126 §4: a page may be loaded again
	if again.Path != "/consent" {
		t.Fatalf("loaded again: sent to %s", again)
	}
	back := b.allow(to)
	if back.Query().Get("state") != "st4te" || !strings.HasPrefix(back.String(), callback) {
		t.Fatalf("sent to %s", back)
	}
	tokens := w.redeem(id+":"+secret, back.Query().Get("code"), nil).json(200)
	if tokens["scope"] != "openid profile email offline_access" {
		t.Errorf("scope %v", tokens["scope"])
	}
	if used := b.authorize(byURI(id, uri)); used.Query().Get("error") != "invalid_request_uri" || used.Path != "/error" {
		t.Errorf("used again: sent to %s", used)
	}
	if second := b.allow(again); second.Query().Get("code") != "" || second.Query().Get("error") != "invalid_request_uri" {
		t.Errorf("a second code: sent to %s", second)
	}
	if w.count("oauth_par") != 0 {
		t.Error("the request is still there")
	}
}

// TestPushedRace: RFC 9126 §7.3: of many, one gets a code.
func TestPushedRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	w.code(id, nil) // consent is on file
	uri := w.push(id+":"+secret, request(id, nil))
	var codes atomic.Int64
	var all sync.WaitGroup
	for range 6 {
		b := w.ada()
		all.Go(func() {
			if b.authorize(byURI(id, uri)).Query().Get("code") != "" {
				codes.Add(1)
			}
		})
	}
	all.Wait()
	if n := codes.Load(); n != 1 {
		t.Errorf("%d codes", n)
	}
}

func TestRefusedPushes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	otherID, _ := w.client(oidc.Client{})
	basic := id + ":" + secret
	for _, c := range []struct {
		name, basic string
		change      url.Values
		status      int
		want        string
	}{
		{"RFC 9126 2: a client that does not prove itself", "", nil, 401, "invalid_client"},
		{"RFC 9126 2: a wrong secret", id + ":wrong", nil, 401, "invalid_client"},
		{"RFC 9126 2.1(2): request_uri", basic, url.Values{"request_uri": {"urn:ietf:params:oauth:request_uri:x"}}, 400, "invalid_request"},
		{"RFC 9126 2.1: another client's request", basic, url.Values{"client_id": {otherID}}, 400, "invalid_request"},
		{"RFC 9126 2.3: another redirect_uri", basic, url.Values{"redirect_uri": {"https://evil.example"}}, 400, "invalid_request"},
		{"RFC 9126 2.3: an unknown scope", basic, url.Values{"scope": {"bogus"}}, 400, "invalid_scope"},
		{"RFC 9126 2.3: another response type", basic, url.Values{"response_type": {"token"}}, 400, "unsupported_response_type"},
		{"RFC 7636 4.4.1: no challenge", basic, url.Values{"code_challenge": {""}, "code_challenge_method": {""}}, 400, "invalid_request"},
		{"RFC 6749 3.1: state twice", basic, url.Values{"state": {"a", "b"}}, 400, "invalid_request"},
		{"oversized", basic, url.Values{"state": {strings.Repeat("x", 5000)}}, 400, "invalid_request"},
		{"oversized altogether", basic, url.Values{
			"a": {strings.Repeat("x", 4000)}, "b": {strings.Repeat("x", 4000)}, "c": {strings.Repeat("x", 4000)}, "d": {strings.Repeat("x", 4000)}, "e": {strings.Repeat("x", 4000)},
		}, 400, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) { w.form("par", c.basic, request(id, c.change)).refused(c.status, c.want) })
	}
	if w.count("oauth_par") != 0 {
		t.Error("a refused request is kept")
	}
	r := httptest.NewRequest(http.MethodGet, "/api/auth/oauth2/par", nil)
	if got := w.do(r).Code; got != http.StatusMethodNotAllowed && got != http.StatusNotFound {
		t.Errorf("RFC 9126 2.3: GET answered %d", got)
	}
}

func TestPushedRequestIsBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{})
	otherID, _ := w.client(oidc.Client{})
	uri := w.push(id+":"+secret, request(id, nil))
	refused := func(what string, params url.Values) {
		t.Helper()
		if to := w.ada().authorize(params); to.Query().Get("error") == "" || to.Path != "/error" {
			t.Errorf("%s: sent to %s", what, to)
		}
	}
	refused("RFC 9126 4: another client", byURI(otherID, uri))
	refused("RFC 9101 5: no client_id", url.Values{"request_uri": {uri}})
	refused("a guess", byURI(id, uri+"x"))
	refused("as it is stored", byURI(id, "urn:ietf:params:oauth:request_uri:"+w.text("SELECT id FROM oauth_par")))
	refused("twice", url.Values{"client_id": {id}, "request_uri": {uri, uri}})
	w.pass(90 * time.Second)
	refused("RFC 9126 4: expired", byURI(id, uri))
	w.pass(2 * time.Hour)
	if err := w.srv.OIDC.Sweep(t.Context()); err != nil || w.count("oauth_par") != 0 {
		t.Errorf("not swept: %v", err)
	}
}

// TestRequiredPush: RFC 9126 §5, §6.
func TestRequiredPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id, secret := w.client(oidc.Client{Settings: oidc.Settings{RequirePAR: true}})
	if to := w.ada().authorize(request(id, nil)); to.Query().Get("error") != "invalid_request" || to.Query().Get("state") != "st4te" || to.Host != "app.example" {
		t.Errorf("sent to %s", to)
	}
	if to := w.ada().authorize(byURI(id, w.push(id+":"+secret, request(id, nil)))); to.Path != "/consent" {
		t.Errorf("sent to %s", to)
	}
	all := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__REQUIRE_PUSHED_AUTHORIZATION_REQUESTS": "true"})
	id, _ = all.client(oidc.Client{})
	if to := all.ada().authorize(request(id, nil)); to.Query().Get("error") != "invalid_request" {
		t.Errorf("sent to %s", to)
	}
	if doc := all.anonymous().get("/.well-known/openid-configuration").json(200); doc["require_pushed_authorization_requests"] != true {
		t.Error("the metadata does not say so")
	}
}

// object is the claims of a request object; change holds what differs.
func object(clientID string, change map[string]any) map[string]any {
	claims := map[string]any{"iss": clientID, "aud": issuer}
	for name, values := range request(clientID, nil) {
		claims[name] = values[0]
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// TestRequestObject: RFC 9101 §6.3, OpenID Connect Core §6.1: what is signed
// counts, and in a browser's request without openid nothing else does.
func TestRequestObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key := newKey(t, "ES256")
	id, secret := w.client(oidc.Client{JWKS: keySet(t, key)})
	for _, c := range []struct {
		name   string
		object string
		beside url.Values
		state  string
	}{
		{"by RFC 9101, with typ", signed(t, key, "ES256", map[string]any{"typ": "oauth-authz-req+jwt"}, object(id, nil)), url.Values{"state": {"forged"}}, "st4te"},
		{"by RFC 9101, what is not signed does not count", signed(t, key, "ES256", map[string]any{"typ": "oauth-authz-req+jwt"}, object(id, map[string]any{"state": nil})), url.Values{"state": {"forged"}, "scope": {"openid"}}, ""},
		{"RFC 7519 4.1.6: made a while ago and still in force", signed(t, key, "ES256", nil, object(id, map[string]any{"iat": start.Unix() - 3600, "exp": start.Unix() + 90})), nil, "st4te"},
		{"by OpenID Connect, without typ", signed(t, key, "ES256", nil, object(id, map[string]any{"state": nil, "max_age": 300})), url.Values{"state": {"beside"}, "scope": {"openid"}, "response_type": {"code"}}, "beside"},
		{"by OpenID Connect, the object wins", signed(t, key, "ES256", nil, object(id, nil)), url.Values{"state": {"beside"}, "scope": {"openid"}}, "st4te"},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := url.Values{"client_id": {id}, "request": {c.object}}
			maps.Copy(params, c.beside)
			for _, pushed := range []bool{false, true} {
				asked := params
				if pushed {
					asked = byURI(id, w.push(id+":"+secret, params))
				}
				b := w.ada()
				to := b.authorize(asked)
				if to.Path == "/consent" {
					to = b.allow(to)
				}
				if to.Query().Get("code") == "" || to.Query().Get("state") != c.state {
					t.Errorf("pushed %v: sent to %s", pushed, to)
				}
			}
		})
	}
}

func TestRefusedRequestObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	key, other := newKey(t, "ES256"), newKey(t, "ES256")
	id, _ := w.client(oidc.Client{JWKS: keySet(t, key)})
	otherID, _ := w.client(oidc.Client{JWKS: keySet(t, other)})
	required, _ := w.client(oidc.Client{JWKS: keySet(t, key), Settings: oidc.Settings{RequireRequestObject: true}})
	eddsa, _ := w.client(oidc.Client{JWKS: keySet(t, key), Settings: oidc.Settings{RequestObjectAlg: "EdDSA"}})
	now := w.clock(t.Context()).Unix()
	sign := func(change map[string]any) string { return signed(t, key, "ES256", nil, object(id, change)) }
	encode := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	unsigned := encode(map[string]any{"alg": "none"}) + "." + encode(object(id, nil)) + "."
	for _, c := range []struct {
		name, id, object, want string
	}{
		{"RFC 9101 6.2: another client's key", id, signed(t, other, "ES256", nil, object(id, nil)), "invalid_request_object"},
		{"RFC 9101 5: another client's object", id, signed(t, other, "ES256", nil, object(otherID, nil)), "invalid_request_object"},
		{"RFC 9101 5: another client_id inside", id, sign(map[string]any{"client_id": otherID}), "invalid_request_object"},
		{"RFC 9101 4: another issuer", id, sign(map[string]any{"iss": otherID}), "invalid_request_object"},
		{"RFC 9101 4: another audience", id, sign(map[string]any{"aud": "https://other.example"}), "invalid_request_object"},
		{"RFC 9101 4: request inside", id, sign(map[string]any{"request": "x"}), "invalid_request_object"},
		{"RFC 9101 4: request_uri inside", id, sign(map[string]any{"request_uri": "https://app.example"}), "invalid_request_object"},
		{"RFC 7519 4.1.4: expired", id, sign(map[string]any{"exp": now - 60}), "invalid_request_object"},
		{"RFC 7519 4.1.5: not yet", id, sign(map[string]any{"nbf": now + 60}), "invalid_request_object"},
		{"RFC 9101 10.8: the typ of something else", id, signed(t, key, "ES256", map[string]any{"typ": "dpop+jwt"}, object(id, nil)), "invalid_request_object"},
		{"RFC 9101 10.8: a client assertion", id, sign(map[string]any{"sub": id}), "invalid_request_object"},
		{"RFC 7519 4.1.6: of the future", id, sign(map[string]any{"iat": now + 60}), "invalid_request_object"},
		{"RFC 9101 6.2: HS256", id, signed(t, []byte(strings.Repeat("k", 32)), "HS256", nil, object(id, nil)), "invalid_request_object"},
		{"OpenID Connect Core 6.1: unsigned", id, unsigned, "request_not_supported"},
		{"RFC 9101 10.5: unsigned where it must be signed", required, unsigned, "invalid_request_object"},
		{"RFC 9101 10.5: none where it must be there", required, "", "invalid_request"},
		{"OpenID Connect Registration 2: not the algorithm that was registered", eddsa, signed(t, key, "ES256", nil, object(eddsa, nil)), "invalid_request_object"},
		{"a list where a text belongs", id, sign(map[string]any{"state": []string{"a"}}), "invalid_request_object"},
		{"oversized", id, sign(map[string]any{"pad": strings.Repeat("x", 20_000)}), "invalid_request_object"},
		{"a redirect_uri that is not registered", id, sign(map[string]any{"redirect_uri": "https://evil.example"}), "invalid_redirect"},
		{"not a JWT", id, "x", "invalid_request_object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := w.ada().authorize(request(c.id, url.Values{"request": {c.object}}))
			if to.Query().Get("error") != c.want || to.Host == "evil.example" {
				t.Errorf("sent to %s, want %s", to, c.want)
			}
		})
	}
	if w.count("oauth_grant") != 0 {
		t.Error("a code was made")
	}
}

// TestRequestURI: OpenID Connect Core §6.2: off, and where it is on, only registered addresses.
func TestRequestURI(t *testing.T) {
	t.Parallel()
	key := newKey(t, "ES256")
	var reads atomic.Int64
	var body atomic.Value
	srv := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		reads.Add(1)
		_, _ = rw.Write([]byte(body.Load().(string)))
	}))
	t.Cleanup(srv.Close)
	client := oidc.Client{JWKS: keySet(t, key), Settings: oidc.Settings{RequestURIs: []string{srv.URL + "/r"}}}
	off := newWorld(t, nil)
	id, _ := off.client(client)
	if to := off.ada().authorize(request(id, url.Values{"request_uri": {srv.URL + "/r"}})); to.Query().Get("error") != "request_uri_not_supported" {
		t.Errorf("off: sent to %s", to)
	}
	on := newWorld(t, map[string]string{"AUTHD_OAUTH_PROVIDER__REQUEST_URI": "true"})
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	on.srv.Core.Egress = egress.New(egress.Options{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	id, _ = on.client(client)
	if to := on.ada().authorize(request(id, url.Values{"request_uri": {srv.URL + "/other"}})); to.Query().Get("error") != "invalid_request_uri" {
		t.Errorf("an address that is not registered: sent to %s", to)
	}
	if reads.Load() != 0 {
		t.Fatal("it was read")
	}
	body.Store(signed(t, key, "ES256", nil, object(id, nil)))
	if to := on.ada().authorize(request(id, url.Values{"request_uri": {srv.URL + "/r#2"}, "state": {"beside"}})); to.Path != "/consent" || reads.Load() != 1 {
		t.Errorf("sent to %s", to)
	}
	body.Store("nonsense")
	if to := on.ada().authorize(request(id, url.Values{"request_uri": {srv.URL + "/r"}})); to.Query().Get("error") != "invalid_request_object" {
		t.Errorf("nonsense: sent to %s", to)
	}
	if doc := on.anonymous().get("/.well-known/openid-configuration").json(200); doc["request_uri_parameter_supported"] != true || doc["require_request_uri_registration"] != true {
		t.Error("the metadata does not say so")
	}
}
