package pages_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// verifier is that of the challenge of [ask] (RFC 7636 appendix B).
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// proof is what an ID token says of a sign-in.
type proof struct {
	AMR      []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
}

func proofIn(t *testing.T, a *testkit.Answer) proof {
	t.Helper()
	parts := strings.Split(a.Is(200, "").Field("id_token"), ".")
	if len(parts) != 3 {
		t.Fatalf("no ID token: %s", a.Body)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var p proof
	if err != nil || json.Unmarshal(text, &p) != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return p
}

// redeemed is the proof in the tokens of the code in to.
func redeemed(t *testing.T, s *testkit.Server, to *url.URL, client string) proof {
	t.Helper()
	if to.Query().Get("code") == "" || to.Query().Get("state") != "s&1" {
		t.Fatalf("it leads to %s", to)
	}
	return proofIn(t, s.Client().Form("/oauth2/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {to.Query().Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}))
}

func (p proof) is(t *testing.T, at time.Time, amr ...string) {
	t.Helper()
	if !slices.Equal(p.AMR, amr) || p.AuthTime != at.Unix() {
		t.Errorf("amr %v at %d, want %v at %d", p.AMR, p.AuthTime, amr, at.Unix())
	}
}

// TestAnAppsRequestWaitsForTheSecondFactor: it goes on with the right code alone, and
// its tokens say both proofs and when the second one was given.
func TestAnAppsRequestWaitsForTheSecondFactor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signedIn bool // before, and longer ago than the request allows
		ask      []string
	}{
		"nobody is signed in":          {false, nil},
		"prompt=login":                 {true, []string{"prompt", "login"}},
		"a sign-in older than max_age": {true, []string{"max_age", "60"}},
		"max_age=0":                    {true, []string{"max_age", "0"}},
		"max_age, and a slow second":   {false, []string{"max_age", "60"}},
		"prompt=login consent":         {true, []string{"prompt", "login consent"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := provider(t, "")
			owner, app, _ := protected(t, s, "ada@example.com")
			b := s.Client()
			if c.signedIn {
				b = owner
				s.Clock.Advance(5 * time.Minute)
			}
			login := ask(t, b, "wiki", callback, c.ask...)
			if !strings.HasPrefix(login, "/login?") {
				t.Fatalf("asked at %s", login)
			}
			flow := flowOf(t, login)
			leads(t, form(b, "/login", "email", "ada@example.com", "password", testkit.Password, "flow", flow), "/two-factor?flow="+flow)
			if a := b.Get("./consent?flow=" + flow); a.Status == 200 {
				t.Fatalf("the request goes on before: %q", title(a))
			}
			tells(t, b.Get("./two-factor?flow="+flow), 200, "The &lt;wiki&gt;")
			tells(t, form(b, "/two-factor", "method", "app", "code", app.wrong(), "flow", flow), 422, "You have 4 more tries.")
			s.Clock.Advance(2 * time.Minute)
			at := s.Clock.Now(t.Context())
			leads(t, form(b, "/two-factor", "method", "app", "code", app.code(), "flow", flow), "/consent?flow="+flow)
			to := handedTo(t, form(b, "/consent", "flow", flow, "decision", "allow"))
			redeemed(t, s, to, "wiki").is(t, at, "pwd", "otp", "mfa")
		})
	}
}

// TestAnAppsRequestWaitsForASecondFactorToBeSetUp: who must have one and has none sets
// it up in the middle of the request, which then goes on.
func TestAnAppsRequestWaitsForASecondFactorToBeSetUp(t *testing.T) {
	t.Parallel()
	s := provider(t, "[two_factor]\nrequire_two_factor = true\n")
	s.Client().Post("/sign-up/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "name": "Ada"}).Is(200, "")
	b := s.Client()
	flow := flowOf(t, ask(t, b, "wiki", callback))
	leads(t, form(b, "/login", "email", "ada@example.com", "password", testkit.Password, "flow", flow), "/two-factor?flow="+flow)
	shows(t, b.Get("./two-factor?flow="+flow), 200, "Protect your account")
	app, sealed := scans(t, s, form(b, "/two-factor/enrol", "flow", flow))
	if a := b.Get("./consent?flow=" + flow); a.Status == 200 || signedIn(b) {
		t.Fatalf("the request goes on before: %q", title(a))
	}
	done := form(b, "/two-factor/enrolled", "setup", sealed, "code", app.code(), "flow", flow)
	shows(t, done, 200, "Two-step sign-in is on")
	if !strings.Contains(done.Body, `href="/login?flow=`+flow+`"`) {
		t.Fatalf("it does not lead back into the request: %s", done.Body)
	}
	leads(t, b.Get("./login?flow="+flow), "/consent?flow="+flow)
	to := handedTo(t, form(b, "/consent", "flow", flow, "decision", "allow"))
	redeemed(t, s, to, "wiki").is(t, s.Clock.Now(t.Context()), "pwd", "otp", "mfa")
}

// TestADeviceWaitsForTheSecondFactor: whoever types in its code is asked, or sets one up, first.
func TestADeviceWaitsForTheSecondFactor(t *testing.T) {
	t.Parallel()
	poll := func(s *testkit.Server, device string) *testkit.Answer {
		return s.Client().Form("/oauth2/token", url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device}, "client_id": {"tv"},
		})
	}
	letIn := func(t *testing.T, s *testkit.Server, b *testkit.Client, device, code string) {
		t.Helper()
		shows(t, form(b, "/device", "user_code", code), 200, "Let The <television> in?")
		form(b, "/device/answer", "user_code", code, "decision", "allow").Is(200, "")
		s.Clock.Advance(6 * time.Second)
		proofIn(t, poll(s, device)).is(t, s.Clock.Now(t.Context()).Add(-6*time.Second), "pwd", "otp", "mfa")
	}
	begin := func(t *testing.T, s *testkit.Server) (b *testkit.Client, device, code, back string) {
		t.Helper()
		device, code, link := askDevice(t, s, "tv")
		b, back = s.Client(), "return_to="+url.QueryEscape("/device?user_code="+code)
		leads(t, b.Get("."+link), "/login?"+back)
		leads(t, form(b, "/login", "email", "ada@example.com", "password", testkit.Password, "return_to", "/device?user_code="+code), "/two-factor?"+back)
		leads(t, b.Get("."+link), "/login?"+back) // not yet
		return b, device, code, back
	}
	t.Run("who has one", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, deviceClient)
		_, app, _ := protected(t, s, "ada@example.com")
		b, device, code, _ := begin(t, s)
		if got := poll(s, device).Field("error"); got != "authorization_pending" {
			t.Fatal(got)
		}
		leads(t, form(b, "/two-factor", "method", "app", "code", app.code(), "return_to", "/device?user_code="+code), "/device?user_code="+code)
		letIn(t, s, b, device, code)
	})
	t.Run("who must have one", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, "[two_factor]\nrequire_two_factor = true\n"+deviceClient)
		s.Client().Post("/sign-up/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "name": "Ada"}).Is(200, "")
		b, device, code, back := begin(t, s)
		app, sealed := scans(t, s, form(b, "/two-factor/enrol", "return_to", "/device?user_code="+code))
		done := form(b, "/two-factor/enrolled", "setup", sealed, "code", app.code(), "return_to", "/device?user_code="+code)
		shows(t, done, 200, "Two-step sign-in is on")
		leads(t, b.Get("./login?"+back), "/device?user_code="+code)
		letIn(t, s, b, device, code)
	})
}

// TestASignedQueryWaitsForTheSecondFactor: an app with a sign-in page of its own gets
// where to go on only with the second proof, also when that takes longer than the query lives.
func TestASignedQueryWaitsForTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := provider(t, "[oauth_provider]\nlogin_page = \"https://id.example/login\"\n")
	_, app, _ := protected(t, s, "ada@example.com")
	b := s.Client()
	query := strings.TrimPrefix(ask(t, b, "own", callback, "prompt", "login"), "/login?")
	held := b.Post("/sign-in/email", map[string]string{"email": "ada@example.com", "password": testkit.Password, "oauth_query": query}).Is(200, "")
	if want := `{"twoFactorRedirect":true,"twoFactorMethods":["totp","otp"]}`; held.Body != want || signedIn(b) {
		t.Fatalf("%s, want %s", held.Body, want)
	}
	b.Post("/two-factor/verify-totp", map[string]string{"code": app.wrong()}).Is(401, "INVALID_CODE")
	s.Clock.Advance(9 * time.Minute)
	done := b.Post("/two-factor/verify-totp", map[string]string{"code": app.code()}).Is(200, "")
	to, err := url.Parse(done.Field("url"))
	if err != nil || done.Field("redirect") != "true" {
		t.Fatal(done.Body)
	}
	redeemed(t, s, to, "own").is(t, s.Clock.Now(t.Context()), "pwd", "otp", "mfa")
}
