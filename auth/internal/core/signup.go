package core

import (
	"context"
	"errors"
	"net/url"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// SignUp is somebody who asks for an account of their own. Every way that makes
// a user on the person's request goes through it, in three steps:
//
//	in := c.NewSignUp(r, "email"); in.Name, in.Email = …
//	err := c.CheckSignUp(ctx, in)          // may wait; before the transaction
//	user, err := c.SignUp(ctx, tx, in)     // inside it; fn of db.Write may run twice
//	c.Mail.Sent(ctx, in.Mails...)          // after it
//
// Who then begins a session asks [Core.Barred] first: a sign-up stays, even where
// the person may not come in yet. Administrators and commands make users with
// CreateUser, which asks nobody.
type SignUp struct {
	Name          string
	Email         string
	EmailVerified bool
	Image         *string
	Method        string // "email", the id of a provider, …
	// Placeholder tells that the address only fills the place: whoever signs up has none.
	Placeholder bool
	// Requested is whether the person asked for an account; not where a sign-in
	// finds that there is none.
	Requested bool
	IP        string
	UserAgent string
	Languages string // an Accept-Language header
	// Invitation is the secret of the link that the person came by, "" without one.
	Invitation string

	// Role and Pending are what the checks decide: the new user's role ("" is
	// "user"), and that nobody gets a session before an administrator agrees.
	Role    string
	Pending bool
	// Mails are jobs that the listeners of SigningUp and UserCreated have queued.
	Mails []string
	// Fields are what the person says of core's UserFields.
	Fields Values

	checked bool
	// standIn: the user is made under an address that is nobody's, and taken back.
	standIn bool
}

// NewSignUp takes from the request what the checks want to know.
func (c *Core) NewSignUp(r *api.Request, method string) *SignUp {
	return &SignUp{Method: method, IP: r.IP(), UserAgent: r.UserAgent(), Languages: r.Languages(), Invitation: c.Invitation(r)}
}

// invitationLife is how long a browser keeps the invitation that it came by: long
// enough to sign in at a provider, or to look for a password.
const invitationLife = 24 * time.Hour

// KeepInvitation has the browser keep an invitation, so that it is still there
// after a sign-up at a provider, or at the end of an app's request. A session ends it.
func (c *Core) KeepInvitation(r *api.Request, secret string) {
	ck := c.cookies.cookie(c.cookies.invitation, url.QueryEscape(secret), int(invitationLife.Seconds()))
	ck.SameSite, ck.Domain = "Lax", "" // it must come back from a provider, and to nobody else
	r.SetCookie(ck)
}

// Invitation is the secret that the browser keeps, "" for none.
func (c *Core) Invitation(r *api.Request) string {
	value, _ := r.Cookie(c.cookies.invitation)
	secret, err := url.QueryUnescape(value)
	if err != nil {
		return ""
	}
	return secret
}

// dropInvitation: who has a session needs it no more.
func (c *Core) dropInvitation(r *api.Request) {
	if c.Invitation(r) == "" {
		return
	}
	ck := c.cookies.cookie(c.cookies.invitation, "", 0)
	ck.SameSite, ck.Domain = "Lax", ""
	r.SetCookie(ck)
}

var errUnchecked = errors.New("a sign-up was not checked before its transaction")

// CheckSignUp asks everybody who may refuse a sign-up, before its transaction:
// it may take time. None of them may look whether the address is somebody's, for
// the answer would tell.
func (c *Core) CheckSignUp(ctx context.Context, in *SignUp) error {
	in.Email = NormalizeEmail(in.Email)
	if !in.Placeholder && c.IsPlaceholder(in.Email) {
		return ErrReservedEmail
	}
	for _, check := range c.SignUpChecks {
		if err := check(ctx, in); err != nil {
			return err
		}
	}
	in.checked = true
	return nil
}

// SignUp makes the user inside tx. Errors: those of SigningUp, ErrEmailTaken.
func (c *Core) SignUp(ctx context.Context, tx *store.Tx, in *SignUp) (*User, error) {
	if !in.checked {
		return nil, errUnchecked
	}
	in.Mails = nil // of a run that was taken back
	if err := c.SigningUp.Emit(ctx, tx, in); err != nil {
		return nil, err
	}
	email := in.Email
	if in.standIn {
		email = NewID() + "@invalid"
	}
	return c.CreateUser(ctx, tx, NewUser{
		Name: in.Name, Email: email, EmailVerified: in.EmailVerified, Image: in.Image, Role: in.Role, Pending: in.Pending, Fields: in.Fields,
	})
}

var errTakenBack = errors.New("it was done for nobody")

// SignUpUnseen runs create, which calls SignUp, inside tx, for answers that do not tell
// whether the address is somebody's; tell queues the mail to whose it is. Neither must
// the time they take, nor whom the gates refuse: both are always done, and one of them is
// taken back. That is create, for a stand-in, where the address is taken, else tell.
func (c *Core) SignUpUnseen(ctx context.Context, tx *store.Tx, in *SignUp, create, tell func() error) (taken bool, err error) {
	_, err = c.UserByEmail(ctx, tx, in.Email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	in.standIn = err == nil
	if err := attempt(ctx, tx, create, !in.standIn); err != nil {
		return false, err
	}
	if in.standIn {
		in.Mails = nil
	}
	return in.standIn, attempt(ctx, tx, tell, in.standIn)
}

// attempt does something and keeps it, or takes it back.
func attempt(ctx context.Context, tx *store.Tx, do func() error, keep bool) error {
	err := tx.Attempt(ctx, func() error {
		if err := do(); err != nil || keep {
			return err
		}
		return errTakenBack
	})
	if errors.Is(err, errTakenBack) {
		return nil
	}
	return err
}

// Barred tells why a user gets no session now: ErrBanned, ErrNotVerified,
// ErrPending; nil when nothing stands against one. Begin asks it again.
func (c *Core) Barred(ctx context.Context, u *User) error {
	switch {
	case u.BannedAt(c.Now(ctx)):
		return ErrBanned
	case !u.EmailVerified && c.Config.EmailAndPassword.RequireEmailVerification && !c.IsPlaceholder(u.Email):
		return ErrNotVerified
	case u.Pending:
		return ErrPending
	default:
		return nil
	}
}
