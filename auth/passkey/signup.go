package passkey

import (
	"encoding/json"
	"errors"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Person is somebody who wants an account that a passkey opens.
type Person struct {
	Name        string `json:"name"`
	Email       string `json:"email"`
	CallbackURL string `json:"callbackURL,omitempty"` // where the link in the verification mail leads on to
	Invitation  string `json:"invitation,omitempty"`
	// Fields are what was taken of core's UserFields; an app says nothing of them here.
	Fields core.Values `json:"fields,omitempty"`
}

// personOf reads what an app tells of a person in context: JSON with name and
// email. Errors: ErrNoUser, ErrBadUser.
func personOf(context string) (*Person, error) {
	if context == "" {
		return nil, ErrNoUser
	}
	var p Person
	if json.Unmarshal([]byte(context), &p) != nil {
		return nil, ErrBadUser
	}
	p.Fields = nil
	return &p, nil
}

// maxContext bounds what is kept of a person before they have an account.
const maxContext = 2000

// SignUp begins the making of a passkey for a person who is to get an account
// with it: their way in from then on, so that it must be one that needs no name, and
// therefore one that verifies them, whatever is configured ([needsName]).
// Whether the address is somebody's already is not told here, nor looked up.
// Errors: ErrBadUser, ErrSignUpDisabled, and what the checks of a sign-up refuse with.
func (s *Service) SignUp(r *api.Request, p Person) (*CreationOptions, error) {
	p.Name, p.Email = strings.TrimSpace(p.Name), core.NormalizeEmail(p.Email)
	if p.Name == "" || !api.ValidEmail(p.Email) || len(p.Name)+len(p.CallbackURL)+len(p.Invitation) > maxContext ||
		p.CallbackURL != "" && !r.Origins().TrustsURL(p.CallbackURL) {
		return nil, ErrBadUser
	}
	if _, err := s.admit(r, p); err != nil {
		return nil, err
	}
	o := s.creation(Wish{Resident: true}, p.Email)
	o.AuthenticatorSelection.UserVerification = "required"
	o.User.ID, o.User.DisplayName = random(), p.Name
	return o, s.keep(r, purposeRegister, "", registration{Challenge: core.HashToken(o.Challenge), Handle: o.User.ID, Person: &p})
}

// admit asks everybody who may refuse a sign-up.
func (s *Service) admit(r *api.Request, p Person) (*core.SignUp, error) {
	in := s.core.NewSignUp(r, method)
	in.Name, in.Email, in.Fields, in.Requested = p.Name, p.Email, p.Fields, true
	if p.Invitation != "" {
		in.Invitation = p.Invitation
	}
	err := s.core.CheckSignUp(r.Context(), in)
	if errors.Is(err, core.ErrSignUpRefused) {
		return nil, ErrSignUpDisabled
	}
	return in, err
}

// waits tells whether something comes between a sign-up and a session.
func (s *Service) waits(in *core.SignUp) bool {
	return in.Pending || s.core.Config.EmailAndPassword.RequireEmailVerification
}

// signUp makes the user, their passkey, mail and session in one transaction.
// Where something is to come before a session, a known address gets an answer of
// the same kind, and its owner is told by mail.
func (s *Service) signUp(r *api.Request, person Person, p *Passkey, value string, signIn bool) (*Made, error) {
	ctx := r.Context()
	if p.NeedsName { // the account would have no way in
		return nil, s.refused(r, ErrRegistration, errNeedsName)
	}
	in, err := s.admit(r, person)
	if err != nil {
		return nil, err
	}
	var user *core.User
	var mails []string
	create := func(tx *store.Tx) (err error) {
		mails = nil // of a run that was taken back
		if err := s.take(ctx, tx, purposeRegister, value); err != nil {
			return err
		}
		if user, err = s.core.SignUp(ctx, tx, in); err != nil {
			return err
		}
		p.UserID = user.ID
		if err := insertPasskey(ctx, tx, p); err != nil {
			if store.IsUnique(err, "passkey.credential_id") {
				return ErrRegistration
			}
			return err
		}
		if s.core.Config.EmailVerification.SendOnSignUp {
			id, err := s.mails.QueueVerification(ctx, tx, user.Email, person.CallbackURL, r.Languages())
			mails = append(mails, id)
			return err
		}
		return nil
	}
	defer func() { s.core.Mail.Sent(ctx, append(mails, in.Mails...)...) }()
	made := &Made{Passkey: p}
	switch {
	case s.waits(in):
		there, err := s.enterUnseen(r, in, value, create)
		if err != nil {
			return nil, err
		}
		if there != nil {
			mails, p.UserID = there, core.NewID() // of nobody
			return made, nil
		}
	case !signIn:
		err = s.core.DB.Write(ctx, create)
	default:
		entering := s.signInOf(r, nil, p.UserVerified)
		made.Auth, err = s.core.SignIn(r, entering, func(tx *store.Tx) error {
			err := create(tx)
			entering.User = user
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	r.Security("sign-up", "user", user.ID, "method", method)
	return made, nil
}

// enterUnseen runs create; mails are not nil where the address was somebody's already.
func (s *Service) enterUnseen(r *api.Request, in *core.SignUp, value string, create func(tx *store.Tx) error) (mails []string, err error) {
	ctx := r.Context()
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		mails = nil // of a run that was taken back
		told := ""
		taken, err := s.core.SignUpUnseen(ctx, tx, in, func() error { return create(tx) }, func() (err error) {
			told, err = s.mails.QueueExisting(ctx, tx, in.Email, r.Languages())
			return err
		})
		if err != nil || !taken {
			return err
		}
		mails = []string{told}
		return s.take(ctx, tx, purposeRegister, value) // used up, as for a new address
	})
	return mails, err
}
