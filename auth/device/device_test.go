package device_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

const (
	grant   = "urn:ietf:params:oauth:grant-type:device_code"
	clients = `
[[client]]
client_id = "tv"
name = "The <television>"
token_endpoint_auth_method = "none"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
scopes = ["openid", "email", "offline_access"]
[[client]]
client_id = "printer"
client_secret = "a secret of more than thirty-two characters"
token_endpoint_auth_method = "client_secret_basic"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code"]
[[client]]
client_id = "web"
redirect_uris = ["https://app.example/cb"]
`
)

// asked is what a device was told.
type asked struct{ device, user, complete string }

func ask(t *testing.T, c *testkit.Client, client, scope string) asked {
	t.Helper()
	body := url.Values{"client_id": {client}}
	if scope != "" {
		body.Set("scope", scope)
	}
	a := c.Form("/device/code", body).Is(200, "")
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	return asked{a.Field("device_code"), a.Field("user_code"), a.Field("verification_uri_complete")}
}

// poll asks at the token endpoint; pollPlain at the contract's own.
func poll(c *testkit.Client, client string, a asked) *testkit.Answer {
	return c.Form("/oauth2/token", url.Values{"grant_type": {grant}, "device_code": {a.device}, "client_id": {client}})
}

func pollPlain(c *testkit.Client, client string, a asked) *testkit.Answer {
	return c.Post("/device/token", map[string]any{"grant_type": grant, "device_code": a.device, "client_id": client})
}

func refused(t *testing.T, a *testkit.Answer, code string) {
	t.Helper()
	if a.Is(400, "").Field("error") != code {
		t.Fatalf("got %s, want %s", a.Body, code)
	}
}

func answer(c *testkit.Client, a asked, decision string) *testkit.Answer {
	return c.Post("/device/"+decision, map[string]any{"userCode": a.user})
}

func look(c *testkit.Client, code string) *testkit.Answer {
	return c.Get("/device?user_code=" + url.QueryEscape(code))
}

func count(t *testing.T, s *testkit.Server, table string) int64 {
	t.Helper()
	n, err := store.One(t.Context(), s.Core.DB, func(r *store.Row) int64 { return r.Int() }, `SELECT COUNT(*) FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPlainMode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	a := ask(t, tv, "television", "all of it")
	if !regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`).MatchString(a.user) { // RFC 8628 §6.1
		t.Errorf("user code %q", a.user)
	}
	if a.complete != s.URL+"/device?user_code="+a.user {
		t.Errorf("verification_uri_complete %q", a.complete)
	}
	refused(t, pollPlain(tv, "television", a), "authorization_pending")
	if answer(ada, a, "approve").Is(400, "").Field("error") != "invalid_request" {
		t.Error("approved without a look")
	}
	typed := strings.ToLower(strings.ReplaceAll(a.user, "-", " ")) // RFC 8628 §6.1: as people type
	if got := look(ada, typed).Is(200, ""); got.Field("client_id") != "television" || got.Field("status") != "pending" {
		t.Error(got.Body)
	}
	answer(ada, a, "approve").Is(200, "")
	s.Clock.Advance(5 * time.Second)
	sessions := count(t, s, "session")
	got := pollPlain(tv, "television", a).Is(200, "")
	if got.Field("token_type") != "Bearer" || got.Field("scope") != "all of it" || count(t, s, "session") != sessions+1 {
		t.Error(got.Body)
	}
	refused(t, pollPlain(tv, "television", a), "invalid_grant") // one use
	if count(t, s, "session") != sessions+1 {
		t.Error("a second session")
	}
	// What is stored opens nothing.
	if dump := s.Core.DB; dump != nil {
		for _, secret := range []string{a.device, a.user} {
			if n, err := store.One(t.Context(), dump, func(r *store.Row) int64 { return r.Int() }, `SELECT COUNT(*) FROM device_code WHERE device_code = $1 OR user_code = $1`, secret); err != nil || n != 0 {
				t.Errorf("%q is stored in clear: %v", secret, err)
			}
		}
	}
}

// The session of a device is no fresher than the sign-in of who let it in.
func TestAnOldSignInDoesNotBecomeFresh(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	s.Clock.Advance(48 * time.Hour)
	a := ask(t, tv, "television", "")
	look(ada, a.user).Is(200, "")
	answer(ada, a, "approve").Is(200, "")
	pollPlain(tv, "television", a).Is(200, "")
	created, err := store.All(t.Context(), s.Core.DB, func(r *store.Row) time.Time { return r.Time() }, `SELECT created_at FROM session`)
	if err != nil || len(created) != 2 {
		t.Fatal(created, err)
	}
	if !created[0].Equal(created[1]) {
		t.Errorf("the device's session began at %v, the person's at %v", created[1], created[0])
	}
}

func TestOAuthMode(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	if got := tv.Get("./.well-known/openid-configuration").Field("device_authorization_endpoint"); got != s.URL+"/api/auth/device/code" { // RFC 8628 §4
		t.Errorf("device_authorization_endpoint %q", got)
	}
	a := ask(t, tv, "tv", "openid offline_access")
	refused(t, poll(tv, "tv", a), "authorization_pending")
	look(ada, a.user).Is(200, "")
	answer(ada, a, "approve").Is(200, "")
	s.Clock.Advance(5 * time.Second)
	refused(t, pollPlain(tv, "tv", a), "invalid_grant") // never a session for a client's scopes
	got := poll(tv, "tv", a).Is(200, "")
	if got.Field("scope") != "openid offline_access" || got.Field("id_token") == "" || got.Field("refresh_token") == "" {
		t.Error(got.Body)
	}
	tv.Header.Set("Authorization", "Bearer "+got.Field("access_token"))
	if tv.Get("/oauth2/userinfo").Is(200, "").Field("sub") == "" {
		t.Error("no sub")
	}
	tv.Header.Del("Authorization")
	tv.Form("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Field("refresh_token")}, "client_id": {"tv"}}).Is(200, "")
	refused(t, poll(tv, "tv", a), "invalid_grant")
	if n := count(t, s, "session"); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	t.Run("RFC 8628 §3.5: each slow_down adds five seconds", func(t *testing.T) {
		a := ask(t, tv, "tv", "openid")
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, "authorization_pending"},
			{4 * time.Second, "slow_down"},  // 10 from now on
			{9 * time.Second, "slow_down"},  // 15
			{14 * time.Second, "slow_down"}, // 20
			{20 * time.Second, "authorization_pending"},
			{19 * time.Second, "slow_down"},
		} {
			s.Clock.Advance(step.after)
			refused(t, poll(tv, "tv", a), step.want)
		}
	})
	t.Run("RFC 8628 §3.5: expired_token", func(t *testing.T) {
		a := ask(t, tv, "tv", "openid")
		look(ada, a.user).Is(200, "")
		s.Clock.Advance(30 * time.Minute)
		if got := look(ada, a.user); got.Field("error") != "expired_token" {
			t.Error(got.Body)
		}
		if got := answer(ada, a, "approve"); got.Field("error") != "expired_token" {
			t.Error(got.Body)
		}
		refused(t, poll(tv, "tv", a), "expired_token")
	})
	t.Run("RFC 8628 §3.5: access_denied", func(t *testing.T) {
		a := ask(t, tv, "tv", "openid")
		look(ada, a.user).Is(200, "")
		answer(ada, a, "deny").Is(200, "")
		if got := answer(ada, a, "approve"); got.Field("error_description") != "Device code already processed" {
			t.Error(got.Body)
		}
		refused(t, poll(tv, "tv", a), "access_denied")
	})
	t.Run("RFC 8628 §5.2: a code is its client's", func(t *testing.T) {
		a := ask(t, tv, "tv", "openid")
		look(ada, a.user).Is(200, "")
		answer(ada, a, "approve").Is(200, "")
		other := s.Client()
		other.Header.Set("Authorization", basic("printer", "a secret of more than thirty-two characters"))
		refused(t, other.Form("/oauth2/token", url.Values{"grant_type": {grant}, "device_code": {a.device}}), "invalid_grant")
		poll(tv, "tv", a).Is(200, "")
	})
	t.Run("what was approved ends with all access", func(t *testing.T) {
		a := ask(t, tv, "tv", "openid")
		look(ada, a.user).Is(200, "")
		answer(ada, a, "approve").Is(200, "")
		users, err := s.Core.Users(t.Context(), s.Core.DB, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Admin.Ban(t.Context(), users[0].ID, "", nil); err != nil {
			t.Fatal(err)
		}
		refused(t, poll(tv, "tv", a), "invalid_grant")
	})
}

func basic(id, secret string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return r.Header.Get("Authorization")
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	for name, c := range map[string]struct {
		form   url.Values
		header string
		status int
		want   string
	}{
		"RFC 8628 §3.1: a confidential client proves itself": {url.Values{"client_id": {"printer"}}, "", 401, "invalid_client"},
		"RFC 6749 §2.3.1: with its own secret":               {nil, basic("printer", "wrong"), 401, "invalid_client"},
		"RFC 8628 §3.1: and may then ask":                    {url.Values{"scope": {"openid"}}, basic("printer", "a secret of more than thirty-two characters"), 200, ""},
		"RFC 6749 §5.2: a client without the grant may not":  {url.Values{"client_id": {"web"}}, "", 400, "unauthorized_client"},
		"RFC 6749 §5.2: nor ask for scopes that it has not":  {url.Values{"client_id": {"tv"}, "scope": {"openid profile"}}, "", 400, "invalid_scope"},
		"RFC 6749 §3.2: no parameter comes twice":            {url.Values{"client_id": {"tv", "tv"}}, "", 400, "invalid_request"},
		"RFC 8628 §3.1: client_id is required":               {url.Values{"scope": {"openid"}}, "", 400, "invalid_request"},
		"what a stranger says of itself is bounded":          {url.Values{"client_id": {strings.Repeat("x", 201)}}, "", 400, "invalid_request"},
		"and has no control characters":                      {url.Values{"client_id": {"a\nb"}}, "", 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			client := s.Client()
			if c.header != "" {
				client.Header.Set("Authorization", c.header)
			}
			before := count(t, s, "device_code")
			got := client.Form("/device/code", c.form).Is(c.status, "")
			if got.Field("error") != c.want {
				t.Errorf("got %s, want %s", got.Body, c.want)
			}
			if made := count(t, s, "device_code") - before; c.status != 200 && made != 0 {
				t.Errorf("%d codes were made", made)
			}
		})
	}
}

func TestOnlyWhoLookedFirstAnswers(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	ada, eve, tv := s.SignUp("ada@example.com"), s.SignUp("eve@example.com"), s.Client()
	a := ask(t, tv, "tv", "openid")
	look(ada, a.user).Is(200, "")
	if got := look(eve, a.user).Is(200, ""); got.Field("client_id") != "" || got.Field("scope") != "" {
		t.Errorf("somebody else is told who asks: %s", got.Body)
	}
	for _, decision := range []string{"approve", "deny"} {
		if got := answer(eve, a, decision).Is(403, ""); got.Field("error") != "access_denied" {
			t.Error(got.Body)
		}
	}
	if got := answer(s.Client(), a, "approve").Is(401, ""); got.Field("error") != "unauthorized" {
		t.Error(got.Body)
	}
	refused(t, poll(tv, "tv", a), "authorization_pending")
}

// RFC 8628 §5.1: guesses are bounded for a person, wherever they are, and for an address.
func TestGuessing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	a := ask(t, tv, "tv", "openid")
	wrong := "BBBB-BBBB"
	if a.user == wrong {
		wrong = "CCCC-CCCC"
	}
	for range 5 {
		look(ada, wrong).Is(400, "")
	}
	if got := look(ada, a.user).Is(429, ""); got.Header.Get("Retry-After") != "600" {
		t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
	}
	look(tv, a.user).Is(200, "") // the address is not yet at its bound
	for range 15 {
		look(tv, wrong).Is(400, "")
	}
	look(tv, a.user).Is(429, "")
	s.Clock.Advance(10 * time.Minute)
	look(ada, a.user).Is(200, "")
	look(ada, "too short").Is(400, "")
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, "[device_authorization]\nenabled = false\n")
		c := s.SignUp("ada@example.com")
		c.Form("/device/code", url.Values{"client_id": {"tv"}}).Is(404, "")
		c.Get("./device").Is(404, "")
		if strings.Contains(c.Get("./.well-known/openid-configuration").Body, "device") {
			t.Error("discovery speaks of devices")
		}
		refused(t, poll(c, "authd-cli", asked{device: "x"}), "unsupported_grant_type")
	})
	t.Run("only registered clients", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, clients+"[device_authorization]\nallow_unregistered_clients = false\nverification_uri = \"https://app.example/enter?x=1\"\n")
		refused(t, s.Client().Form("/device/code", url.Values{"client_id": {"television"}}), "invalid_client")
		if a := ask(t, s.Client(), "tv", ""); a.complete != "https://app.example/enter?x=1&user_code="+a.user {
			t.Error(a.complete)
		}
	})
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	tv := s.Client()
	old := ask(t, tv, "tv", "openid")
	look(tv, "BBBB-BBBB")
	s.Clock.Advance(41 * time.Minute)
	ask(t, tv, "tv", "openid")
	if err := s.Devices.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if codes, guesses := count(t, s, "device_code"), count(t, s, "device_guess"); codes != 1 || guesses != 0 {
		t.Errorf("%d codes and %d guesses are left", codes, guesses)
	}
	refused(t, poll(tv, "tv", old), "invalid_grant")

	// More than one step of the sweep takes.
	err := s.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 450 {
			name := strconv.Itoa(i)
			if _, err := tx.Exec(t.Context(), `INSERT INTO device_guess (id, failures, ends_at) VALUES ($1, 1, 0)`, name); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), `INSERT INTO device_code (id, device_code, user_code, client_id, status, created_at, expires_at, polling_interval)
VALUES ($1, $1, $1, 'tv', 'pending', 0, 0, 0)`, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Devices.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if codes, guesses := count(t, s, "device_code"), count(t, s, "device_guess"); codes != 1 || guesses != 0 {
		t.Errorf("%d codes and %d guesses are left of many", codes, guesses)
	}
}
