package social

import (
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/upstream"
)

// SignInWithPAT signs in with a personal access token of GitHub, which is kept
// like the token of any provider: sealed.
// Errors: ErrInvalidToken, ErrNotMember, ErrEmailNotFound, ErrProviderUnavailable, and those of a sign-in.
func (s *Service) SignInWithPAT(r *api.Request, token string) (*core.Auth, error) {
	ctx, cfg := r.Context(), s.core.Config.PATSignin
	profile, err := s.github.PersonalToken(ctx, token, cfg.Organizations)
	switch {
	case errors.Is(err, upstream.ErrTokenRefused):
		r.Security("sign-in-failed", "method", "pat")
		return nil, ErrInvalidToken
	case errors.Is(err, upstream.ErrNotMember):
		return nil, ErrNotMember
	case err != nil:
		r.Log().Warn("GitHub told no profile", "error", err)
		return nil, ErrProviderUnavailable
	case profile.Email == "":
		return nil, ErrEmailNotFound
	}
	who := proven{
		provider: s.github, identity: identityOf(s.github, profile, &upstream.Tokens{AccessToken: token}),
		requested: true, method: "pat",
	}
	who.closed = cfg.DisableSignUp
	a, _, err := s.enter(r, who)
	return a, declared(err)
}
