package captcha_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"authd/auth"
	"authd/auth/internal/config"
	"authd/auth/internal/testkit"
)

// verifier plays a provider's siteverify: it refuses what does not come as that provider has it.
type verifier struct {
	mu     sync.Mutex
	media  string     // what it takes
	asked  []question // what came
	answer string     // what it says; "" for a plain success
	status int
	unread bool // its answer cannot be read
}

type question struct {
	fields map[string]string
	wrong  string
}

func (v *verifier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	q := question{fields: map[string]string{}}
	switch {
	case err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "":
		q.wrong = r.Method + " " + r.URL.String()
	case r.Header.Get("Content-Type") != v.media:
		q.wrong = r.Header.Get("Content-Type")
	case v.media == "application/json":
		if err := json.Unmarshal(body, &q.fields); err != nil {
			q.wrong = string(body)
		}
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			q.wrong = string(body)
		}
		for name := range form {
			q.fields[name] = strings.Join(form[name], " and ")
		}
	}
	v.asked = append(v.asked, q)
	w.Header().Set("Content-Type", "application/json")
	if v.status != 0 {
		w.WriteHeader(v.status)
	}
	if v.answer == "" {
		v.answer = `{"success":true,"challenge_ts":"2026-11-21T10:00:00Z","hostname":"localhost","error-codes":[]}`
	}
	fmt.Fprint(w, v.answer)
}

// took are the questions so far, and it starts anew.
func (v *verifier) took(t *testing.T) []question {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.asked
	v.asked = nil
	for _, q := range list {
		if q.wrong != "" {
			t.Errorf("it was asked wrongly: %s", q.wrong)
		}
	}
	return list
}

const (
	form  = "application/x-www-form-urlencoded"
	proxy = "trusted_proxies = [\"loopback\"]\n"
)

func startWith(t *testing.T, v http.Handler, provider, more string) *testkit.Server {
	t.Helper()
	front := httptest.NewServer(v)
	t.Cleanup(front.Close)
	return testkit.Start(t, proxy+"[captcha]\nenabled = true\nprovider = \""+provider+"\"\nsite_key = \"site\"\nsecret_key = \"hush\"\nsite_verify_url_override = \""+front.URL+"/siteverify\"\n"+more)
}

// with sends a solution.
func with(c *testkit.Client, response string) *testkit.Client {
	c.Header.Set("X-Captcha-Response", response)
	return c
}

func signUp(c *testkit.Client, email string) *testkit.Answer {
	return c.Post("/sign-up/email", map[string]any{"name": "Ada", "email": email, "password": testkit.Password})
}

// TestEachProviderIsAskedAsItWants: method, media type and fields are those of better-auth's plugin.
func TestEachProviderIsAskedAsItWants(t *testing.T) {
	for provider, c := range map[string]struct {
		media string
		want  map[string]string
	}{
		"cloudflare-turnstile": {"application/json", map[string]string{"secret": "hush", "response": "solved", "remoteip": "203.0.113.7"}},
		"google-recaptcha":     {form, map[string]string{"secret": "hush", "response": "solved", "remoteip": "203.0.113.7"}},
		"hcaptcha":             {form, map[string]string{"secret": "hush", "response": "solved", "remoteip": "203.0.113.7", "sitekey": "site"}},
		"captchafox":           {form, map[string]string{"secret": "hush", "response": "solved", "remoteIp": "203.0.113.7", "sitekey": "site"}},
	} {
		t.Run(provider, func(t *testing.T) {
			v := &verifier{media: c.media}
			s := startWith(t, v, provider, "")
			browser := s.Client()
			browser.Header.Set("X-Forwarded-For", "203.0.113.7")
			signUp(browser, "ada@example.com").Is(400, "MISSING_RESPONSE")
			if n := len(v.took(t)); n != 0 {
				t.Fatalf("the provider was asked %d times about nothing", n)
			}
			signUp(with(browser, "solved"), "ada@example.com").Is(200, "")
			asked := v.took(t)
			if len(asked) != 1 || fmt.Sprint(asked[0].fields) != fmt.Sprint(c.want) {
				t.Errorf("asked %v, want %v", asked, c.want)
			}
		})
	}
}

func TestTheErrorsAreTheContracts(t *testing.T) {
	v := &verifier{media: "application/json", answer: `{"success":false,"error-codes":["invalid-input-response"]}`}
	s := startWith(t, v, "cloudflare-turnstile", "")
	for response, want := range map[string]string{
		"":                        `{"message":"Missing CAPTCHA response","code":"MISSING_RESPONSE"}`,
		"wrong":                   `{"message":"Captcha verification failed","code":"VERIFICATION_FAILED"}`,
		strings.Repeat("x", 17e3): `{"message":"Captcha verification failed","code":"VERIFICATION_FAILED"}`,
	} {
		for _, path := range []string{"/sign-up/email", "/sign-in/email", "/request-password-reset"} {
			// Before the body is looked at, as the contract has it.
			a := with(s.Client(), response).Do("POST", path, "application/json", "{")
			if a.Body != want || a.Status != map[bool]int{true: 400, false: 403}[response == ""] {
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
			}
		}
	}
	if n := len(v.took(t)); n != 3 {
		t.Errorf("the provider was asked %d times, want 3: not about what is too long", n)
	}
	with(s.Client(), "wrong").Post("/sign-out", map[string]any{}).Is(200, "")
	signUp(s.Client(), "ada@example.com").Is(400, "MISSING_RESPONSE")
	with(s.Client(), "wrong").Post("/request-password-reset", map[string]any{"email": "ada@example.com"}).Is(403, "VERIFICATION_FAILED")
	if len(s.Mails("reset-password")) != 0 {
		t.Error("a mail was sent")
	}
}

// TestWithoutAnAnswerNobodyPasses: no answer is the contract's 500, and one that cannot be
// read its refusal.
func TestWithoutAnAnswerNobodyPasses(t *testing.T) {
	for name, v := range map[string]*verifier{
		"an error":         {media: form, status: 503},
		"a redirect":       {media: form, status: 302},
		"nothing":          {media: form, answer: "null"},
		"too much":         {media: form, answer: `{"success":true,"more":"` + strings.Repeat("x", 70<<10) + `"}`},
		"a page":           {media: form, answer: "<html>success: true</html>", unread: true},
		"something else":   {media: form, answer: `["success", true]`, unread: true},
		"a text for truth": {media: form, answer: `{"success":"true"}`, unread: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, v, "hcaptcha", "")
			a := signUp(with(s.Client(), "solved"), "ada@example.com")
			want := `{"message":"Something went wrong","code":"UNKNOWN_ERROR"}`
			if v.unread {
				want = `{"message":"Captcha verification failed","code":"VERIFICATION_FAILED"}`
			}
			if a.Body != want || a.Status != map[bool]int{true: 403, false: 500}[v.unread] {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			if len(v.took(t)) != 1 {
				t.Error("it was not asked once")
			}
		})
	}
	t.Run("nothing in time", func(t *testing.T) {
		release := make(chan struct{})
		s := startWith(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }), "hcaptcha", "timeout = \"50ms\"\n")
		t.Cleanup(func() { close(release) })
		signUp(with(s.Client(), "solved"), "ada@example.com").Is(500, "UNKNOWN_ERROR")
	})
}

func TestWhatTheAnswerMustSay(t *testing.T) {
	const all = "min_score = 0.6\nexpected_action = \"signup\"\nallowed_hostnames = [\"auth.example.com\", \"localhost\"]\n"
	for name, c := range map[string]struct {
		provider, more, answer string
		status                 int
	}{
		"v2 has no score":                         {"google-recaptcha", "min_score = 0.9\n", `{"success":true}`, 200},
		"the default score passes":                {"google-recaptcha", "", `{"success":true,"score":0.5}`, 200},
		"a lower one does not":                    {"google-recaptcha", "", `{"success":true,"score":0.4}`, 403},
		"everything right":                        {"google-recaptcha", all, `{"success":true,"score":0.6,"action":"signup","hostname":"localhost"}`, 200},
		"another action":                          {"google-recaptcha", all, `{"success":true,"score":0.9,"action":"login","hostname":"localhost"}`, 403},
		"another host":                            {"google-recaptcha", all, `{"success":true,"score":0.9,"action":"signup","hostname":"evil.example"}`, 403},
		"Turnstile: another action":               {"cloudflare-turnstile", all, `{"success":true,"action":"login","hostname":"localhost"}`, 403},
		"Turnstile: no host":                      {"cloudflare-turnstile", all, `{"success":true,"action":"signup"}`, 403},
		"Turnstile: everything right":             {"cloudflare-turnstile", all, `{"success":true,"action":"signup","hostname":"auth.example.com"}`, 200},
		"the others have neither, as better-auth": {"hcaptcha", all, `{"success":true,"hostname":"not-provided"}`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			media := form
			if c.provider == "cloudflare-turnstile" {
				media = "application/json"
			}
			s := startWith(t, &verifier{media: media, answer: c.answer}, c.provider, c.more)
			signUp(with(s.Client(), "solved"), "ada@example.com").Is(c.status, "")
		})
	}
}

func TestTheOperatorSaysWhichEndpointsAsk(t *testing.T) {
	s := testkit.Start(t, "[username]\nenabled = true\n[captcha]\nenabled = true\ndifficulty = 1\nendpoints = [\"/sign-in/*\", \"/passkey/**\"]\n")
	c := s.Client()
	signUp(c, "ada@example.com").Is(200, "")
	c.Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": testkit.Password}).Is(400, "MISSING_RESPONSE")
	c.Post("/sign-in/username", map[string]any{"username": "ada", "password": testkit.Password}).Is(400, "MISSING_RESPONSE")
	c.Get("/passkey/list-user-passkeys").Is(400, "MISSING_RESPONSE")
	c.Post("/sign-in/nowhere", map[string]any{}).Is(404, "")
	c.Post("/request-password-reset", map[string]any{"email": "ada@example.com"}).Is(200, "")
}

func TestOffThereIsNothing(t *testing.T) {
	s := testkit.Start(t, "")
	s.Client().Get("/captcha/challenge?for=/sign-up/email").Is(404, "")
	signUp(with(s.Client(), "nonsense"), "ada@example.com").Is(200, "")
}

func TestWhatStopsTheStart(t *testing.T) {
	for name, c := range map[string]struct{ environ, want string }{
		"no site key":          {"PROVIDER=hcaptcha SECRET_KEY=hush", "captcha.site_key (default) is empty; allowed: the key of hcaptcha"},
		"no secret key":        {"PROVIDER=cloudflare-turnstile SITE_KEY=site", "captcha.secret_key (default) is empty; allowed: the key of cloudflare-turnstile"},
		"a provider of no one": {"PROVIDER=mcaptcha", "allowed: proof-of-work, cloudflare-turnstile, google-recaptcha, hcaptcha, captchafox"},
		"no URL":               {"SITE_VERIFY_URL_OVERRIDE=ftp://x", "captcha.site_verify_url_override"},
		"a score of 50":        {"MIN_SCORE=50", "captcha.min_score (AUTHD_CAPTCHA__MIN_SCORE) is \"50\"; allowed: a number from 0 to 1"},
		"no endpoint at all":   {"ENDPOINTS=,", "captcha.endpoints"},
		"cheaper when locked":  {"DIFFICULTY=20 LOCKED_DIFFICULTY=20", "captcha.locked_difficulty"},
		"nobody's endpoint":    {"ENDPOINTS=/sign-up/email,/sign-inn/email", "\"/sign-inn/email\", where nothing is; allowed: paths below /api/auth"},
	} {
		t.Run(name, func(t *testing.T) {
			environ := []string{"AUTHD_DATA=" + t.TempDir(), "AUTHD_SECRET=" + strings.Repeat("s", 40), "AUTHD_CAPTCHA__ENABLED=true"}
			for set := range strings.FieldsSeq(c.environ) {
				environ = append(environ, "AUTHD_CAPTCHA__"+set)
			}
			cfg, err := config.Load(config.Options{Environ: environ})
			if err == nil {
				server, startErr := auth.New(t.Context(), cfg, auth.Deps{})
				if err = startErr; server != nil {
					_ = server.Close()
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
