package wire

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"authd/tests/authdtest"
)

const password = "correct-horse-battery"

// clocked is a server whose requests carry the time they are sent at.
type clocked struct {
	*authdtest.Server
	now time.Time
}

func startClocked(t *testing.T, env map[string]string) *clocked {
	t.Helper()
	env["AUTHD_RATE_LIMIT__ENABLED"] = "false"
	env["AUTHD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP"] = "true"
	return &clocked{Server: authdtest.Start(t, authdtest.Options{Env: env}), now: time.Now()}
}

// at moves the client's clock.
func (s *clocked) at(c *authdtest.Client, after time.Duration) *authdtest.Client {
	c.Header = http.Header{"X-Authd-Clock": {strconv.FormatInt(s.now.Add(after).UnixMilli(), 10)}}
	return c
}

func (s *clocked) signUp(t *testing.T, email string) *authdtest.Client {
	t.Helper()
	c := s.at(s.Client(), 0)
	c.Post(t, "/sign-up/email", map[string]string{"email": email, "password": password, "name": "Alice"}).Want(t, http.StatusOK)
	return c
}

func wantError(t *testing.T, res authdtest.Response, status int, code, message string) {
	t.Helper()
	var body struct{ Code, Message string }
	res.Want(t, status).Decode(t, &body)
	if body.Code != code || body.Message != message {
		t.Errorf("got %q %q, want %q %q", body.Code, body.Message, code, message)
	}
}

func TestErrorsThatNeedTime(t *testing.T) {
	t.Parallel()
	s := startClocked(t, map[string]string{})
	alice := s.signUp(t, "alice@example.com")
	verify := s.LastMail(t, "verify-email", "alice@example.com").Payload["token"].(string)
	s.at(s.Client(), 0).Post(t, "/request-password-reset", map[string]string{"email": "alice@example.com", "redirectTo": "/reset"}).Want(t, http.StatusOK)
	reset := s.LastMail(t, "reset-password", "alice@example.com").Payload["token"].(string)
	late := func() *authdtest.Client { return s.at(s.Client(), 61*time.Minute) }

	t.Run("a session older than a day is not fresh", func(t *testing.T) {
		s.at(alice, 23*time.Hour).Get(t, "/list-sessions").Want(t, http.StatusOK)
		wantError(t, s.at(alice, 25*time.Hour).Get(t, "/list-sessions"), http.StatusForbidden, "SESSION_NOT_FRESH", "Session is not fresh")
	})
	t.Run("a verification link counts for an hour", func(t *testing.T) {
		wantError(t, late().Get(t, "/verify-email?token="+verify), http.StatusUnauthorized, "TOKEN_EXPIRED", "Token expired")
		res := late().Get(t, "/verify-email?token="+verify+"&callbackURL=/v").Want(t, http.StatusFound)
		if got := res.Header.Get("Location"); got != "/v?error=TOKEN_EXPIRED" {
			t.Errorf("location %q", got)
		}
	})
	t.Run("a reset link counts for an hour", func(t *testing.T) {
		res := late().Get(t, "/reset-password/"+reset+"?callbackURL=/reset").Want(t, http.StatusFound)
		if got := res.Header.Get("Location"); got != s.URL+"/reset?error=INVALID_TOKEN" {
			t.Errorf("location %q", got)
		}
		wantError(t, late().Post(t, "/reset-password", map[string]string{"newPassword": password, "token": reset}), http.StatusBadRequest, "INVALID_TOKEN", "Invalid token")
		s.at(s.Client(), 59*time.Minute).Post(t, "/reset-password", map[string]string{"newPassword": password, "token": reset}).Want(t, http.StatusOK)
	})
}

// sessionEnd is when get-session says that the session ends, zero for no session.
func sessionEnd(t *testing.T, res authdtest.Response) time.Time {
	t.Helper()
	var body *struct {
		Session struct{ ExpiresAt time.Time }
	}
	res.Want(t, http.StatusOK).Decode(t, &body)
	if body == nil {
		return time.Time{}
	}
	return body.Session.ExpiresAt
}

func TestSessionsAge(t *testing.T) {
	t.Parallel()
	s := startClocked(t, map[string]string{})
	alice := s.signUp(t, "alice@example.com")
	forgetful := s.at(s.Client(), 0)
	forgetful.Post(t, "/sign-in/email", map[string]any{"email": "alice@example.com", "password": password, "rememberMe": false}).Want(t, http.StatusOK)
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	steps := []struct {
		name    string
		browser *authdtest.Client
		after   time.Duration
		end     time.Duration // of the session; 0: none
		cookie  string        // what stands in Set-Cookie; "": nothing is set
	}{
		{"used at once, it stays as it is", alice, time.Minute, week, ""},
		{"used after a day, it is extended", alice, 25 * time.Hour, 25*time.Hour + week, "better-auth.session_token="},
		{"used again at once, it stays", alice, 25*time.Hour + time.Minute, 25*time.Hour + week, ""},
		{"unused for a week, it is over", alice, 25*time.Hour + week, 0, "better-auth.session_token=; Max-Age=0"},
		{"not remembered, it is never extended", forgetful, day - 10*time.Minute, day, ""},
		{"not remembered, it ends after a day", forgetful, day, 0, "better-auth.session_token=; Max-Age=0"},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			res := s.at(step.browser, step.after).Get(t, "/get-session")
			end := sessionEnd(t, res)
			if step.end == 0 && !end.IsZero() {
				t.Errorf("still ends at %s", end)
			}
			if step.end != 0 && end.Sub(s.now.Add(step.end)).Abs() > 5*time.Second {
				t.Errorf("ends at %s, want %s", end, s.now.Add(step.end))
			}
			if set := strings.Join(res.SetCookie, "\n"); (step.cookie == "") != (set == "") || !strings.Contains(set, step.cookie) {
				t.Errorf("Set-Cookie %q, want %q", set, step.cookie)
			}
		})
	}
}

func TestCacheEnds(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"compact", "jwt", "jwe"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := startClocked(t, map[string]string{
				"AUTHD_SESSION__COOKIE_CACHE__ENABLED": "true", "AUTHD_SESSION__COOKIE_CACHE__STRATEGY": strategy,
			})
			alice, second := s.signUp(t, "alice@example.com"), s.at(s.Client(), 0)
			second.Post(t, "/sign-in/email", map[string]string{"email": "alice@example.com", "password": password}).Want(t, http.StatusOK)
			alice.Post(t, "/revoke-other-sessions", struct{}{}).Want(t, http.StatusOK)
			if end := sessionEnd(t, s.at(second, 4*time.Minute).Get(t, "/get-session")); end.IsZero() {
				t.Error("the cache does not count while it is young")
			}
			if end := sessionEnd(t, s.at(second, 6*time.Minute).Get(t, "/get-session")); !end.IsZero() {
				t.Error("a revoked session lives on after the cache's max_age")
			}
			forgetful := s.at(s.Client(), 0)
			forgetful.Post(t, "/sign-in/email", map[string]any{"email": "alice@example.com", "password": password, "rememberMe": false}).Want(t, http.StatusOK)
			if end := sessionEnd(t, s.at(forgetful, 24*time.Hour-2*time.Minute).Get(t, "/get-session")); end.IsZero() {
				t.Error("the session ended too early")
			}
			if end := sessionEnd(t, s.at(forgetful, 24*time.Hour+time.Minute).Get(t, "/get-session")); !end.IsZero() {
				t.Error("the cache outlives the session")
			}
		})
	}
}
