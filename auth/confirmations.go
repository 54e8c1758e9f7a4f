package auth

import (
	"context"
	"errors"
	"time"

	"authd/auth/confirm"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/pages"
	"authd/auth/password"
)

// newConfirmations lists by what people prove again who they are, the best way first.
func newConfirmations(m *Services) (*confirm.Service, error) {
	ways := []confirm.Way{{
		Kind: confirm.Password,
		Has: func(ctx context.Context, u *core.User) (bool, error) {
			hash, err := m.Core.PasswordHash(ctx, m.Core.DB, u.ID)
			return hash != "" && m.Core.Config.EmailAndPassword.Enabled, err
		},
		Check: func(r *api.Request, u *core.User, proof string) error {
			return wrongProof(m.Passwords.Verify(r, u, proof), password.ErrInvalidPassword, password.ErrTooLong)
		},
		Counts: m.Core.Config.Lockout.Enabled,
	}, passkeyWay(m)}
	if m.Core.Config.TwoFactor.Enabled {
		ways = append(ways, codeWay(m))
	}
	if m.Phones.Enabled() {
		ways = append(ways, textWay(m))
	}
	return confirm.New(m.Core, ways...)
}

// wrongProof is a refusal in the words of confirm.
func wrongProof(err error, wrong ...error) error {
	for _, each := range wrong {
		if errors.Is(err, each) {
			return confirm.ErrWrong
		}
	}
	return err
}

// confirmations shows them to the pages.
type confirmations struct{ service *confirm.Service }

func (c confirmations) Recent(r *api.Request, a *core.Auth, adds bool) (bool, error) {
	return c.service.Recent(r.Context(), a, adds)
}

func (c confirmations) Ways(r *api.Request, u *core.User) ([]string, error) {
	return c.service.Ways(r.Context(), u)
}

func (c confirmations) Prove(r *api.Request, a *core.Auth, kind, proof string) error {
	return confirmError(c.service.Prove(r, a, kind, proof))
}

func (c confirmations) SendCode(r *api.Request, a *core.Auth, kind string) error {
	return confirmError(c.service.SendCode(r, a, kind))
}

func confirmError(err error) error {
	var wait *confirm.ErrWait
	var locked interface{ RetryAfter() time.Duration }
	switch {
	case errors.Is(err, core.ErrLocked) && errors.As(err, &locked):
		return &pages.ErrProofWait{For: locked.RetryAfter()}
	case errors.Is(err, confirm.ErrWrong):
		return pages.ErrWrongProof
	case errors.As(err, &wait):
		return &pages.ErrProofWait{For: wait.For}
	default:
		return err
	}
}
