package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/tests/authdtest"
)

// target is a server that scenarios are played against, with what is not the contract's.
type target interface {
	url() string
	// mail is the payload of the newest mail of a kind to an address.
	mail(t *testing.T, kind, to string) map[string]any
	// setup does what better-auth has no endpoint for, or one that authd has not yet.
	setup(t *testing.T, s *stage, st step)
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// commonSetup does what both servers do alike.
func commonSetup(t *testing.T, s *stage, st step) bool {
	t.Helper()
	switch st.Setup {
	case "user":
		s.browser("new").Post(t, "/sign-up/email", signingUp(st)).Want(t, http.StatusOK)
	case "sign-up":
		s.browser(st.As).Post(t, "/sign-up/email", signingUp(st)).Want(t, http.StatusOK)
	case "image":
		s.browser(st.As).Post(t, "/update-user", map[string]string{"image": st.Path}).Want(t, http.StatusOK)
	case "get":
		s.browser("new").Get(t, s.fill(st.Path))
	case "sign-in-elsewhere":
		goElsewhere(t, s, st, "/sign-in/social")
	case "connect-elsewhere":
		goElsewhere(t, s, st, "/link-social")
	case "made-client":
		useClient(s, s.values["made_id"], s.values["made_secret"])
	case "sign-out-here":
		s.browser(st.As).Post(t, "/sign-out", struct{}{}).Want(t, http.StatusOK)
	default:
		return passkeySetup(t, s, st) || twoFactorSetup(t, s, st)
	}
	return true
}

func signingUp(st step) map[string]string {
	body := map[string]string{"email": st.Email, "password": st.Password, "name": st.Name}
	if st.Username != "" {
		body["username"] = st.Username
	}
	return body
}

// useClient gives the scenarios an OAuth client and their usual authorization request.
func useClient(s *stage, id, secret string) {
	basic := func(secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	}
	s.values["client_id"], s.values["client_secret"] = id, secret
	s.values["basic"], s.values["bad_basic"] = basic(secret), basic("bad")
	s.values["authorize"] = "response_type=code&client_id=" + id +
		"&redirect_uri=https%3A%2F%2Frp.example%2Fcb&scope=openid+profile+email+offline_access+read%3Athings" +
		"&state=st4te&nonce=n0nce&code_challenge=" + challenge(verifier) + "&code_challenge_method=S256"
}

func useMachine(s *stage, id, secret string) {
	s.values["machine_id"] = id
	s.values["machine_basic"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	s.values["bad_machine_basic"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":bad"))
}

func useMoreClients(s *stage, postID, postSecret, publicID string) {
	s.values["post_id"], s.values["post_secret"], s.values["public_id"] = postID, postSecret, publicID
	s.values["post_basic"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(postID+":"+postSecret))
}

// The client of the recordings, declared to authd as code.
const (
	clientID     = "QyTnWkXgVbRfHsJdLmPzCaUeOiNrYtKw"
	clientSecret = "ZxAsQwErDfCvTyGhBnUiJkMoLpOkIjUh"
	postID       = "PoStWkXgVbRfHsJdLmPzCaUeOiNrYtKw"
	publicID     = "PuBlWkXgVbRfHsJdLmPzCaUeOiNrYtKw"
	leavingID    = "LeAvWkXgVbRfHsJdLmPzCaUeOiNrYtKw"
	apiID        = "ApIsWkXgVbRfHsJdLmPzCaUeOiNrYtKw"
	machineID    = "MaChWkXgVbRfHsJdLmPzCaUeOiNrYtKw"
	clientTOML   = `
[[client]]
client_id = "` + clientID + `"
client_secret = "` + clientSecret + `"
name = "First2"
redirect_uris = ["https://rp.example/cb"]
scopes = ["openid", "profile", "email", "offline_access", "read:things"]

[[client]]
client_id = "` + postID + `"
client_secret = "` + clientSecret + `"
token_endpoint_auth_method = "client_secret_post"
redirect_uris = ["https://rp.example/cb"]

[[client]]
client_id = "` + publicID + `"
redirect_uris = ["https://rp.example/cb"]

[[client]]
client_id = "` + leavingID + `"
client_secret = "` + clientSecret + `"
redirect_uris = ["https://rp.example/cb"]
post_logout_redirect_uris = ["https://rp.example/out"]

[[client]]
client_id = "` + apiID + `"
client_secret = "` + clientSecret + `"
token_endpoint_auth_method = "client_secret_post"
redirect_uris = ["https://rp.example/cb"]
enable_end_session = true
skip_consent = true

[[client]]
client_id = "` + machineID + `"
client_secret = "` + clientSecret + `"
grant_types = ["client_credentials"]
client_credentials_scopes = ["read:things", "write:things"]

[[oauth_provider.resources]]
identifier = "https://api.example.com"
clients = ["` + apiID + `", "` + machineID + `"]
`
)

type authd struct {
	*authdtest.Server
	provider string // address of the provider mock
}

func (a authd) url() string { return a.URL }

func (a authd) mail(t *testing.T, kind, to string) map[string]any {
	t.Helper()
	return a.LastMail(t, kind, to).Payload
}

func (a authd) setup(t *testing.T, s *stage, st step) {
	t.Helper()
	if commonSetup(t, s, st) {
		return
	}
	switch st.Setup {
	case "client":
		useClient(s, clientID, clientSecret)
	case "more-clients":
		useMoreClients(s, postID, clientSecret, publicID)
	case "leaving-client":
		useClient(s, leavingID, clientSecret)
	case "api-client":
		s.values["api_id"], s.values["api_secret"] = apiID, clientSecret
	case "mcp":
		a.command(t, "resource", "create", s.fill("${origin}/mcp"))
	case "may-ask":
		a.command(t, "resource", "link", s.fill("${origin}/mcp"), s.fill(st.Name))
	case "machine":
		a.command(t, "resource", "link", s.fill("${origin}/mcp"), machineID)
		useMachine(s, machineID, clientSecret)
	case "at-provider":
		// The address is the recorded one; who answers is here.
		s.values["back"] = authorize(t, strings.Replace(s.fill(st.Path), "http://127.0.0.1:3999/__idp", a.provider, 1), st.Email)
	case "forget-polls", "outlive-codes": // the requests behind carry another time
	case "forget-consent":
		a.forgetConsent(t, s, st)
	case "set-role":
		a.command(t, "user", st.Setup, st.Email, st.Role)
	case "ban", "unban", "sign-out":
		a.command(t, "user", st.Setup, st.Email)
	case "set-password":
		command := a.Command("user", "set-password", st.Email)
		command.Stdin = strings.NewReader(st.Password + "\n")
		if _, err := command.Output(); err != nil {
			t.Fatal(err)
		}
	default:
		t.Fatalf("unknown setup %q", st.Setup)
	}
}

// forgetConsent: no endpoint takes a consent back yet, so somebody who gave none goes on in the same browser.
func (a authd) forgetConsent(t *testing.T, s *stage, st step) {
	t.Helper()
	browser := s.browser(st.As)
	browser.Post(t, "/sign-out", struct{}{}).Want(t, http.StatusOK)
	browser.Post(t, "/sign-in/email", map[string]string{"email": "form@example.com", "password": password}).Want(t, http.StatusOK)
}

func (a authd) command(t *testing.T, args ...string) {
	t.Helper()
	if _, err := a.Run(args...); err != nil {
		t.Fatal(err)
	}
}

// reference is a running better-auth with a few routes of its own beside it.
type reference struct{ base string }

func (r reference) url() string { return r.base }

func (r reference) mail(t *testing.T, kind, to string) map[string]any {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal(r.own(t, http.MethodGet, "/__outbox", nil), &all); err != nil {
		t.Fatal(err)
	}
	if kind == "phone-reset-otp" {
		kind = "phone-password-reset-otp"
	}
	var last map[string]any
	for _, m := range all {
		user, ok := m["user"].(map[string]any)
		if m["kind"] == kind && (to == "" || ok && user["email"] == to) {
			last = m
		}
	}
	if last == nil {
		t.Fatalf("no mail %s to %q among %d", kind, to, len(all))
	}
	return last
}

func (r reference) own(t *testing.T, method, path string, body any) []byte {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, r.base+path, strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %v %.300s", method, path, res.StatusCode, err, answer)
	}
	return answer
}

func (r reference) sql(t *testing.T, statement string, params ...string) []byte {
	t.Helper()
	return r.own(t, http.MethodPost, "/__sql", map[string]any{"sql": statement, "params": append([]string{}, params...)})
}

func (r reference) setup(t *testing.T, s *stage, st step) {
	t.Helper()
	if commonSetup(t, s, st) {
		return
	}
	const user = "userId=(select id from user where email=?)"
	switch st.Setup {
	case "client":
		made := r.client(t, s, st, "client_secret_basic")
		useClient(s, made.ID, made.Secret)
	case "more-clients":
		post, public := r.client(t, s, st, "client_secret_post"), r.client(t, s, st, "none")
		useMoreClients(s, post.ID, post.Secret, public.ID)
	case "leaving-client":
		made := r.client(t, s, st, "client_secret_basic")
		r.sql(t, "update oauthClient set enableEndSession=1, postLogoutRedirectUris=? where clientId=?", `["https://rp.example/out"]`, made.ID)
		useClient(s, made.ID, made.Secret)
	case "api-client":
		made := r.client(t, s, st, "client_secret_post")
		r.sql(t, "update oauthClient set skipConsent=1, enableEndSession=1 where clientId=?", made.ID)
		r.sql(t, "insert into oauthClientResource (id, clientId, resourceId) values (?, ?, 'https://api.example.com')", made.ID, made.ID)
		s.values["api_id"], s.values["api_secret"] = made.ID, made.Secret
	case "mcp", "may-ask": // its preset has the resource, and every client may ask for it
	case "machine":
		made := r.machine(t, s, st)
		r.sql(t, "insert into oauthClientResource (id, clientId, resourceId) values (?, ?, 'https://api.example.com')", made.ID, made.ID)
		useMachine(s, made.ID, made.Secret)
	case "at-provider":
		s.values["back"] = authorize(t, s.fill(st.Path), st.Email)
	case "forget-polls":
		r.sql(t, "update deviceCode set lastPolledAt=null")
	case "outlive-codes":
		r.sql(t, "update deviceCode set expiresAt=?", time.Now().Add(-time.Second).UTC().Format(time.RFC3339))
	case "forget-consent":
		r.sql(t, "delete from oauthConsent")
	case "ban":
		r.sql(t, "update user set banned=1, banReason='spam' where email=?", st.Email)
		r.sql(t, "delete from session where "+user, st.Email)
	case "set-role":
		r.sql(t, "update user set role=? where email=?", st.Role, st.Email)
	case "unban":
		r.sql(t, "update user set banned=0, banReason=null where email=?", st.Email)
	case "sign-out":
		r.sql(t, "delete from session where "+user, st.Email)
	case "set-password":
		r.setPassword(t, st)
	default:
		t.Fatalf("unknown setup %q", st.Setup)
	}
}

type madeClient struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

func (r reference) client(t *testing.T, s *stage, st step, method string) (made madeClient) {
	t.Helper()
	s.browser(st.As).Post(t, "/oauth2/create-client", map[string]any{
		"redirect_uris": []string{"https://rp.example/cb"}, "client_name": "First2", "token_endpoint_auth_method": method,
		"scope": "openid profile email offline_access read:things",
	}).Want(t, http.StatusCreated).Decode(t, &made)
	return made
}

// machine makes a client that acts for itself; better-auth has that only in process.
func (r reference) machine(t *testing.T, s *stage, st step) (made madeClient) {
	t.Helper()
	answer := r.own(t, http.MethodPost, "/__api", map[string]any{"name": "adminCreateOAuthClient", "args": map[string]any{
		"headers": map[string]string{"cookie": s.browser(st.As).CookieHeader()},
		"body": map[string]any{
			"redirect_uris": []string{"https://rp.example/cb"}, "grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "client_secret_basic",
			"scope": "read:things write:things", "client_credentials_scopes": []string{"read:things", "write:things"},
		},
	}})
	if err := json.Unmarshal(answer, &made); err != nil {
		t.Fatal(err)
	}
	return made
}

// setPassword copies the hash of somebody who just signed up with that password.
func (r reference) setPassword(t *testing.T, st step) {
	t.Helper()
	twin := "twin-" + url.QueryEscape(st.Name) + st.Email
	authdtest.NewClient(r.base).Post(t, "/sign-up/email", map[string]string{"email": twin, "password": st.Password, "name": "Twin"}).Want(t, http.StatusOK)
	r.sql(t, fmt.Sprintf("update account set password=(select password from account where userId=(select id from user where email='%s')) where providerId='credential' and userId=(select id from user where email=?)", twin), st.Email)
}
