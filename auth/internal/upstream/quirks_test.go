package upstream_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/upstream"
)

func TestGoogleHostedDomain(t *testing.T) {
	for _, c := range []struct {
		rule, hd string
		has      any
		ok       bool
	}{
		{"of the domain", "acme.example", "acme.example", true},
		{"of any domain", "*", "other.example", true},
		{"of another", "acme.example", "other.example", false},
		{"of none", "acme.example", nil, false},
		{"of none, where any will do", "*", nil, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s := shape(t, "google")
			s.Config = "hd = '" + c.hd + "'\n"
			w, p := one(t, s)
			u, err := url.Parse(w.begin(p))
			if err != nil || u.Query().Get("hd") != c.hd {
				t.Errorf("%v, %v", u, err)
			}
			if _, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, map[string]any{"hd": c.has})), "", ""); (err == nil) != c.ok || err != nil && !errors.Is(err, upstream.ErrIDToken) {
				t.Error(err)
			}
		})
	}
}

func TestMicrosoftTenants(t *testing.T) {
	const (
		own       = "8a9e3f3e-6e2b-4a4e-9b1a-1f2e3d4c5b6a"
		other     = "11111111-2222-3333-4444-555555555555"
		consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"
	)
	for _, c := range []struct {
		rule, tenant, tid, iss string
		ok                     bool
	}{
		{"any, where all may", "common", other, other, true},
		{"a personal one, where all may", "common", consumers, consumers, true},
		{"the configured one", own, own, own, true},
		{"another than the configured", own, other, other, false},
		{"another, under the configured one's name", own, own, other, false},
		{"another, that says it is the configured", "common", own, other, false},
		{"a personal one, where only organizations may", "organizations", consumers, consumers, false},
		{"an organization, where only personal ones may", "consumers", other, other, false},
		{"none", "common", "", "", false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s := shape(t, "microsoft")
			s.Config = "tenant_id = '" + c.tenant + "'\n"
			w, p := one(t, s)
			jwks := strings.Replace(s.JWKS, "common", c.tenant, 1)
			w.Answers[jwks] = w.ServeKeys
			token := w.IDToken(w.claims(s, map[string]any{"tid": c.tid, "iss": "https://login.microsoftonline.com/" + c.iss + "/v2.0"}))
			if _, err := p.VerifyIDToken(t.Context(), token, "", ""); (err == nil) != c.ok || err != nil && !errors.Is(err, upstream.ErrIDToken) {
				t.Error(err)
			}
		})
	}
}

// TestMicrosoftAddresses: any administrator can write any address into a profile.
func TestMicrosoftAddresses(t *testing.T) {
	for rule, c := range map[string]struct {
		changes  map[string]any
		verified bool
	}{
		"the claim email alone is no proof":        {map[string]any{"verified_primary_email": nil}, false},
		"another address was verified":             {map[string]any{"verified_primary_email": []string{"other@example.com"}}, false},
		"it was verified as the second":            {map[string]any{"verified_primary_email": nil, "verified_secondary_email": []string{ada}}, true},
		"email_verified false outweighs the lists": {map[string]any{"email_verified": false}, false},
	} {
		s := shape(t, "microsoft")
		w, p := one(t, s)
		profile, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, c.changes)), "", "")
		if err != nil || profile.EmailVerified != c.verified || profile.Image != "" {
			t.Errorf("%s: %+v, %v", rule, profile, err)
		}
	}
}

func TestAppleOnPhones(t *testing.T) {
	s := shape(t, "apple")
	s.Config += "app_bundle_identifier = 'com.example.app'\n"
	w, p := one(t, s)
	if _, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, map[string]any{"aud": "com.example.app", "nonce": hashed("nonce-1")})), "nonce-1", ""); err != nil {
		t.Errorf("of the app, with the hash of its nonce: %v", err)
	}
	if _, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, nil)), "nonce-1", ""); !errors.Is(err, upstream.ErrIDToken) {
		t.Errorf("of the web: %v", err)
	}
	if _, err := p.VerifyIDToken(t.Context(), w.IDToken(w.claims(s, map[string]any{"aud": "com.example.app", "nonce": hashed("nonce-2")})), "nonce-1", ""); !errors.Is(err, upstream.ErrIDToken) {
		t.Errorf("with another nonce: %v", err)
	}
	tokens, err := p.Exchange(t.Context(), code(w.Authorize(w.begin(p))))
	if err != nil {
		t.Fatal(err)
	}
	for rule, user := range map[string]string{"nonsense": "{", "too long": `{"name":{"firstName":"` + strings.Repeat("a", 300) + `"}}`, "none": ""} {
		if profile, err := p.Profile(t.Context(), tokens, url.Values{"user": {user}}); err != nil || profile.Name != "" || profile.Email != ada {
			t.Errorf("%s: %+v, %v", rule, profile, err)
		}
	}
}

// TestLineSignsWithTheSecret, where people come by the web.
func TestLineSignsWithTheSecret(t *testing.T) {
	s := shape(t, "line")
	w := open(t, "[social_providers.line]\nclient_id = 'client'\nclient_secret = '0123456789abcdef0123456789abcdef'\n")
	p := w.provider("line")
	for secret, ok := range map[string]bool{"0123456789abcdef0123456789abcdef": true, "1123456789abcdef0123456789abcdef": false} {
		token := sign(t, jose.HS256, []byte(secret), "", w.claims(s, nil))
		profile, err := p.Profile(t.Context(), &upstream.Tokens{AccessToken: "a", IDToken: token, Nonce: "nonce-1"}, nil)
		if ok != (err == nil) || ok && profile.ID != s.IDToken["sub"] || !ok && !errors.Is(err, upstream.ErrIDToken) {
			t.Errorf("%v: %+v, %v", ok, profile, err)
		}
	}
}

// TestFacebookAccessTokens: an app may send one as its ID token, and could have got
// it as another app.
func TestFacebookAccessTokens(t *testing.T) {
	for rule, c := range map[string]struct {
		debug string
		ok    bool
	}{
		"given to us":           {`{"data":{"app_id":"client","is_valid":true,"user_id":"10158"}}`, true},
		"given to another app":  {`{"data":{"app_id":"other","is_valid":true,"user_id":"10158"}}`, false},
		"of another person":     {`{"data":{"app_id":"client","is_valid":true,"user_id":"666"}}`, false},
		"no longer valid":       {`{"data":{"app_id":"client","is_valid":false,"user_id":"10158"}}`, false},
		"of nobody":             {`{"data":{"app_id":"client","is_valid":true}}`, false},
		"answered with nothing": {`{}`, false},
	} {
		s := shape(t, "facebook")
		w, p := one(t, s)
		w.Answers["graph.facebook.com/debug_token"] = answer(200, c.debug)
		w.Answers["graph.facebook.com/me"] = answer(200, s.API["GET graph.facebook.com/me"])
		profile, err := p.VerifyIDToken(t.Context(), "opaque", "", "access")
		if c.ok != (err == nil) || c.ok && profile.ID != "10158" || !c.ok && !errors.Is(err, upstream.ErrNoProfile) {
			t.Errorf("%s: %+v, %v", rule, profile, err)
		}
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// TestProfilesThatAreRefused, or that are less than they look.
func TestProfilesThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		rule, id, at, body string
		check              func(p *upstream.Profile, err error) bool
	}{
		{"GitHub: an address that is not verified", "github", "api.github.com/user/emails", `[{"email":"ada@example.com","primary":true,"verified":false}]`, unverified},
		{"GitHub: the addresses may not be read", "github", "api.github.com/user/emails", `{`, refused},
		{"GitLab: a blocked account", "gitlab", "git.example.com/api/v4/user", `{"id":1,"state":"blocked","email":"ada@example.com"}`, refused},
		{"GitLab: a locked account", "gitlab", "git.example.com/api/v4/user", `{"id":1,"state":"active","locked":true,"email":"ada@example.com"}`, refused},
		{"Kakao: an address that went to somebody else", "kakao", "kapi.kakao.com/v2/user/me", `{"id":1,"kakao_account":{"email":"ada@example.com","is_email_verified":true,"is_email_valid":false}}`, unverified},
		{"Naver: an error with status 200", "naver", "openapi.naver.com/v1/nid/me", `{"resultcode":"024","message":"x","response":{"id":"1"}}`, refused},
		{"WeChat: an error with status 200", "wechat", "api.weixin.qq.com/sns/userinfo", `{"errcode":40003,"errmsg":"invalid openid","openid":"x"}`, refused},
		{"Slack: an error with status 200", "slack", "slack.com/api/openid.connect.userInfo", `{"ok":false,"error":"invalid_auth"}`, refused},
		{"Cloudflare: an error with status 200", "cloudflare", "api.cloudflare.com/client/v4/user", `{"success":false,"errors":[{"code":1}],"result":null}`, refused},
		{"PayPal: another person than in the ID token", "paypal", "api-m.paypal.com/v1/identity/oauth2/userinfo", `{"user_id":"mallory","sub":"mallory","email":"ada@example.com"}`, refused},
		{"VK: no address", "vk", "id.vk.com/oauth2/user_info", `{"user":{"user_id":"1","first_name":"Ada"}}`, refused},
		{"Discord: an address that is not verified", "discord", "discord.com/api/users/@me", `{"id":"80351110224678912","username":"ada","discriminator":"1234","avatar":null,"verified":false,"email":"ada@example.com"}`, func(p *upstream.Profile, err error) bool {
			return unverified(p, err) && p.Image == "https://cdn.discordapp.com/embed/avatars/4.png"
		}},
		{"verified without an address", "polar", "api.polar.sh/v1/oauth2/userinfo", `{"id":"1","email_verified":true}`, func(p *upstream.Profile, err error) bool { return err == nil && p.Email == "" && !p.EmailVerified }},
		{"no id", "polar", "api.polar.sh/v1/oauth2/userinfo", `{"email":"ada@example.com","email_verified":true}`, refused},
		{"an id of spaces", "polar", "api.polar.sh/v1/oauth2/userinfo", `{"id":"  ","email":"ada@example.com"}`, refused},
		{"an id that is an object", "polar", "api.polar.sh/v1/oauth2/userinfo", `{"id":{"a":1},"email":"ada@example.com"}`, refused},
		{"a list", "polar", "api.polar.sh/v1/oauth2/userinfo", `[{"id":"1"}]`, refused},
		{"null", "polar", "api.polar.sh/v1/oauth2/userinfo", `null`, refused},
		{"HTML", "polar", "api.polar.sh/v1/oauth2/userinfo", `<html>`, refused},
		{"nothing", "polar", "api.polar.sh/v1/oauth2/userinfo", ``, refused},
		{"two megabytes", "polar", "api.polar.sh/v1/oauth2/userinfo", `{"id":"1","x":"` + strings.Repeat("a", 2<<20) + `"}`, refused},
		{"an empty list of people", "kick", "api.kick.com/public/v1/users", `{"data":[]}`, refused},
	} {
		t.Run(c.rule, func(t *testing.T) {
			w, p := one(t, shape(t, c.id))
			tokens, err := p.Exchange(t.Context(), code(w.Authorize(w.begin(p))))
			if err != nil {
				t.Fatal(err)
			}
			w.Answers[c.at] = answer(200, c.body)
			if profile, err := p.Profile(t.Context(), tokens, nil); !c.check(profile, err) {
				t.Errorf("%+v, %v", profile, err)
			}
		})
	}
}

func refused(p *upstream.Profile, err error) bool {
	return p == nil && errors.Is(err, upstream.ErrNoProfile)
}

func unverified(p *upstream.Profile, err error) bool {
	return err == nil && p.Email == ada && !p.EmailVerified
}

// TestAnotherPersonAtUserinfo: what userinfo says must be of the ID token's person
// (OpenID Connect Core §5.3.2).
func TestAnotherPersonAtUserinfo(t *testing.T) {
	s := shape(t, "cognito")
	w, p := one(t, s)
	w.Claims = func(claims map[string]any) { delete(claims, "email") }
	const userinfo = "acme.auth.eu-west-1.amazoncognito.com/oauth2/userinfo"
	for sub, ok := range map[string]bool{"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee": true, "mallory": false} {
		w.Answers[userinfo] = answer(200, `{"sub":"`+sub+`","email":"ada@example.com","email_verified":"true"}`)
		tokens, err := p.Exchange(t.Context(), code(w.Authorize(w.begin(p))))
		if err != nil {
			t.Fatal(err)
		}
		profile, err := p.Profile(t.Context(), tokens, nil)
		if ok && (err != nil || profile.Email != ada || !profile.EmailVerified) || !ok && !refused(profile, err) {
			t.Errorf("%s: %+v, %v", sub, profile, err)
		}
	}
}
