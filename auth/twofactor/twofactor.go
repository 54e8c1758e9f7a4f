// Package twofactor asks for a second proof at sign-in: a code of an
// authenticator app (RFC 6238), one that was sent, or a backup code.
//
// A sign-in of somebody who has a second factor is held in core's gate, in the
// transaction that took the first proof: the browser gets a challenge, and there
// is no session before it is met. Each guess is counted in the statement that
// allows it, once for the challenge and once for the account. A code that was
// taken is never taken again. Browsers that people told to trust are not asked,
// so that nobody can lock them out by guessing.
//
// Nothing here tells whether an account has a second factor to anybody who has
// not given the first proof.
package twofactor

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Passwords checks a person's password.
type Passwords interface {
	// Verify refuses with PASSWORD_TOO_LONG, INVALID_PASSWORD or core.ErrLocked.
	Verify(r *api.Request, u *core.User, password string) error
}

// Flows goes on with an app's request that a sign-in interrupted.
type Flows interface {
	// ResumeQuery goes on with a signed query that held when the sign-in began.
	ResumeQuery(r *api.Request, query string, held time.Time, a *core.Auth) (url string, err error)
}

// UseFlows tells who goes on.
func (s *Service) UseFlows(f Flows) { s.flows = f }

// Service is this capability.
type Service struct {
	core      *core.Core
	cfg       config.TwoFactor
	passwords Passwords
	texts     Texts
	flows     Flows
	issuer    string

	secrets *core.Sealer // of authenticator apps
	backups *core.Sealer // of the hashes of backup codes
	codes   *core.Signer // of codes that were sent
	trust   *core.Signer // of trusted browsers
}

// field is the contract's name of what users have.
const field = "twoFactorEnabled"

// New connects the capability; when it is off, nobody is asked for anything.
func New(c *core.Core, p Passwords) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.TwoFactor, passwords: p, issuer: c.Config.TwoFactor.Issuer}
	if s.issuer == "" {
		if base, err := url.Parse(c.Config.URL); err == nil {
			s.issuer = base.Hostname()
		}
	}
	var err error
	if s.secrets, err = c.Keys.Sealer("two-factor secret"); err != nil {
		return nil, err
	}
	if s.backups, err = c.Keys.Sealer("two-factor backup code"); err != nil {
		return nil, err
	}
	for label, signer := range map[string]**core.Signer{
		"two-factor sent code": &s.codes, "two-factor trusted device": &s.trust,
	} {
		if *signer, err = c.Keys.Signer(label); err != nil {
			return nil, err
		}
	}
	s.forget()
	if !s.cfg.Enabled {
		return s, nil
	}
	if err := c.UserFields.Add(core.Field{Name: field, Type: "boolean", Returned: true, Default: false, Implied: true}); err != nil {
		return nil, err
	}
	c.Hold = s.hold
	c.Mail.Handle(kindCode, s.codeMail)
	return s, nil
}

// forget lets go of what is over, also while the capability is off: it may be turned
// on again.
func (s *Service) forget() {
	// Another password ends what the one before began: trusted browsers, and sign-ins that wait.
	s.core.PasswordSet.On(func(ctx context.Context, tx *store.Tx, e core.PasswordSet) error {
		if e.First {
			return nil
		}
		if _, err := deleteChallengesOf(ctx, tx, e.UserID); err != nil {
			return err
		}
		_, err := deleteDevices(ctx, tx, e.UserID)
		return err
	})
	// Who registered an address that is another's leaves no second factor there.
	s.core.MailboxClaimed.On(func(ctx context.Context, tx *store.Tx, u *core.User) error {
		if enabled(u) {
			mark(u, false)
		}
		_, err := s.remove(ctx, tx, u.ID)
		return err
	})
}

// enabled tells whether a user is asked for a second factor.
func enabled(u *core.User) bool { return u.Extra.Value(field) == "true" }

// mark sets the user's field, or takes it away where the capability is off; whoever
// calls writes the user back.
func mark(u *core.User, on bool) {
	u.Extra = u.Extra.With(core.Values{field: strconv.FormatBool(on)})
}

// turn writes it, and tells who listens.
func (s *Service) turn(ctx context.Context, tx *store.Tx, u *core.User, on bool, e *core.TwoFactorChanged) error {
	mark(u, on)
	if err := s.core.SaveUser(ctx, tx, u); err != nil {
		return err
	}
	e.User, e.Mails = u, nil
	return s.core.TwoFactorChanged.Emit(ctx, tx, e)
}

func changed(r *api.Request, what string) *core.TwoFactorChanged {
	return &core.TwoFactorChanged{What: what, Event: core.NewEvent(r), Locale: r.Languages()}
}

// Status is what there is to say about a user's second factor.
type Status struct {
	Enabled bool
	// App tells that an authenticator app counts, Pending that one was begun and
	// has not shown a code yet.
	App, Pending bool
	// Codes tells that codes can be sent to the person.
	Codes bool
	// BackupCodes is how many are left.
	BackupCodes int
	// Required tells that the person must have a second factor.
	Required bool
	// LockedUntil is set while too many wrong codes lock the account.
	LockedUntil time.Time
}

// Status reads it, for a page.
func (s *Service) Status(ctx context.Context, u *core.User) (Status, error) {
	st := Status{Enabled: enabled(u), Codes: s.cfg.OTPOptions.Enabled, Required: s.required(u)}
	f, err := s.factorOf(ctx, s.core.DB, u.ID)
	if err != nil {
		return st, err
	}
	st.App, st.Pending = f.app(), f.Secret != "" && !f.Verified
	if f.locked(s.core.Now(ctx)) {
		st.LockedUntil = *f.LockedUntil
	}
	codes, err := listBackupCodes(ctx, s.core.DB, u.ID)
	st.BackupCodes = len(codes)
	return st, err
}

// required tells whether the configuration wants a second factor of a user.
func (s *Service) required(u *core.User) bool { return s.cfg.Requires(u.HasRole) }

// ResetTwoFactor takes every second factor and trusted browser from a user, for
// an administrator or a command: the way out for who has lost them all. It
// reports whether there was anything. locale is of the mail that tells of it.
func (s *Service) ResetTwoFactor(ctx context.Context, userID, locale string) (had bool, err error) {
	e := &core.TwoFactorChanged{What: "reset", Event: core.Event{At: s.core.Now(ctx)}, Locale: locale}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		had, err = s.reset(ctx, tx, userID, e)
		return err
	})
	if err == nil {
		s.core.Mail.Sent(ctx, e.Mails...)
	}
	return had, err
}

// ResetIn is ResetTwoFactor inside a transaction that also does something else.
func (s *Service) ResetIn(ctx context.Context, tx *store.Tx, userID string, at core.Event, locale string) (mails []string, err error) {
	e := &core.TwoFactorChanged{What: "reset", Event: at, Locale: locale}
	_, err = s.reset(ctx, tx, userID, e)
	return e.Mails, err
}

func (s *Service) reset(ctx context.Context, tx *store.Tx, userID string, e *core.TwoFactorChanged) (had bool, err error) {
	u, err := s.core.User(ctx, tx, userID)
	if err != nil {
		return false, err
	}
	if had, err = s.remove(ctx, tx, userID); err != nil {
		return false, err
	}
	if had = had || enabled(u); !had {
		return false, nil
	}
	return true, s.turn(ctx, tx, u, false, e)
}

// Idle tells whether people have second factors that they are not asked for, because
// the capability is off.
func (s *Service) Idle(ctx context.Context) (bool, error) {
	if s.cfg.Enabled {
		return false, nil
	}
	return anyFactor(ctx, s.core.DB)
}

// remove deletes all that is kept of a user's second factor.
func (s *Service) remove(ctx context.Context, tx *store.Tx, userID string) (had bool, err error) {
	for _, drop := range []func(context.Context, *store.Tx, string) (int64, error){
		deleteFactor, deleteBackupCodes, deleteDevices, deleteCodesOf, deleteChallengesOf,
	} {
		n, err := drop(ctx, tx, userID)
		if err != nil {
			return false, err
		}
		had = had || n > 0
	}
	return had, nil
}

// Sweep deletes what has expired, a little at a time.
func (s *Service) Sweep(ctx context.Context) error {
	const batch = 200
	for more := true; more; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			more, err = deleteExpired(ctx, tx, s.core.Now(ctx), batch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// notFoundIs puts an error of this package in the place of store.ErrNotFound.
func notFoundIs(err, instead error) error {
	if errors.Is(err, store.ErrNotFound) {
		return instead
	}
	return err
}
