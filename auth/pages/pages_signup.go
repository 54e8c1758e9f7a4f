package pages

import (
	"net/http"
	"strings"

	"authd/auth/internal/api"
	"authd/views"
)

func (s *Service) signUpPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/signup")
	if err != nil {
		return nil, err
	}
	if v.auth != nil && v.flow == nil {
		return v.onward(v.auth)
	}
	open, err := s.Setup.SignUpOpen(r.Context())
	if err != nil {
		return nil, err
	}
	form := v.signUpForm()
	if !open || form.Only && len(form.Methods) == 0 {
		return show(http.StatusForbidden, views.SignUpClosed(v.page))
	}
	v.page.Alert = v.cameBack()
	return show(http.StatusOK, views.SignUp(v.page, form))
}

func (v *visit) signUpForm() views.SignUpForm {
	cfg := v.Core.Config.EmailAndPassword
	form := views.SignUpForm{MinPasswordLength: cfg.MinPasswordLength, Methods: v.elsewhereMethods(true), Only: !cfg.Enabled}
	if v.flow != nil {
		form.Client, form.Email = v.flow.Client, v.flow.LoginHint
	}
	return form
}

func (s *Service) signUp(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/signup")
	if err != nil {
		return nil, err
	}
	form := v.signUpForm()
	newcomer, errs := newcomer(r)
	form.Name, form.Email, form.Errors = newcomer.Name, newcomer.Email, errs
	if len(errs) > 0 {
		return wrong(views.SignUp(v.page, form))
	}
	newcomer.CallbackURL = v.callback()
	auth, err := s.Acts.SignUp(r, newcomer)
	if err != nil {
		if s.blames(err, errs, "password") {
			return wrong(views.SignUp(v.page, form))
		}
		if codeOf(err) == codeSignUpDisabled {
			return show(http.StatusForbidden, views.SignUpClosed(v.page))
		}
		return nil, err
	}
	switch {
	case auth != nil:
		return v.onward(auth)
	case s.Core.Config.EmailAndPassword.RequireEmailVerification:
		return show(http.StatusOK, views.VerifySent(v.page, views.CheckMail{Email: form.Email, Resend: "/verify-email/send", InFiles: s.mailInFiles()}))
	default:
		s.leave(r, views.Success, "signup.done")
		return to(v.page.Link("/login"))
	}
}

// newcomer reads a form that makes an account, and what is wrong with it.
func newcomer(r *api.Request) (Newcomer, views.Errors) {
	n := Newcomer{Name: strings.TrimSpace(field(r, "name")), Email: strings.TrimSpace(field(r, "email")), Password: field(r, "password")}
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
	form := s.setupForm(token)
	if form.Open, err = s.Setup.SignUpOpen(r.Context()); err != nil {
		return nil, err
	}
	form.Open = form.Open && form.OpenFixed // the careful answer is there already
	return show(http.StatusOK, views.Setup(v.page, form))
}

func (s *Service) setupForm(token string) views.SetupForm {
	return views.SetupForm{Token: token, OpenFixed: s.Setup.SignUpFixed(), MinPasswordLength: s.Core.Config.EmailAndPassword.MinPasswordLength}
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
	form := s.setupForm(token)
	newcomer, errs := newcomer(r)
	newcomer.Open = field(r, "sign_up") == "anyone"
	form.Name, form.Email, form.Open, form.Errors = newcomer.Name, newcomer.Email, newcomer.Open, errs
	if form.OpenFixed {
		if form.Open, err = s.Setup.SignUpOpen(r.Context()); err != nil {
			return nil, err
		}
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
