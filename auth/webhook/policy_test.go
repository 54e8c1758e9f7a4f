package webhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

// policy is the configuration of the receiver as a policy webhook.
func (r *receiver) policy(more string) string {
	return "[policy_webhook]\nurl = \"" + r.URL + "\"\nsecret = \"" + secret + "\"\n" + more + "\n"
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func signUp(email string) map[string]any {
	return map[string]any{"email": email, "password": testkit.Password, "name": "Ada"}
}

func TestThePolicyIsAskedBeforeAnythingIsWritten(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.policy(""))
	r.answers(says(`{"allow": true}`))
	c := srv.Client()
	c.Header.Set("User-Agent", "Ada/1.0")
	c.Post("/sign-up/email", signUp("Ada@example.com")).Is(200, "")
	got, types := r.heard()
	if types != "policy.sign-up" { // who was made just now is not asked about again
		t.Fatalf("asked %s", types)
	}
	user := got[0].Data["user"].(map[string]any)
	if user["email"] != "ada@example.com" || got[0].Data["method"] != "email" || got[0].Data["userAgent"] != "Ada/1.0" || got[0].Data["ipAddress"] != "127.0.0.1" {
		t.Errorf("asked %s", got[0].Body)
	}

	c.Post("/sign-in/email", signUp("ada@example.com")).Is(200, "")
	got, types = r.heard()
	if types != "policy.sign-in" || got[0].Data["user"].(map[string]any)["id"] == "" {
		t.Fatalf("asked %s", types)
	}
	for _, h := range got {
		if strings.Contains(h.Body, testkit.Password) {
			t.Errorf("it is told a password: %s", h.Body)
		}
	}
	c.Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": "wrong-horse-battery"}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	if _, types := r.heard(); types != "" {
		t.Errorf("asked about somebody who has proven nothing: %s", types)
	}

	r.answers(says(`{"allow": false, "message": "Only on weekdays"}`))
	if a := c.Post("/sign-in/email", signUp("ada@example.com")).Is(403, "POLICY_REFUSED"); a.Field("message") != "Only on weekdays" || a.Cookie("better-auth.session_token") != nil {
		t.Errorf("refused with %s %v", a.Body, a.Cookies)
	}
	c.Post("/sign-up/email", signUp("bob@example.com")).Is(403, "POLICY_REFUSED")
	if _, err := srv.Admin.Find(t.Context(), "bob@example.com"); err == nil {
		t.Error("a refused sign-up has made a user")
	}
	if mails := srv.Mails("verify-email"); len(mails) != 0 {
		t.Error("a refused sign-up has sent a mail")
	}
}

func TestARefusalTellsNothingAboutWhoHasAnAccount(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.policy("on = [\"sign-up\"]")+"[email_and_password]\nrequire_email_verification = true\n")
	r.answers(says(`{"allow": true}`))
	srv.Client().Post("/sign-up/email", signUp("ada@example.com")).Is(200, "")
	first, _ := r.heard()
	r.answers(says(`{"allow": false}`))
	known := srv.Client().Post("/sign-up/email", signUp("ada@example.com")).Is(403, "POLICY_REFUSED")
	again, _ := r.heard()
	unknown := srv.Client().Post("/sign-up/email", signUp("bob@example.com")).Is(403, "POLICY_REFUSED")
	if known.Body != unknown.Body {
		t.Errorf("known %s, unknown %s", known.Body, unknown.Body)
	}
	a, b := told(t, first[0]), told(t, again[0])
	if a != b {
		t.Errorf("asked about a new address %s, about a known one %s", a, b)
	}
}

// told is what a question says.
func told(t *testing.T, h heard) string {
	t.Helper()
	b, err := json.Marshal(h.Data)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWithoutAnAnswerTheConfigurationDecides(t *testing.T) {
	const more = "timeout = \"500ms\"\nfail = "
	r := newReceiver(t)
	open, closed := testkit.Start(t, r.policy(more+`"open"`)), testkit.Start(t, r.policy(more+`"closed"`))
	for i, c := range []struct {
		rule   string
		answer http.HandlerFunc
	}{
		{"an error", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			_, _ = w.Write([]byte(`{"allow": true}`))
		}},
		{"another success", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			_, _ = w.Write([]byte(`{"allow": true}`))
		}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/yes", http.StatusFound) }},
		{"no JSON", says("yes")},
		{"nothing", says("")},
		{"JSON that does not say", says(`{"message": "hm"}`)},
		{"a word for a boolean", says(`{"allow": "true"}`)},
		{"an answer of 3 MB", says(`{"allow": true, "message": "` + strings.Repeat("a", 3<<20) + `"}`)},
		{"no answer in time", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"a body that does not end", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"allow": true}`))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"a connection that breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r.answers(c.answer)
			email := fmt.Sprintf("p%d@example.com", i)
			open.Client().Post("/sign-up/email", signUp(email)).Is(200, "")
			closed.Client().Post("/sign-up/email", signUp(email)).Is(503, "POLICY_UNAVAILABLE")
			if _, types := r.heard(); types != "policy.sign-up policy.sign-up" {
				t.Errorf("it was asked %q", types)
			}
			if _, err := open.Admin.Find(t.Context(), email); err != nil {
				t.Errorf("open has made no user: %v", err)
			}
			if _, err := closed.Admin.Find(t.Context(), email); err == nil {
				t.Error("closed has made a user")
			}
		})
	}
}

func TestOnlyWhatIsConfiguredIsAsked(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.policy(`on = ["sign-in"]`))
	r.answers(says(`{"allow": false}`))
	c := srv.Client()
	c.Post("/sign-up/email", signUp("ada@example.com")).Is(200, "")
	if _, types := r.heard(); types != "" {
		t.Errorf("asked %s", types)
	}
	if a := c.Post("/sign-in/email", signUp("ada@example.com")).Is(403, "POLICY_REFUSED"); a.Field("message") != "You are not allowed in" {
		t.Errorf("refused with %s", a.Body)
	}
	// The person's own password is theirs to change: nobody comes in by it.
	c.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "another-horse-battery", "revokeOtherSessions": true}).Is(200, "")
}

func TestAMessageIsOneLineOfPlainText(t *testing.T) {
	for _, c := range []struct{ rule, message, want string }{
		{"lines are joined", `one\n\ttwo`, "one two"},
		{"control characters and direction marks go", `a\u0007b\u202ec`, "abc"},
		{"markup is text", `<b>no</b>`, "<b>no</b>"},
		{"it is bounded", strings.Repeat("ä", 1000), strings.Repeat("ä", 300) + "…"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := newReceiver(t)
			srv := testkit.Start(t, r.policy(""))
			r.answers(says(`{"allow": false, "message": "` + c.message + `"}`))
			if got := srv.Client().Post("/sign-up/email", signUp("ada@example.com")).Is(403, "POLICY_REFUSED").Field("message"); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestThePolicysWordsStandOnThePage(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.policy(""))
	form := url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {testkit.Password}}
	for _, c := range []struct {
		rule, path, answer string
		status             int
		want, not          string
	}{
		{"a sign-up is refused", "./signup", `{"allow": false, "message": "Members <b>only</b>"}`, 403, "Members &lt;b&gt;only&lt;/b&gt;", "<b>only"},
		{"without words", "./signup", `{"allow": false}`, 403, "The person who runs this server decides", "You are not allowed in"},
		{"nobody could be asked", "./signup", ``, 503, "could not be checked", "Ada"},
		{"a sign-up is allowed", "./signup", `{"allow": true}`, 303, "", "POLICY"},
		{"a sign-in is refused", "./login", `{"allow": false, "message": "Only on weekdays"}`, 403, "Only on weekdays", "wrong"},
	} {
		r.answers(says(c.answer))
		a := srv.Client().Form(c.path, form)
		if a.Status != c.status || !strings.Contains(a.Body, c.want) || strings.Contains(a.Body, c.not) {
			t.Errorf("%s: got %d %s", c.rule, a.Status, a.Body)
		}
		if c.status != 303 && len(a.Cookies) > 0 && a.Cookie("better-auth.session_token") != nil {
			t.Errorf("%s: it signs in", c.rule)
		}
	}
}
