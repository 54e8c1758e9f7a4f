// Package anonymous lets people begin before they say who they are: they get a user
// and a session at once, and become somebody later, in the same browser.
//
// Who signs in or up as another user is that user from then on, and the anonymous
// one goes; who connects an identity, or proves an address, stays the user that they
// are. Either way [core.Core.UserLinked] tells of both, so that apps can give the
// second what they kept for the first. What this server kept goes over by itself.
//
// The package must not make an anonymous user somebody without such a proof, and
// must not let anybody sign up with an address that it makes.
package anonymous

import (
	"context"
	"errors"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// field is the contract's name of what users have.
const field = "isAnonymous"

// method is the contract's name of this way of signing in.
const method = "anonymous"

// Service is this capability.
type Service struct {
	core *core.Core
	cfg  config.Anonymous
}

// New connects the capability.
func New(c *core.Core) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.Anonymous}
	if !s.cfg.Enabled {
		return s, nil
	}
	if err := c.UserFields.Add(core.Field{Name: field, Type: "boolean", Returned: true, Default: false, Implied: true}); err != nil {
		return nil, err
	}
	c.ReservePlaceholders(s.made)
	c.SigningIn.On(s.signingIn)
	c.SessionCreated.On(s.signedIn)
	c.EmailChanged.On(s.emailChanged)
	c.UserUpdated.On(s.updated)
	c.PasswordSet.On(s.passwordSet)
	c.PasskeyAdded.On(s.passkeyAdded)
	return s, nil
}

// Is tells whether a user is anonymous.
func (s *Service) Is(u *core.User) bool { return s.cfg.Enabled && u.Extra.Value(field) == "true" }

// Caller is the id of who makes a request, where they are anonymous; "" else.
func (s *Service) Caller(r *api.Request) string {
	a, err := s.core.Authenticate(r)
	if err != nil || a == nil || !s.Is(a.User) {
		return ""
	}
	return a.User.ID
}

// The address of an anonymous user: it must be nobody's, and nobody must be able to
// guess another's.
const (
	prefix   = "temp-"
	idLength = 32
)

func (s *Service) address() string {
	id := strings.ToLower(core.NewToken(idLength))
	if s.cfg.EmailDomainName == "" {
		return id + "@" + config.GuestDomain
	}
	return prefix + id + "@" + s.cfg.EmailDomainName
}

// made tells whether an address is one of address. Users stay when the domain that is
// configured becomes another one, so the shape alone counts where no mail can lead.
func (s *Service) made(email string) bool {
	local, domain, _ := strings.Cut(email, "@")
	if domain == config.GuestDomain {
		return true
	}
	id, ok := strings.CutPrefix(local, prefix)
	return ok && len(id) == idLength && s.cfg.EmailDomainName != "" && strings.EqualFold(domain, s.cfg.EmailDomainName)
}

// name is what anonymous users are called, each with another {id} where that is asked for.
func (s *Service) name() string {
	return strings.ReplaceAll(s.cfg.Name, "{id}", core.NewToken(6))
}

// SignIn makes an anonymous user and gives the browser a session of theirs. An
// invitation stays in the browser, for whoever they become.
// Errors: ErrAgain, ErrClosed, what the checks of a sign-up refuse with.
func (s *Service) SignIn(r *api.Request) (*core.Auth, error) {
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if caller != nil && s.Is(caller.User) {
		return nil, ErrAgain
	}
	ctx := r.Context()
	who := s.core.NewSignUp(r, method)
	who.Name, who.Email, who.Placeholder, who.Requested, who.Invitation = s.name(), s.address(), true, true, ""
	if who.Fields, err = s.core.UserFields.Set(field, true); err != nil {
		return nil, err
	}
	if err := s.core.CheckSignUp(ctx, who); err != nil {
		if errors.Is(err, core.ErrSignUpRefused) {
			return nil, ErrClosed
		}
		return nil, err
	}
	if who.Pending { // an administrator cannot tell one from another
		return nil, ErrClosed
	}
	signIn := core.NewSignIn(r, nil, method, true)
	a, err := s.core.SignIn(r, signIn, func(tx *store.Tx) (err error) {
		if signIn.User, err = s.core.SignUp(ctx, tx, who); err != nil {
			return err
		}
		return keepAnonymous(ctx, tx, signIn.User.ID, s.core.Now(ctx))
	})
	if err != nil {
		return nil, err
	}
	s.core.Mail.Sent(ctx, who.Mails...)
	return a, nil
}

// Delete removes the caller, with all that is theirs. Errors: ErrDeleteDisabled, ErrNotAnonymous.
func (s *Service) Delete(r *api.Request, caller *core.Auth) error {
	switch {
	case s.cfg.DisableDeleteAnonymousUser:
		return ErrDeleteDisabled
	case !s.Is(caller.User):
		return ErrNotAnonymous
	}
	ctx := r.Context()
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		if !s.Is(u) { // became somebody since
			return ErrNotAnonymous
		}
		_, err = s.core.DeleteUser(ctx, tx, u.ID)
		return err
	})
	if err != nil {
		return err
	}
	s.core.ClearCookies(r)
	r.Security("user-deleted", "user", caller.User.ID, "anonymous", true)
	return nil
}

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 50

// Sweep deletes those who went and cannot come back, where that is configured.
func (s *Service) Sweep(ctx context.Context) error {
	if !s.cfg.Enabled || s.cfg.DeleteAfter == 0 {
		return nil
	}
	for more := true; more; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
			now := s.core.Now(ctx)
			ids, err := listAbandoned(ctx, tx, now.Add(-s.cfg.DeleteAfter), now, sweepBatch)
			if err != nil {
				return err
			}
			more = len(ids) == sweepBatch
			for _, id := range ids {
				if err := s.sweep(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep deletes one, unless they got a way in: then they are no sweep's any more.
func (s *Service) sweep(ctx context.Context, tx *store.Tx, id string) error {
	u, err := s.core.User(ctx, tx, id)
	if err != nil {
		return err
	}
	ways, err := s.core.WaysInOf(ctx, tx, u)
	if err != nil {
		return err
	}
	if len(ways) > 0 {
		return forgetAnonymous(ctx, tx, id)
	}
	_, err = s.core.DeleteUser(ctx, tx, id)
	return err
}
