package device_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/testkit"
)

// A device's session is a sign-in like another: who may refuse one is asked, and
// not before the person has agreed.
func TestASignInOfADeviceMayBeRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	refuses, questions := true, 0
	s.Core.SignInChecks = append(s.Core.SignInChecks, func(_ context.Context, in *core.SignIn) error {
		questions++
		if in.Method != "device" || in.User.Email != "ada@example.com" {
			t.Errorf("asked of %+v", in)
		}
		if refuses {
			return &api.Error{Status: http.StatusForbidden, Code: "REFUSED", Message: "no"}
		}
		return nil
	})
	a := ask(t, tv, "television", "")
	refused(t, pollPlain(tv, "television", a), "authorization_pending")
	look(ada, a.user).Is(200, "")
	answer(ada, a, "approve").Is(200, "")
	s.Clock.Advance(5 * time.Second)
	refused(t, pollPlain(tv, "other", a), "invalid_grant")
	if questions != 0 {
		t.Fatal("asked before there was somebody to sign in")
	}
	sessions := count(t, s, "session")
	refused(t, pollPlain(tv, "television", a), "access_denied")
	if questions != 1 || count(t, s, "session") != sessions {
		t.Fatalf("%d questions, %d sessions", questions, count(t, s, "session"))
	}
	refuses = false
	s.Clock.Advance(5 * time.Second)
	pollPlain(tv, "television", a).Is(200, "")
}

// Somebody who approved a device and may not come in any more has approved nothing.
func TestADeviceOfWhoMayNotComeInGetsNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ada, tv := s.SignUp("ada@example.com"), s.Client()
	a := ask(t, tv, "television", "")
	look(ada, a.user).Is(200, "")
	answer(ada, a, "approve").Is(200, "")
	s.Core.Config.EmailAndPassword.RequireEmailVerification = true
	sessions := count(t, s, "session")
	refused(t, pollPlain(tv, "television", a), "access_denied")
	if count(t, s, "session") != sessions {
		t.Fatal("it got a session")
	}
}
