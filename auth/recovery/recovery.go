// Package recovery lets somebody in who has lost every way in: whoever runs the
// server makes a link for them, and the link, once, gives them a new one.
//
// The link is worth the account, so it is stored as a hash, works once and not for
// long, and its GET uses nothing up. Whoever recovers an account ends every session
// and grant of it, loses its second factor and its former password, and the account's
// address is told, whatever the configuration says of notices. The session that the link
// opens is for a new way in first: it takes nothing away, and changes no address, before
// its person has shown one. The package must not find an account on anybody's request but the operator's.
package recovery

import (
	"context"
	"errors"
	"net/url"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

const (
	purpose = "account-recovery"
	method  = "recovery"
	// kindRecovered is the mail that tells of it, and the job that makes it.
	kindRecovered = "account-recovery"
	usualLife     = time.Hour
	shortest      = time.Minute
	longest       = 7 * 24 * time.Hour
)

// Passwords turns a new password into what is stored of it.
type Passwords interface {
	HashFor(ctx context.Context, userID, password string) (string, error)
}

// Factors takes a user's second factors away, and tells which mails that queued.
type Factors interface {
	ResetIn(ctx context.Context, tx *store.Tx, userID string, at core.Event, locale string) (mails []string, err error)
}

// Service is this capability.
type Service struct {
	core      *core.Core
	passwords Passwords
	factors   Factors
}

// New connects the capability.
func New(c *core.Core, p Passwords, f Factors) *Service {
	s := &Service{core: c, passwords: p, factors: f}
	c.Mail.Handle(kindRecovered, s.letter)
	c.SessionCreated.On(func(ctx context.Context, tx *store.Tx, e core.SessionCreated) error {
		if e.Method != method {
			return nil
		}
		return insertSession(ctx, tx, e.Auth.Session.ID)
	})
	c.Unproven = func(ctx context.Context, sessionID string) (bool, error) { return isRecovery(ctx, c.DB, sessionID) }
	return s
}

// Link is a way back in, for one person.
type Link struct {
	User      *core.User
	URL       string // shown this once
	ExpiresAt time.Time
}

// Issue makes a link for a user, named by id or address, in place of an earlier one.
// life 0 is an hour. Errors: ErrUserNotFound, ErrExpiry.
func (s *Service) Issue(ctx context.Context, ref string, life time.Duration) (*Link, error) {
	if life == 0 {
		life = usualLife
	}
	if life < shortest || life > longest {
		return nil, ErrExpiry
	}
	u, err := s.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	l := &Link{User: u, ExpiresAt: s.core.Now(ctx).Add(life)}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.core.DropVerifications(ctx, tx, purpose, u.ID); err != nil {
			return err
		}
		token, err := s.core.NewVerification(ctx, tx, purpose, u.ID, nil, life)
		l.URL = s.core.Config.URL + "/recover?token=" + url.QueryEscape(token)
		return err
	})
	return l, err
}

func (s *Service) find(ctx context.Context, ref string) (*core.User, error) {
	u, err := s.core.User(ctx, s.core.DB, ref)
	if errors.Is(err, store.ErrNotFound) {
		u, err = s.core.UserByEmail(ctx, s.core.DB, ref)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUserNotFound
	}
	return u, err
}

// Pending is whose account a token would recover; it uses nothing up. Errors: ErrGone.
func (s *Service) Pending(ctx context.Context, token string) (*core.User, error) {
	v, err := s.core.PeekVerification(ctx, s.core.DB, purpose, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	u, err := s.core.User(ctx, s.core.DB, v.Subject)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrGone
	}
	return u, err
}

// ByPassword and ByPasskey tell what can be chosen as the new way in.
func (s *Service) ByPassword() bool { return s.core.Config.EmailAndPassword.Enabled }

// ByPasskey is so where people can add one once they are in.
func (s *Service) ByPasskey() bool { return s.core.Config.Passkey.Enabled }

// Recover signs the holder of a token in, in a session that ends with the browser.
// password is their new one; "" is for who will add a passkey. Either way the former
// password works no more. Errors: ErrGone, ErrChoose, *core.Held where a second
// factor must be set up, those of new passwords, those of a sign-in.
func (s *Service) Recover(r *api.Request, token, password string) (*core.Auth, error) {
	ctx := r.Context()
	u, err := s.Pending(ctx, token)
	if err != nil {
		return nil, err
	}
	if password == "" && !s.ByPasskey() || password != "" && !s.ByPassword() {
		return nil, ErrChoose
	}
	hash := ""
	if password != "" {
		if hash, err = s.passwords.HashFor(ctx, u.ID, password); err != nil {
			return nil, err
		}
	}
	var mails []string
	a, err := s.core.SignIn(r, core.NewSignIn(r, u, method, false), func(tx *store.Tx) (err error) {
		mails, err = s.recover(r, tx, u, token, hash)
		return err
	})
	var held *core.Held
	if err != nil && !errors.As(err, &held) {
		return nil, err
	}
	s.core.Mail.Sent(ctx, mails...)
	r.Security("account-recovered", "user", u.ID)
	return a, err
}

// recover leaves nothing of what let anybody in before, but what the owner can look
// through on the page that follows: passkeys and accounts elsewhere.
func (s *Service) recover(r *api.Request, tx *store.Tx, u *core.User, token, hash string) (mails []string, err error) {
	ctx := r.Context()
	v, err := s.core.UseVerification(ctx, tx, purpose, token)
	if errors.Is(err, store.ErrNotFound) || err == nil && v.Subject != u.ID {
		return nil, ErrGone
	}
	if err != nil {
		return nil, err
	}
	if err := s.core.EndAccess(ctx, tx, u.ID, "recovered"); err != nil {
		return nil, err
	}
	if err := s.core.DropPending(ctx, tx, u); err != nil {
		return nil, err
	}
	if err := s.setPassword(ctx, tx, u, hash); err != nil {
		return nil, err
	}
	at := core.NewEvent(r)
	if mails, err = s.factors.ResetIn(ctx, tx, u.ID, at, r.Languages()); err != nil {
		return nil, err
	}
	id, err := s.core.Mail.Queue(ctx, tx, kindRecovered, news{To: u.Email, Name: u.Name, Locale: r.Languages(), Event: at})
	return append(mails, id), err
}

// setPassword puts a password in the place of the former one, or nothing.
func (s *Service) setPassword(ctx context.Context, tx *store.Tx, u *core.User, hash string) error {
	if hash != "" {
		return s.core.SetPasswordHash(ctx, tx, u.ID, hash)
	}
	accounts, err := s.core.Accounts(ctx, tx, u.ID)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.ProviderID != core.CredentialProvider {
			continue
		}
		if _, err := s.core.UnlinkAccount(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

// news is the payload of the job: whom to tell.
type news struct {
	To     string     `json:"to"`
	Name   string     `json:"name,omitempty"`
	Locale string     `json:"locale,omitempty"`
	Event  core.Event `json:"event,omitzero"`
}

func (s *Service) letter(_ context.Context, payload []byte) (*core.Letter, error) {
	n, err := core.MailJob[news](payload)
	if err != nil {
		return nil, err
	}
	return &core.Letter{Kind: kindRecovered, To: n.To, Name: n.Name, Locale: n.Locale, Event: n.Event, Payload: n}, nil
}
