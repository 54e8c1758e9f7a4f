package pages

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

func (s *Service) signUpPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/signup")
	if err != nil {
		return nil, err
	}
	if v.auth != nil && v.flow == nil && !v.guest() {
		return v.onward(v.auth)
	}
	form, closed, err := v.signUpForm()
	if err != nil {
		return nil, err
	}
	if closed != nil {
		return show(http.StatusForbidden, closed)
	}
	if form.Invitation != nil {
		s.Core.KeepInvitation(r, form.Invitation.Secret)
	}
	v.page.Alert = v.cameBack()
	return show(http.StatusOK, views.SignUp(v.guarded(formSignUp), form))
}

// signUpForm is the form for whoever may sign up, or the page that says why they may not.
func (v *visit) signUpForm() (form views.SignUpForm, closed templ.Component, err error) {
	cfg := v.Core.Config.EmailAndPassword
	form = views.SignUpForm{MinPasswordLength: cfg.MinPasswordLength, Methods: v.otherMethods(true), ByMail: v.byMail(true), Only: !cfg.Enabled}
	if v.flow != nil {
		form.Client, form.Email = v.flow.Client, v.flow.LoginHint
	}
	form.Username = v.usernameField()
	mode, err := v.Access.Mode(v.r.Context())
	if err != nil {
		return form, nil, err
	}
	secret := v.invitation()
	if secret != "" && mode != modeNobody {
		if form.Invitation, err = v.Access.Invitation(v.r.Context(), secret); err != nil {
			return form, nil, err
		}
	}
	form.Only = form.Only || cfg.DisableSignUp && form.Invitation == nil
	open := mode == modeAnyone || mode == modeApproval
	form.Passkey = v.Passkeys != nil && (!form.Only || v.Passkeys.ForAnyone())
	nowhere := form.Only && len(form.Methods) == 0 && !form.Passkey && !form.ByMail.Any()
	switch {
	case mode == modeNobody, nowhere && !cfg.Enabled:
		return form, views.SignUpNever(v.page), nil
	case form.Invitation != nil:
		if form.Invitation.Email != "" {
			form.Email = form.Invitation.Email
		}
	case (!open || nowhere) && secret != "":
		return form, views.InvitationFailed(v.page), nil
	case !open || nowhere:
		return form, views.SignUpClosed(v.page), nil
	default:
		form.Approval = mode == modeApproval
	}
	return form, nil, nil
}

// invitation is the secret of the link that brought the reader here, or that their
// browser has kept.
func (v *visit) invitation() string {
	if secret := param(v.r, paramInvitation); secret != "" {
		return secret
	}
	return v.Core.Invitation(v.r)
}

func (s *Service) signUp(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/signup")
	if err != nil {
		return nil, err
	}
	form, closed, err := v.signUpForm()
	if err != nil {
		return nil, err
	}
	if closed != nil {
		return show(http.StatusForbidden, closed)
	}
	newcomer, errs := newcomer(r)
	form.Name, form.Email, form.Errors = newcomer.Name, newcomer.Email, errs
	form.Username.Value = newcomer.Username
	if len(errs) > 0 {
		return wrong(views.SignUp(v.guarded(formSignUp), form))
	}
	if bad, err := v.robot(formSignUp, func(p views.Page) templ.Component { return views.SignUp(p, form) }); bad != nil || err != nil {
		return bad, err
	}
	newcomer.CallbackURL, newcomer.Invitation = v.callback(), v.invitation()
	user, auth, err := s.Acts.SignUp(r, newcomer)
	if err != nil {
		return v.notSignedUp(form, err)
	}
	return v.signedUp(form.Email, auth, user.Pending)
}

// signedUp says what comes now that there is an account.
func (v *visit) signedUp(email string, auth *core.Auth, pending bool) (api.Responder, error) {
	switch {
	case auth != nil:
		return v.entered(auth)
	case v.Core.Config.EmailAndPassword.RequireEmailVerification:
		return v.verifySent(http.StatusOK, email)
	case pending:
		return show(http.StatusOK, views.ApprovalPending(v.page))
	default:
		v.leave(v.r, views.Success, "signup.done")
		return to(v.page.Link("/login"))
	}
}

func (v *visit) notSignedUp(form views.SignUpForm, err error) (api.Responder, error) {
	if v.blames(err, form.Errors, "password") {
		return wrong(views.SignUp(v.guarded(formSignUp), form))
	}
	switch codeOf(err) {
	case codeSignUpDisabled:
		return show(http.StatusForbidden, views.SignUpClosed(v.page))
	case codeInvitation:
		return show(http.StatusForbidden, views.InvitationFailed(v.page))
	default:
		return nil, err
	}
}

// usernameField is the field for a username, without bounds where there are none.
func (v *visit) usernameField() (f views.Username) {
	if v.Usernames != nil {
		f.Fewest, f.Most = v.Usernames.Bounds()
	}
	return f
}

// newcomer reads a form that makes an account, and what is wrong with it.
func newcomer(r *api.Request) (Newcomer, views.Errors) {
	n := Newcomer{Name: strings.TrimSpace(field(r, "name")), Email: strings.TrimSpace(field(r, "email")), Password: field(r, "password"), Username: strings.TrimSpace(field(r, "username"))}
	errs := views.Errors{}
	if n.Name == "" {
		errs["name"] = views.Msg("field.name_missing")
	}
	if !api.ValidEmail(n.Email) {
		errs["email"] = views.Msg("field.email_invalid")
	}
	if n.Password == "" {
		errs["password"] = views.Msg("field.password_missing")
	}
	return n, errs
}

func (s *Service) setupPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/setup")
	if err != nil {
		return nil, err
	}
	token := r.Query("token")
	v.page.Self = "" // it would hold the token
	if err := s.Setup.Check(r.Context(), token); err != nil {
		return v.notSetUpNow(err)
	}
	form, err := v.setupForm(token)
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, views.Setup(v.page, form))
}

// setupForm has the careful answer already, or the configuration's.
func (v *visit) setupForm(token string) (views.SetupForm, error) {
	form := views.SetupForm{Token: token, SignUp: modeInvited, Fixed: v.Access.Fixed(), MinPasswordLength: v.Core.Config.EmailAndPassword.MinPasswordLength}
	if !form.Fixed {
		return form, nil
	}
	var err error
	form.SignUp, err = v.Access.Mode(v.r.Context())
	return form, err
}

// notSetUpNow answers a link that makes no administrator.
func (v *visit) notSetUpNow(err error) (api.Responder, error) {
	switch codeOf(err) {
	case codeSetupDone:
		return show(http.StatusGone, views.SetupDone(v.page))
	case codeSetupLink:
		return show(http.StatusForbidden, views.SetupLinkWrong(v.page))
	default:
		return nil, err
	}
}

func (s *Service) setUp(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/setup")
	if err != nil {
		return nil, err
	}
	v.page.Self = ""
	token := field(r, "token")
	form, err := v.setupForm(token)
	if err != nil {
		return nil, err
	}
	newcomer, errs := newcomer(r)
	newcomer.SignUp = modeInvited
	if answer := field(r, "sign_up"); answer == modeAnyone || answer == modeApproval {
		newcomer.SignUp = answer
	}
	form.Name, form.Email, form.Errors = newcomer.Name, newcomer.Email, errs
	if !form.Fixed {
		form.SignUp = newcomer.SignUp
	}
	if len(errs) > 0 {
		if err := s.Setup.Check(r.Context(), token); err != nil {
			return v.notSetUpNow(err)
		}
		return wrong(views.Setup(v.page, form))
	}
	if _, err := s.Acts.SetUp(r, token, newcomer); err != nil {
		if s.blames(err, errs, "password") {
			return wrong(views.Setup(v.page, form))
		}
		return v.notSetUpNow(err)
	}
	s.leave(r, views.Success, "setup.welcome")
	return to("/account")
}
