package social

import (
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// LinkIDToken adds an identity to the caller's ways in, without a redirect.
// Errors: those of an ID token, ErrAlreadyLinked, ErrLinkingNotAllowed, ErrDifferentEmails.
func (s *Service) LinkIDToken(r *api.Request, caller *core.Auth, provider string, in IDToken) error {
	ctx := r.Context()
	p, err := s.provider(provider)
	if err != nil {
		return err
	}
	id, err := s.identify(ctx, p, in)
	if err != nil {
		return err
	}
	return linkDeclared(s.core.DB.Write(ctx, func(tx *store.Tx) error {
		return s.accounts.LinkTo(ctx, tx, caller.User.ID, id, true)
	}))
}
