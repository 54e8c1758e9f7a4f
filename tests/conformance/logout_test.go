package conformance

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// leaves is a client that signs people out.
func leaves() map[string]any {
	return map[string]any{"post_logout_redirect_uris": []string{"@/goodbye"}}
}

// leave asks to end the session (RP-Initiated Logout §2); in change an empty value
// takes a parameter away.
func (c *client) leave(t *tokens, change url.Values) page {
	c.t.Helper()
	params := url.Values{"id_token_hint": {t.raw}, "post_logout_redirect_uri": {c.at + "/goodbye"}, "state": {"st4te"}}
	for name, values := range change {
		if params[name] = values; len(values) == 1 && values[0] == "" {
			params.Del(name)
		}
	}
	return c.open(c.text(c.t, "end_session_endpoint") + "?" + params.Encode())
}

// sentBack: the browser is at the client again, with the state.
func (c *client) sentBack(shown page, want string) {
	c.t.Helper()
	if shown.away == nil || shown.away.to.String() != want {
		c.t.Fatalf("at %s (%d), away %v; want %s", shown.url, shown.status, shown.away, want)
	}
}

// gone: nobody is signed in any more.
func (c *client) gone() {
	c.t.Helper()
	c.refused(url.Values{"prompt": {"none"}}, "login_required")
}

// rpInitiatedModules are those of oidcc-rp-initiated-logout.
func rpInitiatedModules() []module {
	// ends: no client is sent to, and the person is signed out, perhaps after a question.
	ends := func(change url.Values, asks bool) func(c *client) {
		return func(c *client) {
			shown := c.leave(c.signIn(nil), change)
			if asks {
				shown = c.submit(shown, "/api/auth/oauth2/end-session/confirm", url.Values{"action": {"confirm"}})
			}
			if shown.away != nil || shown.status != http.StatusOK {
				c.t.Fatalf("answered %d at %s, away %v", shown.status, shown.url, shown.away)
			}
			c.gone()
		}
	}
	refused := func(change url.Values) func(c *client) {
		return func(c *client) {
			t := c.signIn(nil)
			c.stays(c.leave(t, change))
			c.same(t, c.signIn(url.Values{"prompt": {"none"}}))
		}
	}
	return []module{
		{"oidcc-rp-initiated-logout-discovery-endpoint-verification", nil, func(c *client) {
			if at := c.text(c.t, "end_session_endpoint"); !strings.HasPrefix(at, c.URL+"/") {
				c.t.Errorf("end_session_endpoint is %s", at)
			}
		}},
		{"oidcc-rp-initiated-logout", leaves(), func(c *client) {
			c.sentBack(c.leave(c.signIn(nil), nil), c.at+"/goodbye?state=st4te")
			c.gone()
		}},
		{"oidcc-rp-initiated-logout-no-state", leaves(), func(c *client) {
			c.sentBack(c.leave(c.signIn(nil), url.Values{"state": {""}}), c.at+"/goodbye")
			c.gone()
		}},
		{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", leaves(), ends(url.Values{"post_logout_redirect_uri": {""}}, false)},
		{"oidcc-rp-initiated-logout-no-params", leaves(), ends(url.Values{"post_logout_redirect_uri": {""}, "id_token_hint": {""}, "state": {""}}, true)},
		{"oidcc-rp-initiated-logout-only-state", leaves(), ends(url.Values{"post_logout_redirect_uri": {""}, "id_token_hint": {""}}, true)},
		{"oidcc-rp-initiated-logout-no-id-token-hint", leaves(), refused(url.Values{"id_token_hint": {""}})},
		{"oidcc-rp-initiated-logout-bad-id-token-hint", leaves(), refused(url.Values{"id_token_hint": {"bad-id-token-hint"}})},
		{"oidcc-rp-initiated-logout-modified-id-token-hint", leaves(), func(c *client) {
			t := c.signIn(nil)
			parts := strings.Split(t.raw, ".")
			parts[1] = flipped(parts[1])
			c.stays(c.leave(t, url.Values{"id_token_hint": {strings.Join(parts, ".")}}))
			c.same(t, c.signIn(url.Values{"prompt": {"none"}}))
		}},
		{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", leaves(), func(c *client) {
			c.stays(c.leave(c.signIn(nil), url.Values{"post_logout_redirect_uri": {c.at + "/elsewhere"}}))
		}},
		{"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", leaves(), func(c *client) {
			c.stays(c.leave(c.signIn(nil), url.Values{"post_logout_redirect_uri": {c.at + "/goodbye?foo=bar"}}))
		}},
	}
}

// flipped changes one character in the middle.
func flipped(text string) string {
	at := len(text) / 2
	other := "A"
	if text[at] == 'A' {
		other = "B"
	}
	return text[:at] + other + text[at+1:]
}

// backChannelModules are those of oidcc-backchannel-rp-initiated-logout.
func backChannelModules() []module {
	with := leaves()
	with["backchannel_logout_uri"], with["backchannel_logout_session_required"] = "@/backchannel", true
	return []module{
		{"oidcc-backchannel-rp-initiated-logout-discovery-endpoint-verification", nil, func(c *client) {
			if c.metadata["backchannel_logout_supported"] != true || c.metadata["backchannel_logout_session_supported"] != true {
				c.t.Errorf("the metadata is %v", c.metadata)
			}
		}},
		{"oidcc-backchannel-rp-initiated-logout", with, func(c *client) {
			t := c.signIn(nil)
			c.sentBack(c.leave(t, nil), c.at+"/goodbye?state=st4te")
			heard := c.outside.tokens(c.at + "/backchannel")
			if len(heard) != 1 { // before the browser is back: it does not race with it
				c.t.Fatalf("%d logout tokens came", len(heard))
			}
			c.logoutToken(heard[0], t)
			c.gone()
		}},
	}
}

// logoutToken checks Back-Channel Logout §2.4 and §2.6.
func (c *client) logoutToken(text string, t *tokens) {
	c.t.Helper()
	claims, header := c.verified(text, jose.RS256)
	_, signed := c.verified(t.raw, jose.RS256)
	if header["typ"] != "logout+jwt" || header["kid"] != signed["kid"] {
		c.t.Errorf("the header is %v", header)
	}
	if t.id["sid"] == nil || claims["sid"] != t.id["sid"] || claims["sub"] != t.id["sub"] || claims["iss"] != c.URL || claims["aud"] != c.id() {
		c.t.Errorf("it says %v, the ID token %v", claims, t.id)
	}
	now := float64(time.Now().Add(c.later).Unix())
	issued, _ := claims["iat"].(float64)
	expires, _ := claims["exp"].(float64)
	if issued > now+60 || issued < now-60 || expires <= now || expires > now+180 {
		c.t.Errorf("iat %v, exp %v at %v", claims["iat"], claims["exp"], now)
	}
	if id, _ := claims["jti"].(string); entropy(id) < 96 {
		c.t.Errorf("jti is %v", claims["jti"])
	}
	if !sameJSON(c.t, claims["events"], map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}) {
		c.t.Errorf("events is %v", claims["events"])
	}
	if _, has := claims["nonce"]; has {
		c.t.Error("it has a nonce")
	}
}

var frame = regexp.MustCompile(`<iframe src="([^"]*)"`)

// frontChannelModules are those of oidcc-frontchannel-rp-initiated-logout.
func frontChannelModules() []module {
	with := leaves()
	with["frontchannel_logout_uri"], with["frontchannel_logout_session_required"] = "@/frontchannel?kept=1", true
	return []module{
		{"oidcc-frontchannel-rp-initiated-logout-discovery-endpoint-verification", nil, func(c *client) {
			if c.metadata["frontchannel_logout_supported"] != true || c.metadata["frontchannel_logout_session_supported"] != true {
				c.t.Errorf("the metadata is %v", c.metadata)
			}
		}},
		{"oidcc-frontchannel-rp-initiated-logout", with, func(c *client) {
			t := c.signIn(nil)
			shown := c.leave(t, nil)
			c.sentBack(shown, c.at+"/goodbye?state=st4te")
			found := frame.FindAllStringSubmatch(shown.body, -1)
			if len(found) != 1 {
				c.t.Fatalf("%d frames in\n%s", len(found), shown.body)
			}
			told := c.parse(html.UnescapeString(found[0][1]))
			sid, _ := t.id["sid"].(string)
			want := url.Values{"kept": {"1"}, "iss": {c.URL}, "sid": {sid}}
			if sid == "" || told.Query().Encode() != want.Encode() || !strings.HasPrefix(told.String(), c.at+"/frontchannel?") {
				c.t.Errorf("the frame is %s", told)
			}
			policy := strings.Split(shown.header.Get("Content-Security-Policy"), "; ")
			if !slices.Contains(policy, "frame-src "+c.at) {
				c.t.Errorf("the policy is %q", policy)
			}
			c.gone()
		}},
	}
}

// initiatedLoginModules are those of oidcc-3rdparty-init-login.
func initiatedLoginModules() []module {
	return []module{
		{"oidcc-3rd-party-initiated-login", map[string]any{"initiate_login_uri": "@/login?kept=1"}, func(c *client) {
			shown := c.through(c.open(c.URL + "/account/apps/open?client_id=" + c.id()))
			link := `href="` + html.EscapeString(c.at+"/login?kept=1&iss="+url.QueryEscape(c.URL)) + `"`
			if shown.away != nil || shown.status != http.StatusOK || !strings.Contains(shown.body, link) {
				c.t.Fatalf("answered %d at %s, without %s:\n%s", shown.status, shown.url, link, shown.body)
			}
			c.redeem(c.authorized(nil)) // what the client does when it is called there
		}},
		{"oidcc-3rd-party-initiated-login-http-initiate-login-uri", nil, func(c *client) {
			c.asked["initiate_login_uri"] = strings.Replace(c.at, "https:", "http:", 1) + "/login"
			c.denied(c.register(c.asked), http.StatusBadRequest, "invalid_client_metadata")
		}},
	}
}
