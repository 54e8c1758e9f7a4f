package password

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// SignUp is what somebody says of themselves to get an account.
type SignUp struct {
	Name, Email, Password string
	Image                 *string
	CallbackURL           string // where the verification link leads afterwards
	Invitation            string // the secret of an invitation link, "" without one
	Remember              bool
	Fields                core.Values // of core's UserFields
}

// SignUp makes an account, and signs in unless something is to come first: a
// verified address, an administrator's consent. Then a known address gets an
// answer of the same kind, with a user that does not exist, and its owner is told
// by mail. auth is nil when nobody was signed in.
// Errors: ErrSignUpDisabled, ErrTooShort, ErrTooLong, core.ErrEmailTaken, and
// what the checks of a sign-up and of a password refuse with.
func (s *Service) SignUp(r *api.Request, in SignUp) (user *core.User, auth *core.Auth, err error) {
	ctx := r.Context()
	who := s.core.NewSignUp(r, "email")
	who.Name, who.Email, who.Image, who.Fields, who.Requested = in.Name, in.Email, in.Image, in.Fields, true
	if in.Invitation != "" {
		who.Invitation = in.Invitation
	}
	if err := s.mayEnter(ctx, who); err != nil {
		return nil, nil, err
	}
	if err := s.CheckLength(in.Password); err != nil {
		return nil, nil, err
	}
	if err := s.admit(ctx, who); err != nil {
		return nil, nil, err
	}
	hash, err := s.Hash(ctx, core.NewPassword{Text: in.Password, Email: in.Email, Name: in.Name})
	if err != nil {
		return nil, nil, err
	}
	user, auth, err = s.enter(r, in, who, hash)
	if errors.Is(err, errThere) {
		r.Security("sign-up-again", "method", who.Method)
		return user, nil, nil
	}
	var held *core.Held
	if err != nil && !errors.As(err, &held) {
		return nil, nil, err
	}
	r.Security("sign-up", "user", user.ID)
	return user, auth, err
}

// mayEnter refuses at once whom nothing else could let in.
func (s *Service) mayEnter(ctx context.Context, who *core.SignUp) error {
	if !s.core.Config.EmailAndPassword.Enabled {
		return ErrSignUpDisabled
	}
	if who.Invitation != "" {
		return nil
	}
	open, err := s.policy.SignUpOpen(ctx)
	if err != nil {
		return err
	}
	if !open || s.core.Config.EmailAndPassword.DisableSignUp {
		return ErrSignUpDisabled
	}
	return nil
}

// admit asks everybody else.
func (s *Service) admit(ctx context.Context, who *core.SignUp) error {
	err := s.core.CheckSignUp(ctx, who)
	if errors.Is(err, core.ErrSignUpRefused) {
		return ErrSignUpDisabled
	}
	if err == nil && who.Invitation == "" && s.core.Config.EmailAndPassword.DisableSignUp {
		return ErrSignUpDisabled // it came with an invitation that does not fit
	}
	return err
}

// waits tells whether something comes between a sign-up and a session.
func (s *Service) waits(who *core.SignUp) bool {
	return who.Pending || s.core.Config.EmailAndPassword.RequireEmailVerification
}

// errThere: the address is somebody's, who is told by mail; the answer is as to a new one.
var errThere = errors.New("a sign-up with a known address")

// enter makes user, password, mail and session in one transaction. Errors: errThere,
// with a user who does not exist.
func (s *Service) enter(r *api.Request, in SignUp, who *core.SignUp, hash string) (*core.User, *core.Auth, error) {
	ctx, cfg := r.Context(), s.core.Config
	var user *core.User
	var mails []string
	create := func(tx *store.Tx) (err error) {
		mails = nil
		if user, err = s.core.SignUp(ctx, tx, who); err != nil {
			return err
		}
		if err := s.core.SetPasswordHash(ctx, tx, user.ID, hash); err != nil {
			return err
		}
		if cfg.EmailVerification.SendOnSignUp {
			id, err := s.verify.QueueVerification(ctx, tx, user.Email, in.CallbackURL, r.Languages())
			mails = append(mails, id)
			return err
		}
		return nil
	}
	defer func() { s.core.Mail.Sent(ctx, append(mails, who.Mails...)...) }()
	if s.waits(who) {
		taken := false
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			told := ""
			taken, err = s.core.SignUpUnseen(ctx, tx, who, func() error { return create(tx) }, func() (err error) {
				told, err = s.QueueExisting(ctx, tx, in.Email, r.Languages())
				return err
			})
			if taken {
				mails = []string{told}
			}
			return err
		})
		if err == nil && taken {
			user = s.core.Synthetic(ctx, core.NewUser{Name: who.Name, Email: who.Email, Image: who.Image, Fields: who.Fields, Role: who.Role, Pending: who.Pending})
			err = errThere
		}
		return user, nil, err
	}
	if !cfg.EmailAndPassword.AutoSignIn {
		err := s.core.DB.Write(ctx, create)
		return user, nil, err
	}
	signIn := core.NewSignIn(r, nil, "email", in.Remember, "pwd")
	auth, err := s.core.SignIn(r, signIn, func(tx *store.Tx) error {
		err := create(tx)
		signIn.User = user
		return err
	})
	return user, auth, err
}

// Create makes a user with a password hash, for set-up.
// Errors: core.ErrEmailTaken.
func (s *Service) Create(ctx context.Context, tx *store.Tx, n core.NewUser, hash string) (*core.User, error) {
	user, err := s.core.CreateUser(ctx, tx, n)
	if err != nil {
		return nil, err
	}
	return user, s.core.SetPasswordHash(ctx, tx, user.ID, hash)
}

// QueueExisting tells the owner of an address that somebody wanted an account with it.
func (s *Service) QueueExisting(ctx context.Context, tx *store.Tx, email, languages string) (string, error) {
	return s.core.Mail.QueueTo(ctx, tx, email, kindExistingUser, address{Email: core.NormalizeEmail(email), Locale: languages})
}
