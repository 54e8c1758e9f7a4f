package twofactor

import (
	"errors"
	"net/http"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Operations are what the person who runs the server may do: none when the
// capability is off.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	op := func(name, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{
			Mount: api.Operator, Method: http.MethodPost, Path: "/" + name, ID: "operator." + name, Tag: "operator",
			Doc: doc, Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone, Errors: errs,
		}
	}
	return []api.Endpoint{
		api.Handle(op("generateTOTP", "The code of a secret at this moment.", ErrNoApps), s.generateTOTP),
		api.Handle(op("viewBackupCodes", "Refused: backup codes are kept as hashes.", ErrNotKept), func(*api.Request, *struct {
			UserID string `body:"userId"`
		},
		) (status, error) {
			return status{}, ErrNotKept
		}),
		api.Handle(op("resetTwoFactor", "Take every second factor and trusted browser from a user who has lost them.", ErrUserNotFound), s.resetUser),
	}
}

type code struct {
	Code string `json:"code"`
}

func (s *Service) generateTOTP(r *api.Request, in *struct {
	Secret string `body:"secret"`
},
) (code, error) {
	if s.cfg.TOTPOptions.Disable {
		return code{}, ErrNoApps
	}
	now, err := s.codeAt(in.Secret, s.stepAt(r.Now()))
	return code{now}, err
}

func (s *Service) resetUser(r *api.Request, in *struct {
	UserID string `body:"userId"`
},
) (status, error) {
	had, err := s.ResetTwoFactor(r.Context(), in.UserID, r.Languages())
	if errors.Is(err, store.ErrNotFound) {
		return status{}, ErrUserNotFound
	}
	if err == nil && had {
		r.Security("two-factor-reset", "user", in.UserID)
	}
	return status{had}, err
}
