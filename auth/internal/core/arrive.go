package core

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Arrival is somebody who shows, by what was in a mail, that an address is theirs.
type Arrival struct {
	Email  string
	Method string // "magic-link", "email-otp"
	// Name, Image and Fields are of the account that is made where there is none.
	Name   string
	Image  *string
	Fields func() (Values, error)
	// Closed: who has no account gets none.
	Closed bool
	// Brief: the session ends with the browser.
	Brief bool
	// Onward is where the browser of who comes by a link goes; nil where the caller knows.
	Onward func(isNew bool) Onward
	// Prove uses up what was in the mail, in the transaction of all the rest.
	Prove func(ctx context.Context, tx *store.Tx) error
}

// Arrive signs in whoever reads the mail of an address, and makes them an account
// where there is none. Somebody who registered the address before and never
// proved it is shut out: see ClaimMailbox.
// Errors: ErrSignUpRefused, ErrPending, a *Held, those of Prove, of a sign-up and a sign-in.
func (c *Core) Arrive(r *api.Request, in Arrival) (a *Auth, isNew bool, err error) {
	in.Email = NormalizeEmail(in.Email)
	user, err := c.UserByEmail(r.Context(), c.DB, in.Email)
	if errors.Is(err, store.ErrNotFound) {
		a, err = c.arriveNew(r, in)
		return a, true, err
	}
	if err != nil {
		return nil, false, err
	}
	a, err = c.arriveKnown(r, in, user)
	return a, false, err
}

// signIn is that of user, who is nil where they are made now.
func (in *Arrival) signIn(r *api.Request, user *User) *SignIn {
	s := NewSignIn(r, user, in.Method, !in.Brief, "otp")
	s.Mailbox = true
	if in.Onward != nil {
		s.Onward = in.Onward(user == nil)
	}
	return s
}

// MailboxWayIn is the kind of a way in by what is mailed to a proven address.
const MailboxWayIn = "mailbox"

// MailboxWaysIn is for Core's WaysIn of who signs people in by mail.
func MailboxWaysIn(_ context.Context, _ store.Querier, u *User) ([]WayIn, error) {
	if !u.EmailVerified {
		return nil, nil
	}
	return []WayIn{{Kind: MailboxWayIn}}, nil
}

func (c *Core) arriveKnown(r *api.Request, in Arrival, user *User) (*Auth, error) {
	s := in.signIn(r, user)
	var mails []string
	defer func() { c.Mail.Sent(r.Context(), mails...) }()
	return c.SignIn(r, s, func(tx *store.Tx) (err error) {
		ctx := r.Context()
		mails = nil
		if err := in.Prove(ctx, tx); err != nil {
			return err
		}
		// Read again: what was read before the transaction may have changed since.
		if s.User, err = c.UserByEmail(ctx, tx, in.Email); err != nil || s.User.EmailVerified {
			return err
		}
		if err := c.ClaimMailbox(ctx, tx, s.User); err != nil {
			return err
		}
		job, err := c.TellClaimed(ctx, tx, s.User, r.Languages())
		mails = append(mails, job)
		return err
	})
}

func (c *Core) arriveNew(r *api.Request, in Arrival) (*Auth, error) {
	if in.Closed {
		return nil, ErrSignUpRefused
	}
	who := c.NewSignUp(r, in.Method)
	who.Name, who.Email, who.EmailVerified, who.Image, who.Requested = in.Name, in.Email, true, in.Image, true
	if in.Fields != nil {
		var err error
		if who.Fields, err = in.Fields(); err != nil {
			return nil, err
		}
	}
	if err := c.CheckSignUp(r.Context(), who); err != nil {
		return nil, err
	}
	var user *User
	create := func(tx *store.Tx) (err error) {
		if err := in.Prove(r.Context(), tx); err != nil {
			return err
		}
		user, err = c.SignUp(r.Context(), tx, who)
		return err
	}
	defer func() { c.Mail.Sent(r.Context(), who.Mails...) }()
	if who.Pending { // the account stays; an administrator opens it
		if err := c.DB.Write(r.Context(), create); err != nil {
			return nil, err
		}
		r.Security("sign-up", "user", user.ID, "method", in.Method)
		return nil, ErrPending
	}
	s := in.signIn(r, nil)
	a, err := c.SignIn(r, s, func(tx *store.Tx) error {
		err := create(tx)
		s.User = user
		return err
	})
	if err == nil || s.Held != nil {
		r.Security("sign-up", "user", user.ID, "method", in.Method)
	}
	return a, err
}

// MailClaimed is the mail to who proved an address that had an account already:
// if they made it themselves, its password is gone.
const MailClaimed = "address-claimed"

// Claimed is the payload of that mail's job.
type Claimed struct {
	UserID string `json:"userId"`
	Locale string `json:"locale,omitempty"`
}

// TellClaimed queues that mail, after ClaimMailbox.
func (c *Core) TellClaimed(ctx context.Context, tx *store.Tx, u *User, languages string) (job string, err error) {
	return c.Mail.Queue(ctx, tx, MailClaimed, Claimed{u.ID, languages})
}
