package webhook_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/admin"
	"authd/auth/internal/testkit"
)

func TestEachEventIsToldOnceAndWithoutSecrets(t *testing.T) {
	ctx, r := t.Context(), newReceiver(t)
	srv := testkit.Start(t, r.hook(""))
	ada := srv.SignUp("ada@example.com")
	got := r.tells(srv, "user.created account.linked session.created")
	if account := got[1].Data["account"].(map[string]any); account["providerId"] != "credential" || account["userId"] != got[0].Data["user"].(map[string]any)["id"] || len(account) != 5 {
		t.Errorf("account.linked tells of %v", account)
	}
	got = slices.Delete(got, 1, 2)
	if user := got[0].Data["user"].(map[string]any); user["email"] != "ada@example.com" || user["id"] == "" || user["role"] != "user" {
		t.Errorf("user.created tells of %v", user)
	}
	session := got[1].Data["session"].(map[string]any)
	if _, has := session["token"]; has || session["id"] == "" || session["userId"] != got[0].Data["user"].(map[string]any)["id"] || got[1].Data["method"] != "email" {
		t.Errorf("session.created tells of %v", got[1].Data)
	}

	ada.Post("/update-user", map[string]any{"name": "Ada King"}).Is(200, "")
	got = r.tells(srv, "user.updated")
	if changed := got[0].Data["changed"].([]any); len(changed) != 1 || changed[0] != "name" || got[0].Data["user"].(map[string]any)["name"] != "Ada King" {
		t.Errorf("user.updated tells of %v", got[0].Data)
	}
	ada.Post("/update-user", map[string]any{"name": "Ada King"}).Is(200, "")
	r.tells(srv, "") // nothing changed

	if _, err := srv.Admin.Ban(ctx, "ada@example.com", "spam", nil); err != nil {
		t.Fatal(err)
	}
	got = r.tells(srv, "session.ended user.updated user.banned")
	if got[0].Data["reason"] != "banned" || got[0].Data["session"].(map[string]any)["id"] != session["id"] {
		t.Errorf("session.ended tells of %v", got[0].Data)
	}
	if _, err := srv.Admin.Unban(ctx, "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	r.tells(srv, "user.updated user.unbanned")

	ada = srv.SignIn("ada@example.com")
	r.tells(srv, "session.created")
	ada.Post("/send-verification-email", map[string]any{"email": "ada@example.com"}).Is(200, "")
	ada.Get("/verify-email?token="+srv.Token("verify-email")).Is(200, "")
	r.tells(srv, "user.updated user.email_verified")
	ada.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "another-horse-battery"}).Is(200, "")
	got = r.tells(srv, "password.changed")
	if user := got[0].Data["user"].(map[string]any); user["email"] != "ada@example.com" {
		t.Errorf("password.changed tells of %v", user)
	}
	ada.Post("/sign-out", nil).Is(200, "")
	r.tells(srv, "session.ended")

	if _, err := srv.Admin.Delete(ctx, "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	got = r.tells(srv, "user.deleted")
	if user := got[0].Data["user"].(map[string]any); user["email"] != "ada@example.com" {
		t.Errorf("user.deleted tells of %v", user)
	}
	r.tells(srv, "")
}

func TestNothingThatSignsInIsTold(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.hook(""))
	ada := srv.SignUp("ada@example.com")
	ada.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "another-horse-battery"}).Is(200, "")
	srv.Drain(t.Context())
	got, _ := r.heard()
	for _, h := range got {
		for what, text := range map[string]string{"password": testkit.Password, "new password": "another-horse", "token field": `"token"`, "hash": "argon2"} {
			if strings.Contains(h.Body, text) {
				t.Errorf("%s holds a %s: %s", h.Type, what, h.Body)
			}
		}
		for _, value := range ada.Cookies {
			if token, _, _ := strings.Cut(value, "."); len(token) > 20 && strings.Contains(h.Body, token) {
				t.Errorf("%s holds the session's token: %s", h.Type, h.Body)
			}
		}
	}
}

func TestOnlyWhatIsWantedIsTold(t *testing.T) {
	for _, c := range []struct{ rule, more, want string }{
		{"a list", `events = ["user.created"]`, "user.created"},
		{"a beginning", `events = ["session.*"]`, "session.created session.ended"},
		{"everything", `events = ["*"]`, "user.created account.linked session.created user.updated session.ended"},
		{"nothing while it is off", `enabled = false`, ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := newReceiver(t)
			srv := testkit.Start(t, r.hook(c.more))
			ada := srv.SignUp("ada@example.com")
			ada.Post("/update-user", map[string]any{"name": "Ada King"}).Is(200, "")
			ada.Post("/sign-out", nil).Is(200, "")
			r.tells(srv, c.want)
		})
	}
}

func TestWhatFailedIsTriedAgainByTheSchedule(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.hook(`events = ["user.created"]`))
	r.answers(status(500))
	srv.SignUp("ada@example.com")
	first := r.tells(srv, "user.created")[0]
	for i, wait := range []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour} {
		srv.Clock.Advance(wait*4/5 - time.Millisecond)
		r.tells(srv, "")
		srv.Clock.Advance(wait*2/5 + 2*time.Millisecond)
		again := r.tells(srv, "user.created")[0]
		if again.ID != first.ID || again.Body != first.Body {
			t.Errorf("attempt %d is another message: %v", i+2, again)
		}
		if !again.At.After(first.At) || again.Signature == first.Signature {
			t.Errorf("attempt %d bears the time of an earlier one", i+2)
		}
	}
	r.answers(status(204))
	srv.Clock.Advance(24 * time.Hour)
	r.tells(srv, "user.created")
	srv.Clock.Advance(24 * time.Hour)
	r.tells(srv, "")
	if left, err := srv.Webhooks.Deliveries(t.Context(), 10); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAMessageIsGivenUpAndCanBeSentAgain(t *testing.T) {
	ctx, r := t.Context(), newReceiver(t)
	srv := testkit.Start(t, r.hook("events = [\"user.created\"]\nretry_for = \"1d\""))
	r.answers(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not today", http.StatusBadGateway) })
	srv.SignUp("ada@example.com")
	attempts := 0
	for range 20 {
		srv.Drain(ctx)
		got, _ := r.heard()
		attempts += len(got)
		srv.Clock.Advance(6 * time.Hour)
	}
	left, err := srv.Webhooks.Deliveries(ctx, 10)
	if err != nil || len(left) != 1 || left[0].State != "given up" || left[0].Webhook != "crm" || left[0].Type != "user.created" || !strings.Contains(left[0].LastError, "answered 502: not today") {
		t.Fatalf("left: %+v, %v", left, err)
	}
	if attempts < 4 || attempts > 8 || int64(attempts) != left[0].Attempts {
		t.Errorf("given up after %d attempts, it says %d", attempts, left[0].Attempts)
	}
	r.answers(status(200))
	if err := srv.Webhooks.Resend(ctx, left[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := r.tells(srv, "user.created"); got[0].ID != left[0].MessageID {
		t.Errorf("sent again as %s", got[0].ID)
	}
	if err := srv.Webhooks.Resend(ctx, left[0].ID); err == nil {
		t.Error("what was delivered can be sent again")
	}
}

func TestAReceiverSaysHowLongToLeaveItAlone(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.hook(`events = ["user.created"]`))
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	srv.SignUp("ada@example.com")
	r.tells(srv, "user.created")
	srv.Clock.Advance(600*time.Second - time.Millisecond)
	r.tells(srv, "")
	srv.Clock.Advance(5 * time.Minute)
	r.tells(srv, "user.created")
}

func TestAReceiverThatIsGoneIsLeftAloneUntilItIsEnabled(t *testing.T) {
	ctx, r := t.Context(), newReceiver(t)
	srv := testkit.Start(t, r.hook(`events = ["user.created"]`))
	r.answers(status(500))
	srv.SignUp("ada@example.com")
	r.tells(srv, "user.created")
	r.answers(status(410))
	srv.SignUp("bob@example.com")
	r.tells(srv, "user.created")
	srv.SignUp("eve@example.com") // not even queued
	srv.Clock.Advance(24 * time.Hour)
	r.tells(srv, "")
	if list, err := srv.Webhooks.List(ctx); err != nil || list[0].State != "gone" || list[0].Waiting != 0 || list[0].GivenUp != 2 {
		t.Errorf("it is listed as %+v, %v", list, err)
	}
	r.answers(status(200))
	if was, err := srv.Webhooks.Enable(ctx, "crm"); err != nil || !was {
		t.Fatalf("%v, %v", was, err)
	}
	srv.SignUp("joe@example.com")
	r.tells(srv, "user.created")
	ids, err := srv.Webhooks.GivenUp(ctx)
	if err != nil || len(ids) != 2 {
		t.Fatalf("given up: %v, %v", ids, err)
	}
	for _, id := range ids {
		if err := srv.Webhooks.Resend(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	r.tells(srv, "user.created user.created")
}

func TestAnswersThatAreNoSuccessOrAreStrange(t *testing.T) {
	for _, c := range []struct {
		rule   string
		answer http.HandlerFunc
		taken  bool // with a second's patience
	}{
		{"3 MB with 200", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 3<<20)) }, true},
		{"3 MB with 500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); _, _ = w.Write(make([]byte, 3<<20)) }, false},
		{"a redirect is not followed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, false},
		{"no answer in time", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false},
		{"a connection that breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
		{"a body that does not end", func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() }, true},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := newReceiver(t)
			srv := testkit.Start(t, r.hook("timeout = \"1s\"\nevents = [\"user.created\"]"))
			r.answers(c.answer)
			srv.SignUp("ada@example.com")
			r.tells(srv, "user.created")
			left, err := srv.Webhooks.Deliveries(t.Context(), 10)
			if err != nil || (len(left) == 0) != c.taken {
				t.Errorf("left: %+v, %v", left, err)
			}
			if !c.taken && (strings.Contains(left[0].LastError, r.URL) || left[0].LastError == "") {
				t.Errorf("the error is %q", left[0].LastError)
			}
		})
	}
}

func TestASlowReceiverSlowsNoRequestAndNoOtherReceiver(t *testing.T) {
	slow, quick := newReceiver(t), newReceiver(t)
	release := make(chan struct{})
	slow.answers(func(http.ResponseWriter, *http.Request) { <-release })
	srv := testkit.Start(t, slow.hook("")+"[[webhook]]\nname = \"other\"\nurl = \""+quick.URL+"\"\nsecret = \""+secret+"\"\n")
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { srv.Run(ctx) })
	t.Cleanup(func() {
		close(release)
		stop()
		running.Wait()
		srv.Drain(context.WithoutCancel(t.Context()))
	})
	want := 0
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} { // more than a lane has slots
		srv.SignUp(name + "@example.com")
		want += 3
	}
	deadline := time.Now().Add(30 * time.Second)
	for n := 0; n < want; {
		got, _ := quick.heard()
		n += len(got)
		if time.Now().After(deadline) {
			t.Fatalf("the other receiver heard %d of %d", n, want)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestBothSecretsSignWhileOneReplacesTheOther(t *testing.T) {
	const plain = "a plain text secret of 33 letters"
	r := newReceiver(t)
	srv := testkit.Start(t, strings.Replace(r.hook(`events = ["user.created"]`), `secret = "`+secret+`"`, `secret = ["`+plain+`", "`+secret+`"]`, 1))
	srv.SignUp("ada@example.com")
	h := r.tells(srv, "user.created")[0]
	at := h.Header.Get("webhook-timestamp")
	if !verify(plain, h.ID, at, h.Signature, h.Body) || !verify(secret, h.ID, at, h.Signature, h.Body) {
		t.Errorf("signed %s", h.Signature)
	}
	if verify("another text secret of 35 letters!!", h.ID, at, h.Signature, h.Body) || verify(secret, h.ID, at, h.Signature, h.Body+" ") {
		t.Error("the test's own check takes anything")
	}
}

func TestHeadersOfTheOperatorAreSent(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.hook("events = [\"user.created\"]\nheaders = { Authorization = \"Bearer x\" }"))
	srv.SignUp("ada@example.com")
	h := r.tells(srv, "user.created")[0]
	if h.Header.Get("Authorization") != "Bearer x" || h.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", h.Header)
	}
}

func TestIdsAndTimesTellTheOrderAndWhatWasRolledBackIsNotTold(t *testing.T) {
	ctx, r := t.Context(), newReceiver(t)
	srv := testkit.Start(t, r.hook(`events = ["user.created"]`))
	var want []string
	for _, name := range []string{"f", "b", "d", "a", "e", "c"} {
		if _, err := srv.Admin.Create(ctx, admin.NewUser{Name: name, Email: name + "@example.com"}); err != nil {
			t.Fatal(err)
		}
		if _, err := srv.Admin.Create(ctx, admin.NewUser{Name: name, Email: name + "@example.com"}); err == nil {
			t.Fatal("made twice")
		}
		want = append(want, name)
		srv.Clock.Advance(time.Millisecond)
	}
	srv.Drain(ctx)
	got, _ := r.heard() // in the order of their ids
	var order []string
	for _, h := range got {
		order = append(order, h.Data["user"].(map[string]any)["name"].(string))
	}
	if !slices.Equal(order, want) {
		t.Errorf("by their ids they are %v, want %v", order, want)
	}
	if !slices.IsSortedFunc(got, func(a, b heard) int { return a.Timestamp.Compare(b.Timestamp) }) {
		t.Error("ids and times tell different orders")
	}
}

func TestWhatWaitsForAWebhookThatIsNoLongerConfiguredIsGivenUp(t *testing.T) {
	ctx, r := t.Context(), newReceiver(t)
	srv := testkit.Start(t, r.hook(`events = ["user.created"]`))
	r.answers(status(500))
	srv.SignUp("ada@example.com")
	r.tells(srv, "user.created")
	if err := srv.Core.Jobs.Abandon(ctx, "webhook/", []string{"webhook/crm"}, "x"); err != nil {
		t.Fatal(err)
	}
	if list, err := srv.Webhooks.List(ctx); err != nil || list[0].Waiting != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := srv.Core.Jobs.Abandon(ctx, "webhook/", nil, "the webhook is no longer configured"); err != nil {
		t.Fatal(err)
	}
	left, err := srv.Webhooks.Deliveries(ctx, 10)
	if err != nil || len(left) != 1 || left[0].State != "given up" || left[0].LastError != "the webhook is no longer configured" {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// TestWithoutWebhooksNothingIsListenedTo is why a sign-in costs nothing more: an event without
// listeners runs no statement, and a user is not read before they are written.
func TestWithoutWebhooksNothingIsListenedTo(t *testing.T) {
	for _, c := range []struct{ rule, more, want string }{
		{"none configured", "", ""},
		{"it is off", "enabled = false", ""},
		{"it wants something else", `events = ["user.deleted"]`, "user.deleted"},
		{"it wants sessions", `events = ["session.created"]`, "session.created"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			toml := ""
			if c.more != "" {
				toml = newReceiver(t).hook(c.more)
			}
			srv := testkit.Start(t, toml)
			if got := strings.Join(srv.Webhooks.Heard(), " "); got != c.want {
				t.Errorf("it listens to %q", got)
			}
		})
	}
}

func TestThePolicyIsAskedOnlyWhereOneIsConfigured(t *testing.T) {
	without := testkit.Start(t, "").Core
	with := testkit.Start(t, newReceiver(t).policy("")).Core
	if len(with.SignInChecks) != len(without.SignInChecks)+1 || len(with.SignUpChecks) != len(without.SignUpChecks)+1 {
		t.Errorf("checks without: %d, %d; with: %d, %d", len(without.SignInChecks), len(without.SignUpChecks), len(with.SignInChecks), len(with.SignUpChecks))
	}
}
