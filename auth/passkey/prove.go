package passkey

import (
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Prove tells whether response is a user's own passkey, asked for with
// [Service.Authentication]: proof that it is they, without a session.
// Errors: ErrChallenge, ErrUnknown, ErrAuthentication, ErrSignature.
func (s *Service) Prove(r *api.Request, u *core.User, response map[string]any) error {
	var begun authentication
	value, _, err := s.begun(r, purposeAuthenticate, &begun)
	if err != nil {
		return err
	}
	err = s.prove(r, u, value, begun, response)
	var told *api.Error
	if errors.As(err, &told) && !errors.Is(err, ErrChallenge) {
		return errors.Join(err, s.waste(r.Context(), purposeAuthenticate, value))
	}
	return err
}

func (s *Service) prove(r *api.Request, u *core.User, value string, begun authentication, response map[string]any) error {
	ctx := r.Context()
	id, _ := response["id"].(string)
	p, err := findCredential(ctx, s.core.DB, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrUnknown
	case err != nil:
		return err
	case p.UserID != u.ID:
		return s.refused(r, ErrAuthentication, errOwner)
	}
	signed, err := s.asserted(r, p, response, begun)
	if err != nil {
		return err
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.take(ctx, tx, purposeAuthenticate, value); err != nil {
			return err
		}
		used, err := usePasskey(ctx, tx, p, signed, true, s.now(ctx))
		if err == nil && !used {
			return errCopied
		}
		return err
	})
	if errors.Is(err, errCopied) {
		return s.copied(r, p)
	}
	return err
}
