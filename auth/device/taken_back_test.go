package device_test

import (
	"testing"
	"time"

	"authd/auth/device"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// TestTakenBack: what was approved and not yet fetched ends with what it was
// approved in, and with the app's access: whoever asks late gets nothing.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   func(t *testing.T, s *testkit.Server, ada *testkit.Client)
		oauth bool // whether it ends what a registered client gets
		plain bool // and what any other does
	}{
		"nothing ends it": {func(*testing.T, *testkit.Server, *testkit.Client) {}, false, false},
		"the session that approved was signed out": {func(_ *testing.T, _ *testkit.Server, ada *testkit.Client) {
			ada.Post("/sign-out", map[string]any{}).Is(200, "")
		}, true, true},
		"another session ended it": {func(_ *testing.T, s *testkit.Server, _ *testkit.Client) {
			s.SignIn("ada@example.com").Post("/revoke-other-sessions", map[string]any{}).Is(200, "")
		}, true, true},
		"the app's access was taken back": {func(t *testing.T, s *testkit.Server, _ *testkit.Client) {
			if err := s.OIDC.RevokeApp(t.Context(), userID(t, s), "tv"); err != nil {
				t.Fatal(err)
			}
		}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, clients)
			ada, tv := s.SignUp("ada@example.com"), s.Client()
			registered, other := ask(t, tv, "tv", "openid offline_access"), ask(t, tv, "television", "")
			for _, a := range []asked{registered, other} {
				look(ada, a.user).Is(200, "")
				answer(ada, a, "approve").Is(200, "")
			}
			c.end(t, s, ada)
			s.Clock.Advance(5 * time.Second)
			sessions, grants := count(t, s, "session"), count(t, s, "oauth_grant")
			got, plain := poll(tv, "tv", registered), pollPlain(tv, "television", other)
			if c.oauth {
				refused(t, got, "invalid_grant")
			} else {
				got.Is(200, "")
				grants++
			}
			if c.plain {
				refused(t, plain, "invalid_grant")
			} else {
				plain.Is(200, "")
				sessions++
			}
			if n := count(t, s, "session"); n != sessions {
				t.Errorf("%d sessions, want %d", n, sessions)
			}
			if n := count(t, s, "oauth_grant"); n != grants {
				t.Errorf("%d grants, want %d", n, grants)
			}
		})
	}
}

// TestAnsweredTooLate: an answer that was under way when its session ended counts
// for nothing.
func TestAnsweredTooLate(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, clients)
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	a := ask(t, tv, "tv", "openid")
	look(ada, a.user).Is(200, "")
	sessions, err := s.Core.Sessions(t.Context(), s.Core.DB, userID(t, s))
	if err != nil || len(sessions) != 1 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	u, err := s.Core.User(t.Context(), s.Core.DB, sessions[0].UserID)
	if err != nil {
		t.Fatal(err)
	}
	ada.Post("/sign-out", map[string]any{}).Is(200, "")
	late := device.Person{Auth: &core.Auth{User: u, Session: sessions[0]}}
	if err := s.Devices.Answer(t.Context(), late, a.user, true); err == nil {
		t.Error("it was answered")
	}
	refused(t, poll(tv, "tv", a), "authorization_pending")
}

func userID(t *testing.T, s *testkit.Server) string {
	t.Helper()
	id, err := store.One(t.Context(), s.Core.DB, func(r *store.Row) string { return r.Text() }, `SELECT id FROM "user"`)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
