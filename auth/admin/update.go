package admin

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Update changes a user by the names that answers have: name, image, email,
// emailVerified and the additional fields, also those that people may not set.
// Another address ends nothing; whoever changes it knows why.
// Errors: ErrUserNotFound, ErrNoData, ErrInvalidEmail, ErrUserExists, VALIDATION_ERROR.
func (s *Service) Update(ctx context.Context, ref string, data map[string]any) (*core.User, error) {
	set, err := s.changes(ctx, data)
	if err != nil {
		return nil, err
	}
	user, err := s.change(ctx, ref, func(tx *store.Tx, u *core.User) error {
		before := u.Email
		for _, apply := range set {
			apply(u)
		}
		if u.Email == before {
			return nil
		}
		return s.core.EmailChanged.Emit(ctx, tx, &core.EmailChanged{User: u, Before: before, Event: core.Event{At: s.core.Now(ctx)}})
	})
	if errors.Is(err, core.ErrEmailTaken) {
		return nil, ErrUserExists
	}
	return user, err
}

// changes reads data; every name in it must mean something.
func (s *Service) changes(ctx context.Context, data map[string]any) ([]func(*core.User), error) {
	if len(data) == 0 {
		return nil, ErrNoData
	}
	values, err := s.core.TrustedFields(ctx, false, data, "body.data.")
	if err != nil {
		return nil, err
	}
	set := []func(*core.User){func(u *core.User) { u.Extra = u.Extra.With(values) }}
	for name, given := range data {
		if _, isField := values[name]; isField {
			continue
		}
		apply, err := builtIn(name, given)
		if err != nil {
			return nil, err
		}
		set = append(set, apply)
	}
	return set, nil
}

func builtIn(name string, given any) (func(*core.User), error) {
	text, isText := given.(string)
	flag, isFlag := given.(bool)
	switch {
	case name == "name" && isText:
		return func(u *core.User) { u.Name = text }, nil
	case name == "image" && (isText || given == nil):
		return func(u *core.User) {
			u.Image = nil
			if isText {
				u.Image = &text
			}
		}, nil
	case name == "emailVerified" && isFlag:
		return func(u *core.User) { u.EmailVerified = flag }, nil
	case name == "email" && isText && api.ValidEmail(core.NormalizeEmail(text)):
		return func(u *core.User) { u.Email = core.NormalizeEmail(text) }, nil
	case name == "email":
		return nil, ErrInvalidEmail
	default:
		return nil, api.Invalid("body.data."+name, "Invalid input")
	}
}
