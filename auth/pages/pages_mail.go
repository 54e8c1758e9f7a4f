package pages

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/views"
)

// What is behind the links of mails. A GET shows a button and uses nothing up, for
// mail scanners follow links; only the POST acts.

func (s *Service) forgotPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/forgot-password")
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, views.ForgotPassword(v.guarded(formForgot), s.forgotForm("")))
}

func (s *Service) forgotForm(email string) views.ForgotForm {
	return views.ForgotForm{Email: email, Code: s.Codes != nil, Phone: s.Phones != nil && s.Core.Config.EmailAndPassword.Enabled}
}

func (s *Service) forgot(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/forgot-password")
	if err != nil {
		return nil, err
	}
	form := s.forgotForm(strings.TrimSpace(field(r, "email")))
	if !api.ValidEmail(form.Email) {
		form.Errors = views.Errors{"email": views.Msg("field.email_invalid")}
		return wrong(views.ForgotPassword(v.guarded(formForgot), form))
	}
	if bad, err := v.robot(formForgot, func(p views.Page) templ.Component { return views.ForgotPassword(p, form) }); bad != nil || err != nil {
		return bad, err
	}
	if err := s.Passwords.RequestReset(r, form.Email, ""); err != nil {
		return nil, err
	}
	return show(http.StatusOK, views.ResetSent(v.guarded(formForgot), views.CheckMail{Email: form.Email, Resend: "/forgot-password", InFiles: s.mailInFiles()}))
}

func (s *Service) resetPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/reset-password")
	if err != nil {
		return nil, err
	}
	token := r.Query("token")
	v.page.Self = "" // it would hold the token
	if err := s.Passwords.ResetPending(r.Context(), token); err != nil {
		return v.notReset(views.ResetForm{}, err)
	}
	return show(http.StatusOK, views.ResetPassword(v.page, s.resetForm(token)))
}

func (s *Service) resetForm(token string) views.ResetForm {
	return views.ResetForm{Token: token, MinPasswordLength: s.Core.Config.EmailAndPassword.MinPasswordLength, Errors: views.Errors{}}
}

func (s *Service) reset(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/reset-password")
	if err != nil {
		return nil, err
	}
	v.page.Self = ""
	form := s.resetForm(field(r, "token"))
	if err := s.Passwords.Reset(r, form.Token, field(r, "password")); err != nil {
		return v.notReset(form, err)
	}
	return show(http.StatusOK, views.ResetDone(v.page))
}

func (v *visit) notReset(form views.ResetForm, err error) (api.Responder, error) {
	if form.Errors != nil && v.blames(err, form.Errors, "password") {
		return wrong(views.ResetPassword(v.page, form))
	}
	switch codeOf(err) {
	case codeInvalidToken, codeUserNotFound:
		return show(http.StatusGone, views.ResetFailed(v.page))
	default:
		return nil, err
	}
}

func (s *Service) verifyPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/verify-email")
	if err != nil {
		return nil, err
	}
	token := r.Query("token")
	v.page.Self = "" // it would hold the token
	email, since, err := s.Addresses.Applicant(r.Context(), token)
	if err != nil {
		return v.notVerified(err)
	}
	form := views.VerifyForm{Token: token, Email: email}
	if v.auth == nil || v.auth.User.Email != email { // perhaps it was not this person
		form.Since = since
	}
	if to := r.Query("callbackURL"); to != "" && r.Origins().TrustsURL(to) {
		v.page.Carry.Set("callbackURL", to)
	}
	return show(http.StatusOK, views.VerifyEmail(v.page, form))
}

func (s *Service) verify(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/verify-email")
	if err != nil {
		return nil, err
	}
	v.page.Self = ""
	callback := field(r, "callbackURL")
	if !r.Origins().TrustsURL(callback) {
		callback = ""
	}
	if field(r, "decision") == "not-me" {
		if err := s.Addresses.Disown(r, field(r, "token")); err != nil {
			return v.notVerified(err)
		}
		return show(http.StatusOK, views.Disowned(v.page))
	}
	_, err = s.Acts.VerifyEmail(r, field(r, "token"))
	if err != nil && (callback == "" || api.SafePath(callback)) {
		return v.notVerified(err)
	}
	switch {
	case err != nil: // an app's own page explains it, as the contract has it
		code := codeOf(err)
		if code == "" {
			return nil, err
		}
		return v.goTo(withError(callback, code))
	case callback == "":
		return show(http.StatusOK, views.VerifyDone(v.page, "/account"))
	case api.SafePath(callback):
		return show(http.StatusOK, views.VerifyDone(v.page, callback))
	default:
		return v.goTo(callback)
	}
}

// notVerified answers a link that proves nothing. A second click by the person
// whose address is proven is no failure.
func (v *visit) notVerified(err error) (api.Responder, error) {
	switch codeOf(err) {
	case codeInvalidToken, codeUserNotFound:
	default:
		return nil, err
	}
	if v.auth != nil && v.auth.User.EmailVerified {
		return show(http.StatusOK, views.VerifyDone(v.page, "/account"))
	}
	return show(http.StatusGone, views.VerifyFailed(v.guarded(formVerify), views.ForgotForm{}))
}

// withError adds error=code to a target that was checked before.
func withError(target, code string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	q := u.Query()
	q.Set("error", code)
	u.RawQuery = q.Encode()
	return u.String()
}

// sendVerification has the link sent anew, to whoever asks: the answer tells
// nothing about the address.
func (s *Service) sendVerification(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	form := views.ForgotForm{Email: strings.TrimSpace(field(r, "email")), Errors: views.Errors{}}
	if !api.ValidEmail(form.Email) {
		form.Errors["email"] = views.Msg("field.email_invalid")
		return wrong(views.VerifyFailed(v.guarded(formVerify), form))
	}
	if bad, err := v.robot(formVerify, func(p views.Page) templ.Component { return views.VerifyFailed(p, form) }); bad != nil || err != nil {
		return bad, err
	}
	err = s.Addresses.RequestVerification(r, form.Email, v.callback())
	switch codeOf(err) {
	case codeMismatch:
		form.Errors["email"] = views.Msg("verify.other_account")
		return wrong(views.VerifyFailed(v.guarded(formVerify), form))
	case codeAlreadyVerified:
		return show(http.StatusOK, views.VerifyDone(v.page, "/account"))
	}
	if err != nil {
		return nil, err
	}
	return v.verifySent(http.StatusOK, form.Email)
}
