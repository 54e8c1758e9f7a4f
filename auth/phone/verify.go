package phone

import (
	"context"
	"errors"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Proof is what somebody does with a code.
type Proof struct {
	Number, Code string
	NoSession    bool           // the number is proven, and nobody signed in
	Brief        bool           // the session ends with the browser
	Fields       map[string]any // of a user who is made by it
}

// SignIn checks number and password and gives the browser a session. Errors: ErrInvalid,
// ErrWrong, ErrNotVerified, and those of signing in with a password.
func (s *Service) SignIn(r *api.Request, written, password string, remember bool) (*core.Auth, error) {
	number, err := Normal(written)
	if err != nil {
		return nil, err
	}
	user, err := s.findOrNobody(r.Context(), s.core.DB, number)
	if err != nil {
		return nil, err
	}
	return s.passwords.SignInUser(r, core.ByPassword{Name: number, User: user, Method: method, Password: password, Remember: remember, Wrong: ErrWrong, Proven: func(context.Context) error {
		if !s.cfg.RequireVerification || s.Number(user) != "" {
			return nil
		}
		if err := s.send(r, number, job{Kind: forNumber}, user.ID); err != nil {
			return err
		}
		return ErrNotVerified
	}})
}

// Change gives the caller a number that they have proven, in place of another.
// Errors: ErrExists, those of codes.
func (s *Service) Change(r *api.Request, caller *core.Auth, p Proof) error {
	ctx, cause := core.WithCause(r)
	_, number, err := s.consume(ctx, forNumber, p.Number, p.Code)
	if err != nil {
		return err
	}
	if caller == nil {
		return ErrNotSignedIn
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		cause.Mails = nil // of a run that was taken back
		holder, err := s.findOrNobody(ctx, tx, number)
		if err != nil {
			return err
		}
		if holder != nil && s.Number(holder) != "" {
			return ErrExists
		}
		if holder != nil && holder.ID != caller.User.ID {
			if err := s.release(ctx, tx, holder); err != nil {
				return err
			}
		}
		user, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		caller.User = user
		return s.give(ctx, tx, user, number)
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, cause.Mails...)
	r.Security("phone-number-changed", "user", caller.User.ID)
	s.core.SetCache(r, caller)
	return nil
}

// Remove takes the caller's number away. Errors: ErrLast.
func (s *Service) Remove(r *api.Request, caller *core.Auth) error {
	ctx, cause := core.WithCause(r)
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		cause.Mails = nil // of a run that was taken back
		user, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		if s.Number(user) != "" {
			keeps, err := s.core.KeepsWayIn(ctx, tx, user, core.WayIn{Kind: WayIn})
			if err != nil {
				return err
			}
			if !keeps {
				return ErrLast
			}
		}
		caller.User = user
		return s.release(ctx, tx, user)
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, cause.Mails...)
	r.Security("phone-number-removed", "user", caller.User.ID)
	s.core.SetCache(r, caller)
	return nil
}

// Verify signs in who proves a number, or makes them an account where that is
// configured. auth is nil where no session was wanted.
// Errors: ErrNotThere, ErrClosed, those of codes, sign-ups and sign-ins.
func (s *Service) Verify(r *api.Request, p Proof) (user *core.User, auth *core.Auth, err error) {
	ctx, cause := core.WithCause(r)
	caller, err := s.core.Authenticate(r)
	if err != nil {
		return nil, nil, err
	}
	code, number, err := s.consume(ctx, forNumber, p.Number, p.Code)
	if err != nil {
		return nil, nil, err
	}
	holder, err := s.findOrNobody(ctx, s.core.DB, number)
	if err != nil {
		return nil, nil, err
	}
	if holder != nil && s.Number(holder) == "" && !provenTo(holder, caller, code) {
		holder = nil // an unproven number is nobody's
	}
	if holder == nil {
		return s.signUp(r, number, p)
	}
	defer func() {
		if err == nil {
			s.core.Mail.Sent(ctx, cause.Mails...)
		}
	}()
	prove := func(tx *store.Tx) error {
		cause.Mails = nil // of a run that was taken back
		u, err := s.find(ctx, tx, number)
		if errors.Is(err, store.ErrNotFound) || err == nil && u.ID != holder.ID {
			return ErrNotThere // changed since
		}
		if err != nil || s.Number(u) != "" {
			return err
		}
		holder = u
		return s.give(ctx, tx, u, number)
	}
	if p.NoSession {
		err = s.core.DB.Write(ctx, prove)
		return holder, nil, err
	}
	auth, err = s.core.SignIn(r, core.NewSignIn(r, holder, method, !p.Brief, "sms"), prove)
	if err != nil {
		return nil, nil, err
	}
	return auth.User, auth, nil
}

// provenTo tells whether who has a code has also proven, by a session or a password,
// to be the user.
func provenTo(u *core.User, caller *core.Auth, code kept) bool {
	if caller != nil {
		return caller.User.ID == u.ID
	}
	return code.userID == u.ID
}

// signUp makes an account for who has proven a number that is nobody's.
func (s *Service) signUp(r *api.Request, number string, p Proof) (*core.User, *core.Auth, error) {
	if !s.cfg.SignUpOnVerification {
		return nil, nil, ErrNotThere
	}
	ctx := r.Context()
	delete(p.Fields, fieldNumber)
	fields, err := s.core.FieldsForNew(ctx, p.Fields)
	if err != nil {
		return nil, nil, err
	}
	fields[fieldNumber], fields[fieldVerified] = `"`+number+`"`, "true"
	who := s.core.NewSignUp(r, method)
	who.Name, who.Email, who.Placeholder, who.Requested, who.Fields = number, s.filling(number, ""), true, true, fields
	if err := s.core.CheckSignUp(ctx, who); err != nil {
		if errors.Is(err, core.ErrSignUpRefused) {
			return nil, nil, ErrClosed
		}
		return nil, nil, err
	}
	signIn := core.NewSignIn(r, nil, method, !p.Brief, "sms")
	create := func(tx *store.Tx) (err error) {
		if holder, err := s.findOrNobody(ctx, tx, number); err != nil {
			return err
		} else if holder != nil {
			if s.Number(holder) != "" {
				return ErrExists // was proven by another request meanwhile
			}
			if err := s.release(ctx, tx, holder); err != nil {
				return err
			}
		}
		if _, err := s.core.UserByEmail(ctx, tx, who.Email); err == nil { // of who had the number before
			who.Email = s.filling(number, "-"+strings.ToLower(core.NewToken(8)))
		}
		signIn.User, err = s.core.SignUp(ctx, tx, who)
		return err
	}
	defer func() { s.core.Mail.Sent(ctx, who.Mails...) }()
	if p.NoSession || who.Pending {
		if err := s.core.DB.Write(ctx, create); err != nil {
			return nil, nil, err
		}
		if who.Pending && !p.NoSession {
			return nil, nil, core.ErrPending
		}
		return signIn.User, nil, nil
	}
	auth, err := s.core.SignIn(r, signIn, create)
	if err != nil {
		return nil, nil, err
	}
	r.Security("sign-up", "user", auth.User.ID)
	return auth.User, auth, nil
}

// Reset gives who proves a number a new password. Errors: ErrUnexpected where the number
// is nobody's any more, those of codes and of passwords.
func (s *Service) Reset(r *api.Request, p Proof, next string) error {
	ctx := r.Context()
	if err := s.passwords.CheckLength(next); err != nil { // before the code is used up
		return err
	}
	_, number, err := s.consume(ctx, forReset, p.Number, p.Code)
	if err != nil {
		return err
	}
	user, err := s.findOrNobody(ctx, s.core.DB, number)
	if err != nil {
		return err
	}
	if user == nil || s.Number(user) == "" {
		return ErrUnexpected
	}
	return s.passwords.ResetUser(r, user, next, func(ctx context.Context, tx *store.Tx) error {
		u, err := s.core.User(ctx, tx, user.ID)
		if err == nil && s.Number(u) != number {
			return ErrUnexpected
		}
		return err
	})
}

// give makes a proven number a user's.
func (s *Service) give(ctx context.Context, tx *store.Tx, u *core.User, number string) error {
	u.Extra = u.Extra.With(core.Values{fieldNumber: `"` + number + `"`, fieldVerified: "true"})
	return s.core.SaveUser(ctx, tx, u)
}

// release takes a number away.
func (s *Service) release(ctx context.Context, tx *store.Tx, u *core.User) error {
	u.Extra = u.Extra.With(core.Values{fieldNumber: "null", fieldVerified: "false"})
	return s.core.SaveUser(ctx, tx, u)
}

// filling is the address of somebody who has none.
func (s *Service) filling(number, more string) string {
	return strings.TrimPrefix(number, "+") + more + "@" + s.cfg.TempEmailDomain
}

// fills tells whether an address is such a one.
func (s *Service) fills(email string) bool {
	local, domain, _ := strings.Cut(email, "@")
	digits, _, _ := strings.Cut(local, "-")
	return strings.EqualFold(domain, s.cfg.TempEmailDomain) && digits != "" && strings.Trim(digits, "0123456789") == ""
}
