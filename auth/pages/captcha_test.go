package pages_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

const work = "[sign_up]\nmode = \"anyone\"\n[magic_link]\nenabled = true\n[email_otp]\nenabled = true\n[username]\nenabled = true\n[phone_number]\nenabled = true\n[anonymous]\nenabled = true\n" +
	"[captcha]\nenabled = true\ndifficulty = 8\nlocked_difficulty = 10\nendpoints = [\"/sign-up/email\", \"/sign-in/email\", \"/request-password-reset\", \"/phone-number/*\", \"/send-verification-email\"]\n"

// solved is what a browser sends along with a form.
func solved(c *testkit.Client, form string, zeros int) string {
	task := c.Get("/captcha/challenge?for="+url.QueryEscape(form)).Is(200, "").Field("challenge")
	for n := 0; ; n++ {
		response := fmt.Sprintf("%s.%d", task, n)
		if sum := sha256.Sum256([]byte(response)); sum[0] == 0 && sum[1]>>(16-max(zeros, 8)) == 0 {
			return response
		}
	}
}

// TestEveryFormOfAGuardedPageAsks: whichever of its buttons is pressed.
func TestEveryFormOfAGuardedPageAsks(t *testing.T) {
	s := testkit.Start(t, work)
	ada := url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {testkit.Password}}
	named := url.Values{"email": {"ada"}, "password": {testkit.Password}}
	for _, post := range []struct {
		path, form string
		values     url.Values
		status     int // once it is solved
	}{
		{"./signup", "/signup", ada, 303},
		{"./login", "/login", ada, 303},
		{"./login", "/login", named, 422},
		{"./login/guest", "/login", url.Values{}, 303},
		{"./login/link", "/signup", ada, 200},
		{"./login/link", "/login", url.Values{"email": {"ada@example.com"}}, 200},
		{"./login/code/send", "/login", url.Values{"email": {"ada@example.com"}}, 200},
		{"./forgot-password", "/forgot-password", ada, 200},
		{"./forgot-password/code", "/forgot-password", ada, 200},
		{"./verify-email/send", "/verify-email", ada, 200},
		{"./login/phone/send", "/login/phone", url.Values{"number": {"+4915112345678"}}, 200},
		{"./forgot-password/phone/send", "/forgot-password/phone", url.Values{"number": {"+4915112345678"}}, 200},
	} {
		t.Run(post.path+" on "+post.form, func(t *testing.T) {
			c := s.Client()
			mails := len(s.Mails("*"))
			for response, says := range map[string]string{"": "has not solved the task", "nonsense": "could not be confirmed"} {
				post.values.Set("captcha-response", response)
				page := c.Form(post.path, post.values)
				if page.Status != 422 || !strings.Contains(page.Body, says) || !strings.Contains(page.Body, `data-for="`+post.form+`"`) || strings.Contains(page.Body, testkit.Password) {
					t.Errorf("%d %s", page.Status, page.Body)
				}
			}
			if c.HoldsSession() || mails != len(s.Mails("*")) {
				t.Error("something was done")
			}
			response := solved(c, post.form, 8)
			post.values.Set("captcha-response", response)
			if page := c.Form(post.path, post.values); page.Status != post.status || strings.Contains(page.Body, "could not be confirmed") {
				t.Errorf("solved: %d %s", page.Status, page.Body)
			}
			if page := s.Client().Form(post.path, post.values); page.Status != 422 || !strings.Contains(page.Body, "could not be confirmed") {
				t.Errorf("a second time: %d %s", page.Status, page.Body)
			}
		})
	}
}

func TestASolutionIsGoodForOneForm(t *testing.T) {
	s := testkit.Start(t, work)
	c := s.Client()
	values := url.Values{"email": {"ada@example.com"}, "captcha-response": {solved(c, "/login", 8)}}
	if page := c.Form("./forgot-password", values); page.Status != 422 || len(s.Mails("reset-password")) != 0 {
		t.Errorf("%d %s", page.Status, page.Body)
	}
	// Nor is one of the API's for a form.
	values.Set("captcha-response", solved(c, "/request-password-reset", 8))
	if page := c.Form("./forgot-password", values); page.Status != 422 {
		t.Errorf("%d %s", page.Status, page.Body)
	}
}

func TestOnlyGuardedPagesLoadTheCaptcha(t *testing.T) {
	s := testkit.Start(t, work)
	off := testkit.Start(t, "")
	reset := testkit.Start(t, "[captcha]\nenabled = true\nendpoints = [\"/request-password-reset\"]\n")
	for page, want := range map[string]bool{"./login": true, "./forgot-password": true, "./signup": true, "./error?error=x": false, "./device": false} {
		if got := strings.Contains(s.Client().Get(page).Body, "/static/captcha."); got != want {
			t.Errorf("%s loads it: %v", page, got)
		}
		if strings.Contains(off.Client().Get(page).Body, "captcha") {
			t.Errorf("%s has it although it is off", page)
		}
	}
	if strings.Contains(reset.Client().Get("./login").Body, "captcha") || !strings.Contains(reset.Client().Get("./forgot-password").Body, "captcha") {
		t.Error("the operator named one form")
	}
	policy := s.Client().Get("./login").Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "frame-src") || policy != off.Client().Get("./login").Header.Get("Content-Security-Policy") {
		t.Errorf("a proof of work needs nothing from elsewhere: %s", policy)
	}
}

// TestThirdPartiesAreAdmittedWhereTheyAreNeeded: their hosts stand in the policy of pages
// with their captcha, and their field is checked.
func TestThirdPartiesAreAdmittedWhereTheyAreNeeded(t *testing.T) {
	for provider, want := range map[string]struct{ field, host, class string }{
		"cloudflare-turnstile": {"cf-turnstile-response", "https://challenges.cloudflare.com", "cf-turnstile"},
		"google-recaptcha":     {"g-recaptcha-response", "https://www.google.com/recaptcha/", "g-recaptcha"},
		"hcaptcha":             {"h-captcha-response", "https://*.hcaptcha.com", "h-captcha"},
		"captchafox":           {"cf-captcha-response", "https://*.captchafox.com", "captchafox"},
	} {
		t.Run(provider, func(t *testing.T) {
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				fmt.Fprintf(w, `{"success":%v}`, err == nil && strings.Contains(string(body), "solved"))
			}))
			t.Cleanup(front.Close)
			s := testkit.Start(t, "[sign_up]\nmode = \"anyone\"\n[captcha]\nenabled = true\nprovider = \""+provider+"\"\nsite_key = \"site\"\nsecret_key = \"hush\"\nsite_verify_url_override = \""+front.URL+"\"\n")
			c := s.Client()
			page := c.Get("./signup")
			policy := page.Header.Get("Content-Security-Policy")
			for _, rule := range []string{"script-src 'self' ", "frame-src "} {
				_, after, found := strings.Cut(policy, rule)
				if rule, _, _ = strings.Cut(after, ";"); !found || !strings.Contains(rule, want.host) {
					t.Errorf("%q in %q", want.host, policy)
				}
			}
			if !strings.Contains(page.Body, `class="`+want.class+`"`) || !strings.Contains(page.Body, `data-sitekey="site"`) || strings.Contains(page.Body, "hush") {
				t.Error(page.Body)
			}
			if other := c.Get("./error?error=x").Header.Get("Content-Security-Policy"); strings.Contains(other, want.host) {
				t.Errorf("another page: %s", other)
			}
			values := url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {testkit.Password}, want.field: {"no"}}
			if page := c.Form("./signup", values); page.Status != 422 || c.HoldsSession() {
				t.Errorf("%d %s", page.Status, page.Body)
			}
			values.Set(want.field, "solved")
			done := c.Form("./signup", values)
			if done.Status != 303 || !c.HoldsSession() || strings.Contains(done.Header.Get("Content-Security-Policy"), want.host) {
				t.Errorf("%d %v %s", done.Status, done.Header, done.Body)
			}
			front.Close()
			if page := s.Client().Form("./login", values); page.Status != 503 || !strings.Contains(page.Body, "could not be checked") {
				t.Errorf("%d %s", page.Status, page.Body)
			}
		})
	}
}
