package social

import (
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// oneTapProvider is whose ID tokens One Tap gives.
const oneTapProvider = "google"

// OneTap signs in with the ID token of Google One Tap.
// Errors: errOneTap, errOneTapEmail, core.ErrNotVerified, a 401 with what the
// linking rules say.
func (s *Service) OneTap(r *api.Request, token, callbackURL string) (*core.Auth, error) {
	p, ok := s.set.Get(oneTapProvider)
	if !ok { // the configuration was checked: One Tap needs the provider
		return nil, errOneTap
	}
	id, err := s.identify(r.Context(), p, IDToken{Token: token})
	switch {
	case errors.Is(err, ErrEmailNotFound):
		return nil, errOneTapEmail
	case err != nil:
		return nil, errOneTap
	}
	a, _, err := s.enter(r, proven{provider: p, identity: id, requested: true, closed: s.core.Config.OneTap.DisableSignUp, back: callbackURL})
	return a, declaredWithoutCode(err)
}
