package core

import (
	"context"
	"errors"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// SignIn is somebody who has proven who they are and is about to get a session.
type SignIn struct {
	User      *User
	Method    string   // "email", "verify-email", "setup": for logs and events
	AMR       []string // RFC 8176
	Remember  bool
	IP        string
	UserAgent string
	Fields    Values // of SessionFields
	Languages string // an Accept-Language header
	// Mails are jobs that the listeners of SessionCreated have queued.
	Mails []string
	// ProvenAt is when the person proved who they are, where that was not just
	// now: the session is then no fresher than that.
	ProvenAt time.Time
	// MultiFactor tells that the proof was two factors already, such as a passkey
	// that verified its user: no second one is asked for.
	MultiFactor bool
	// Mailbox tells that the proof was a message to the person's address: a code
	// sent to the same place is no second factor.
	Mailbox bool
	// Federated tells that a provider answers for the person, and has asked what it asks.
	Federated bool
	// StepUp tells that an app waits for two factors: who has a second one is asked
	// for it in a browser that they trust, too, and after a provider.
	StepUp bool
	// Renews tells that this takes the place of a session that the person has:
	// nobody comes in by it, so only a ban stands against it.
	Renews bool
	// Request is that of the browser that gets the session, nil where none asks.
	Request *api.Request
	// Onward is where a browser goes that comes by a link, once there is a session.
	Onward Onward
	// Held is set by BeginIn in place of a session: something else comes first.
	Held *Held
	// Cookies are what a gate has the browser keep beside its session.
	Cookies []*api.Cookie
	// Anonymous is the id of the anonymous user that the browser was, "" for none: a
	// sign-in that is interrupted keeps it.
	Anonymous string
}

// ByPassword is somebody who signs in with a password and a name of theirs.
type ByPassword struct {
	Name        string // in the form that comparisons use
	User        *User  // who has the name; nil for nobody, which costs the same
	Method      string
	Password    string
	CallbackURL string // where the link of a verification mail leads
	Remember    bool
	Wrong       error // the refusal of nobody, and of a wrong password
	// Proven, where it is set, may refuse somebody whose password was right.
	Proven func(ctx context.Context) error
}

// Resume answers a JSON sign-in in place of its usual body, when the person was
// sent here by something that now goes on. handled is false when there is nothing.
type Resume func(r *api.Request, a *Auth) (answer any, handled bool, err error)

// NewSignIn takes from the request what a session remembers of it.
func NewSignIn(r *api.Request, u *User, method string, remember bool, amr ...string) *SignIn {
	return &SignIn{User: u, Method: method, AMR: amr, Remember: remember, IP: r.IP(), UserAgent: r.UserAgent(), Languages: r.Languages(), Request: r}
}

// CheckSignIn asks everybody who may refuse a sign-in and takes time to tell.
// Begin does it by itself; a caller of BeginIn does it before its transaction.
// Somebody who is made in that transaction has passed CheckSignUp instead.
func (c *Core) CheckSignIn(ctx context.Context, s *SignIn) error {
	if s.User == nil || s.Renews {
		return nil
	}
	for _, check := range c.SignInChecks {
		if err := check(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Begin signs somebody in: the checks and the gates run, then the session is
// made, in one transaction with before (which may be nil) ahead of the gates. It
// sets no cookie. Errors: a *Held, after a transaction that holds.
func (c *Core) Begin(ctx context.Context, s *SignIn, before func(tx *store.Tx) error) (*Auth, error) {
	if err := c.CheckSignIn(ctx, s); err != nil {
		return nil, err
	}
	var a *Auth
	err := c.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if before != nil {
			if err := before(tx); err != nil {
				return err
			}
		}
		a, err = c.BeginIn(ctx, tx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.Mail.Sent(ctx, s.Mails...)
	if s.Held != nil {
		return nil, s.Held
	}
	return a, nil
}

// BeginIn is Begin inside a transaction that also does something else. Where
// s.Held is set afterwards there is no session: the transaction is to hold all
// the same, and its caller returns s.Held as the error.
func (c *Core) BeginIn(ctx context.Context, tx *store.Tx, s *SignIn) (*Auth, error) {
	s.Mails, s.Held, s.Cookies = nil, nil, nil // of a run that was taken back
	if err := c.SigningIn.Emit(ctx, tx, s); err != nil {
		return nil, err
	}
	if err := c.hold(ctx, tx, s); err != nil || s.Held != nil {
		return nil, err
	}
	session, err := c.newSession(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	a := &Auth{Session: session, User: s.User, Method: s.Method, cookies: s.Cookies}
	return a, c.SessionCreated.Emit(ctx, tx, SessionCreated{a, s.Method, s})
}

// SignIn signs somebody in and gives their browser the session.
func (c *Core) SignIn(r *api.Request, s *SignIn, before func(tx *store.Tx) error) (*Auth, error) {
	a, err := c.Begin(r.Context(), s, before)
	if s.Held != nil {
		r.Security("second-factor-asked", "user", s.User.ID, "method", s.Method)
	}
	if err != nil {
		return nil, err
	}
	c.Adopt(r, a)
	r.Security("sign-in", "user", a.User.ID, "method", s.Method)
	return a, nil
}

// Adopt gives the browser a session that was just made.
func (c *Core) Adopt(r *api.Request, a *Auth) {
	r.Auth = a
	c.setSessionCookies(r, a)
	c.dropInvitation(r)
	for _, tell := range c.Adopted {
		tell(r, a)
	}
}

// refuseBarred is the first gate, and the same one for every way to sign in.
func (c *Core) refuseBarred(ctx context.Context, tx *store.Tx, s *SignIn) error {
	// The user was read before the transaction began, and may have changed or gone since.
	u, err := c.User(ctx, tx, s.User.ID)
	if err != nil {
		return err
	}
	if err := c.Barred(ctx, u); err != nil && (!s.Renews || errors.Is(err, ErrBanned)) {
		return err
	}
	s.User = u
	return nil
}

// Answer is what a JSON sign-in or sign-up answers: plain, unless the request
// came with something that the sign-in resumes.
func (c *Core) Answer(r *api.Request, a *Auth, plain any) (any, error) {
	if c.Resume == nil {
		return plain, nil
	}
	answer, handled, err := c.Resume(r, a)
	if err != nil {
		return nil, err
	}
	if handled {
		return answer, nil
	}
	return plain, nil
}
