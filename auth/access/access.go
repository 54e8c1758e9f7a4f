// Package access is who may come in: anyone, invited people, people whom an
// administrator lets in, or nobody; and with an address at which domains.
//
// It is the one place where that is decided, for every method: it stands among
// the checks of core.SignUp, and whoever makes a user on a person's own request
// goes through them. It must not look whether an address is somebody's: what it
// answers is the same for a known and an unknown one.
package access

import (
	"context"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Who gets an account.
const (
	Anyone   = "anyone"
	Invited  = "invited"
	Approval = "approval"
	Nobody   = "nobody"
)

// settingMode holds the answer given at set-up: "true" for anyone, "false" for
// invited people, else the mode.
const (
	settingMode = "sign_up_open"
	yes, no     = "true", "false"
)

// Service is this capability.
type Service struct {
	core    *core.Core
	domains domains
}

// New connects the capability.
func New(c *core.Core) (*Service, error) {
	listed, err := newDisposable(c.Config.SignUp)
	if err != nil {
		return nil, err
	}
	s := &Service{core: c, domains: domains{allowed: c.Config.SignUp.AllowedDomains, blocked: c.Config.SignUp.BlockedDomains, disposable: listed}}
	c.SignUpChecks = append(c.SignUpChecks, s.check)
	c.SigningUp.On(s.signingUp)
	if c.Config.EmailAndPassword.RequireEmailVerification && (!s.Fixed() || c.Config.SignUp.Mode == Approval) {
		c.UserUpdated.On(s.updated)
	}
	s.registerMail()
	return s, nil
}

// Mode is who gets an account, and why: the configuration wins over the answer
// given at set-up, and without either anyone does.
func (s *Service) Mode(ctx context.Context) (mode, why string, err error) {
	cfg := s.core.Config
	switch {
	case cfg.SignUp.Mode != "":
		return cfg.SignUp.Mode, "set by sign_up.mode", nil
	case cfg.EmailAndPassword.DisableSignUp:
		return Invited, "set by email_and_password.disable_sign_up", nil
	case s.Fixed():
		return Anyone, "set by email_and_password.disable_sign_up", nil
	}
	answer, err := s.core.Setting(ctx, s.core.DB, settingMode)
	switch answer {
	case "":
		return Anyone, "until set-up says otherwise", err
	case yes:
		answer = Anyone
	case no:
		answer = Invited
	}
	return answer, "as answered at set-up", err
}

// Fixed tells whether the configuration decides, whatever was answered in the browser.
func (s *Service) Fixed() bool {
	return s.core.Config.SignUp.Mode != "" || s.core.Config.IsSet("email_and_password.disable_sign_up")
}

// SaveAnswer keeps what was answered at set-up; anything but a mode is the careful one.
func (s *Service) SaveAnswer(ctx context.Context, tx *store.Tx, mode string) error {
	value := no
	switch mode {
	case Anyone:
		value = yes
	case Approval:
		value = Approval
	}
	return s.core.SaveSetting(ctx, tx, settingMode, value)
}

// SignUpOpen tells whether somebody who brings no invitation may ask for an account.
func (s *Service) SignUpOpen(ctx context.Context) (bool, error) {
	mode, _, err := s.Mode(ctx)
	return mode == Anyone || mode == Approval, err
}

// WhoMaySignUp is one line for the start of the log.
func (s *Service) WhoMaySignUp(ctx context.Context) (string, error) {
	mode, why, err := s.Mode(ctx)
	if err != nil {
		return "", err
	}
	line := map[string]string{
		Anyone:   "anyone may sign up",
		Invited:  "only invited people may sign up",
		Approval: "anyone may ask for an account, and an administrator lets them in",
		Nobody:   "nobody may sign up",
	}[mode] + " (" + why + ")"
	if s.domains.limited() && mode != Nobody {
		line += ", held to the e-mail domains of sign_up"
	}
	if !s.core.Config.EmailAndPassword.Enabled {
		line += "; nobody with a password (email_and_password.enabled is false)"
	}
	return line, nil
}

// check decides on a sign-up, before its transaction. An invitation that does not
// fit is as none.
func (s *Service) check(ctx context.Context, in *core.SignUp) error {
	mode, _, err := s.Mode(ctx)
	if err != nil {
		return err
	}
	invitation, err := s.fitting(ctx, mode, in)
	if err != nil {
		return err
	}
	if invitation != nil {
		in.Role = invitation.Role
		if invitation.Email != "" { // the administrator named this very address
			return nil
		}
		return s.domains.check(in.Email)
	}
	given := in.Invitation != ""
	in.Invitation = ""
	switch {
	case mode == Invited && given:
		return ErrInvitation
	case mode == Invited, mode == Nobody, s.core.Config.SignUp.DisableImplicitSignUp && !in.Requested:
		return core.ErrSignUpRefused
	}
	in.Pending = mode == Approval
	return s.domains.check(in.Email)
}

// signingUp uses the invitation up and has the administrators told, in the
// transaction that makes the user.
func (s *Service) signingUp(ctx context.Context, tx *store.Tx, in *core.SignUp) error {
	if in.Invitation != "" {
		role, err := s.use(ctx, tx, in.Invitation, in.Email)
		in.Role = role
		return err
	}
	if !in.Pending || s.core.Config.EmailAndPassword.RequireEmailVerification && !in.EmailVerified {
		return nil
	}
	job, err := s.core.Jobs.Add(ctx, tx, jobTell, applicant{Email: in.Email})
	in.Mails = append(in.Mails, job)
	return err
}
