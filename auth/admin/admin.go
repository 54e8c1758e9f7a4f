// Package admin is what whoever runs the server does to users, from the command
// line and through the operator API.
package admin

import (
	"context"
	"errors"
	"regexp"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Passwords sets passwords under the configured rules.
type Passwords interface {
	CheckLength(password string) error
	Hash(ctx context.Context, p core.NewPassword) (string, error)
	Set(ctx context.Context, userID, password string) error
	// First refuses with PASSWORD_ALREADY_SET where there is a password.
	First(ctx context.Context, userID, password string) error
}

// Service is this capability.
type Service struct {
	core      *core.Core
	passwords Passwords
}

// New connects the capability.
func New(c *core.Core, p Passwords) *Service { return &Service{core: c, passwords: p} }

// NewUser is what an administrator says of somebody new.
type NewUser struct {
	Name, Email   string
	Password      string // "" makes an account without one
	Role          string // "" is "user"
	EmailVerified bool
	Data          map[string]any // of the additional fields
}

var rolePattern = regexp.MustCompile(`^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$`)

// Create makes a user. Errors: ErrInvalidEmail, ErrInvalidRole, ErrUserExists, what a password may be refused for.
func (s *Service) Create(ctx context.Context, n NewUser) (*core.User, error) {
	if !api.ValidEmail(n.Email) {
		return nil, ErrInvalidEmail
	}
	if n.Role != "" && !rolePattern.MatchString(n.Role) {
		return nil, ErrInvalidRole
	}
	fields, err := s.core.TrustedFields(ctx, true, n.Data, "body.data.")
	if err != nil {
		return nil, err
	}
	hash := ""
	if n.Password != "" {
		if err := s.passwords.CheckLength(n.Password); err != nil {
			return nil, err
		}
		if hash, err = s.passwords.Hash(ctx, core.NewPassword{Text: n.Password, Email: n.Email, Name: n.Name}); err != nil {
			return nil, err
		}
	}
	var user *core.User
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		user, err = s.core.CreateUser(ctx, tx, core.NewUser{Name: n.Name, Email: n.Email, EmailVerified: n.EmailVerified, Role: n.Role, Fields: fields})
		if err != nil || hash == "" {
			return err
		}
		return s.core.SetPasswordHash(ctx, tx, user.ID, hash)
	})
	if errors.Is(err, core.ErrEmailTaken) {
		return nil, ErrUserExists
	}
	return user, err
}

// Find reads a user by id or by e-mail address. Errors: ErrUserNotFound.
func (s *Service) Find(ctx context.Context, ref string) (*core.User, error) {
	return find(ctx, s.core, s.core.DB, ref)
}

func find(ctx context.Context, c *core.Core, q store.Querier, ref string) (*core.User, error) {
	user, err := c.User(ctx, q, ref)
	if errors.Is(err, store.ErrNotFound) {
		user, err = c.UserByEmail(ctx, q, ref)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUserNotFound
	}
	return user, err
}

// List reads users in the order of their making, those after the given id.
func (s *Service) List(ctx context.Context, after string, limit int) ([]*core.User, error) {
	return s.core.Users(ctx, s.core.DB, after, limit)
}

// SetPassword gives a user a password. Errors: ErrUserNotFound, what a password may be refused for.
func (s *Service) SetPassword(ctx context.Context, ref, password string) error {
	user, err := s.Find(ctx, ref)
	if err != nil {
		return err
	}
	return s.passwords.Set(ctx, user.ID, password)
}

// change reads a user, lets fn change it, and writes it back, in one transaction.
func (s *Service) change(ctx context.Context, ref string, fn func(tx *store.Tx, u *core.User) error) (*core.User, error) {
	var user *core.User
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if user, err = find(ctx, s.core, tx, ref); err != nil {
			return err
		}
		if err := fn(tx, user); err != nil {
			return err
		}
		return s.core.SaveUser(ctx, tx, user)
	})
	if err != nil {
		return nil, err
	}
	return user, nil
}

// SetRole gives a user one role or several, comma-joined. Errors: ErrUserNotFound, ErrInvalidRole.
func (s *Service) SetRole(ctx context.Context, ref, role string) (*core.User, error) {
	if !rolePattern.MatchString(role) {
		return nil, ErrInvalidRole
	}
	return s.change(ctx, ref, func(tx *store.Tx, u *core.User) error {
		u.Role = role
		return s.core.RoleChanged.Emit(ctx, tx, u)
	})
}

// Ban shuts a user out, for good or until a time, and ends their access.
// Errors: ErrUserNotFound.
func (s *Service) Ban(ctx context.Context, ref, reason string, until *time.Time) (*core.User, error) {
	return s.change(ctx, ref, func(tx *store.Tx, u *core.User) error {
		u.Banned, u.BanExpires, u.BanReason = true, until, nil
		if reason != "" {
			u.BanReason = &reason
		}
		return s.core.EndAccess(ctx, tx, u.ID, "banned")
	})
}

// Unban lets a user in again. Errors: ErrUserNotFound.
func (s *Service) Unban(ctx context.Context, ref string) (*core.User, error) {
	return s.change(ctx, ref, func(_ *store.Tx, u *core.User) error {
		u.Banned, u.BanExpires, u.BanReason = false, nil, nil
		return nil
	})
}

// SignOut ends all access of a user. Errors: ErrUserNotFound.
func (s *Service) SignOut(ctx context.Context, ref string) (*core.User, error) {
	return s.change(ctx, ref, func(tx *store.Tx, u *core.User) error {
		return s.core.EndAccess(ctx, tx, u.ID, "signed-out")
	})
}

// Delete removes a user and all that is theirs. Errors: ErrUserNotFound.
func (s *Service) Delete(ctx context.Context, ref string) (*core.User, error) {
	var user *core.User
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if user, err = find(ctx, s.core, tx, ref); err != nil {
			return err
		}
		_, err = s.core.DeleteUser(ctx, tx, user.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return user, nil
}
