package conformance

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// client is a relying party of one module, with a browser in which nobody is signed in.
type client struct {
	*suite
	*browser
	t        *testing.T
	mode     string
	at       string         // its own address
	asked    map[string]any // what it registered
	told     map[string]any // the answer
	redirect string
	signs    *signer // its key, where it has one
}

// client registers one, as every module begins. Addresses of its own stand in with
// as "@/path".
func (s *suite) client(t *testing.T, mode string, with map[string]any) *client {
	t.Helper()
	c := s.unregistered(t, mode)
	if with["jwks"] != nil || with["jwks_uri"] != nil {
		c.signs = newSigner(t, "RS256")
		s.outside.put(t, c.at+"/jwks", c.signs.jwks())
	}
	c.asked = map[string]any{
		"redirect_uris": []string{c.redirect}, "client_name": "Conformance", "grant_types": []string{"authorization_code"}, "response_types": []string{"code"},
		"token_endpoint_auth_method": "client_secret_basic", "contacts": []string{"certification@oidf.org"},
	}
	maps.Copy(c.asked, c.placed(with))
	if with["jwks"] != nil {
		c.asked["jwks"] = c.signs.jwks()
	}
	if sector := with["sector_identifier_uri"]; sector != nil {
		s.outside.put(t, c.asked["sector_identifier_uri"].(string), []string{c.redirect})
	}
	c.told = c.registered(c.register(c.asked))
	return c
}

// unregistered is a client that nobody knows yet.
func (s *suite) unregistered(t *testing.T, mode string) *client {
	t.Helper()
	at := "https://rp-" + strings.ToLower(rand.Text()) + ".example"
	return &client{suite: s, browser: newBrowser(t, s.URL), t: t, mode: mode, at: at, redirect: at + "/callback"}
}

// placed puts the client's own address in place of "@".
func (c *client) placed(with map[string]any) map[string]any {
	placed := map[string]any{}
	for name, value := range with {
		switch value := value.(type) {
		case string:
			placed[name] = strings.Replace(value, "@", c.at, 1)
		case []string:
			var list []string
			for _, one := range value {
				list = append(list, strings.Replace(one, "@", c.at, 1))
			}
			placed[name] = list
		default:
			placed[name] = value
		}
	}
	return placed
}

// response is what an endpoint answered.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (r *response) json(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(r.body, &object); err != nil || object == nil {
		t.Fatalf("the answer %d is no JSON object: %s", r.status, r.body)
	}
	return object
}

// call sends a request as the client, without the browser.
func (c *client) call(req *http.Request) *response {
	c.t.Helper()
	c.stamp(req)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return &response{res.StatusCode, res.Header, body}
}

func (c *client) request(method, address, media string, body []byte) *http.Request {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	return req
}

// register sends metadata to the registration endpoint.
func (c *client) register(metadata map[string]any) *response {
	c.t.Helper()
	raw, err := json.Marshal(metadata)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.call(c.request(http.MethodPost, c.text(c.t, "registration_endpoint"), "application/json", raw))
}

func (c *client) id() string { return c.told["client_id"].(string) }

// answer is what came to the redirect URI.
type answer struct {
	values url.Values
	state  string // what was sent
	nonce  string
}

// params are those of an authorization request; in change an empty value takes one away.
func (c *client) params(change url.Values) url.Values {
	v := url.Values{
		"client_id": {c.id()}, "redirect_uri": {c.redirect}, "scope": {"openid"}, "response_type": {"code"},
		"state": {rand.Text()}, "nonce": {rand.Text()},
	}
	if c.mode != "" {
		v.Set("response_mode", c.mode)
	}
	for name, values := range change {
		if v[name] = values; len(values) == 1 && values[0] == "" {
			v.Del(name)
		}
	}
	return v
}

func (c *client) link(params url.Values) string {
	c.t.Helper()
	return c.text(c.t, "authorization_endpoint") + "?" + params.Encode()
}

// authorize goes through an authorization request and back to the client.
func (c *client) authorize(change url.Values) *answer {
	c.t.Helper()
	params := c.params(change)
	return c.returned(c.through(c.open(c.link(params))), params)
}

// authorized is an authorization that ends with a code.
func (c *client) authorized(change url.Values) *answer {
	c.t.Helper()
	a := c.authorize(change)
	if a.values.Get("code") == "" {
		c.t.Fatalf("no code: %v", a.values)
	}
	return a
}

// refused is one that ends with one of the errors.
func (c *client) refused(change url.Values, codes ...string) {
	c.t.Helper()
	a := c.authorize(change)
	c.oneOf("the error", a.values.Get("error"), codes...)
}

// signIn goes all the way to tokens and userinfo.
func (c *client) signIn(change url.Values) *tokens {
	c.t.Helper()
	t := c.redeem(c.authorized(change))
	if t.about = c.userinfo(t.access); t.about["sub"] != t.id["sub"] {
		c.t.Fatalf("userinfo is about %v, the ID token about %v", t.about["sub"], t.id["sub"])
	}
	return t
}

// token posts to the token endpoint with what the client proves itself with.
func (c *client) token(form url.Values) *response {
	c.t.Helper()
	endpoint := c.text(c.t, "token_endpoint")
	secret, _ := c.told["client_secret"].(string)
	method := c.told["token_endpoint_auth_method"]
	switch method {
	case "client_secret_post":
		form.Set("client_id", c.id())
		form.Set("client_secret", secret)
	case "private_key_jwt":
		form.Set("client_id", c.id())
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", c.signs.sign(c.t, c.assertion(endpoint)))
	}
	req := c.request(http.MethodPost, endpoint, "application/x-www-form-urlencoded", []byte(form.Encode()))
	if method == "client_secret_basic" {
		req.SetBasicAuth(url.QueryEscape(c.id()), url.QueryEscape(secret))
	}
	return c.call(req)
}

func (c *client) code(a *answer) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {a.values.Get("code")}, "redirect_uri": {c.redirect}}
}

// redeem exchanges the code of an answer.
func (c *client) redeem(a *answer) *tokens {
	c.t.Helper()
	t := c.granted(c.token(c.code(a)))
	c.idToken(t, a.nonce)
	return t
}

// ask calls userinfo in one of the three ways (RFC 6750 §2).
func (c *client) ask(how, token string) *response {
	c.t.Helper()
	at := c.text(c.t, "userinfo_endpoint")
	if how == "body" {
		return c.call(c.request(http.MethodPost, at, "application/x-www-form-urlencoded", []byte(url.Values{"access_token": {token}}.Encode())))
	}
	method := http.MethodGet
	if how == "post" {
		method = http.MethodPost
	}
	req := c.request(method, at, "", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	return c.call(req)
}

func (c *client) userinfo(token string) map[string]any {
	c.t.Helper()
	return c.claimsOf(c.ask("get", token))
}
