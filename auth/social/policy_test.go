package social_test

import (
	"context"
	"testing"

	"authd/auth/internal/core"
)

func TestAPolicyThatRefusesIsToldWithItsWordsAndNothingIsMade(t *testing.T) {
	t.Parallel()
	w := start(t, providers)
	c := w.Services.Core
	refuse := core.PolicyRefused("Only on weekdays")
	c.SignUpChecks = append(c.SignUpChecks, func(context.Context, *core.SignUp) error { return refuse })
	c.SignInChecks = append(c.SignInChecks, func(context.Context, *core.SignIn) error { return refuse })
	in := body{"provider": "google", "callbackURL": "/dash", "errorCallbackURL": "/sorry"}
	browser := w.Client()
	leads(t, w.signIn(browser, in), "/sorry?error=policy_refused&error_description=Only+on+weekdays")
	nobody(t, browser)
	if n := w.users(); n != 0 {
		t.Errorf("%d users were made", n)
	}

	refuse = nil
	leads(t, w.signIn(w.Client(), in), "/dash")
	refuse = core.PolicyRefused("")
	again := w.Client()
	leads(t, w.signIn(again, in), "/sorry?error=policy_refused&error_description=You+are+not+allowed+in")
	nobody(t, again)
}
