package pages

import (
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// codePage is a page with a form for a code, and one that asks for another code.
type codePage = func(v *visit, form views.CodeForm) templ.Component

func enterCode(v *visit, form views.CodeForm) templ.Component {
	form.Remember, form.Able = v.remembers(), v.Passkeys != nil
	return views.EnterCode(v.guarded(v.askedOn()), form)
}

func verifyByCode(v *visit, form views.CodeForm) templ.Component {
	return views.VerifyByCode(v.guarded(formVerify), form)
}

func resetByCode(v *visit, form views.CodeForm) templ.Component {
	return views.ResetByCode(v.guarded(formForgot), form)
}

// codePage is for whoever comes without an address: the form is the answer to
// asking for a code, so that no address stands in a URL.
func (s *Service) codePage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	return to(v.page.Link("/login"))
}

func (s *Service) sendCode(r *api.Request, _ *api.None) (api.Responder, error) {
	v, email, bad, err := s.askedBy(r)
	if bad != nil || err != nil {
		return bad, err
	}
	v.keepInvitation()
	form := v.codeForm(email)
	return v.sent(form, s.Codes.Send(r, codeToSignIn, email), enterCode)
}

// codeForm is the form for the code that was mailed to an address.
func (v *visit) codeForm(email string) views.CodeForm {
	v.page.Self = "" // it answers to a post
	return views.CodeForm{Email: email, Name: strings.TrimSpace(field(v.r, "name")), InFiles: v.mailInFiles(), Errors: views.Errors{}}
}

// sent shows the form for a code, unless too many wrong ones were tried.
func (v *visit) sent(form views.CodeForm, err error, page codePage) (api.Responder, error) {
	switch codeOf(err) {
	case codeWorn:
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("by_mail.code_worn")}
		return show(http.StatusForbidden, page(v, form))
	case "":
		if err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	return show(http.StatusOK, page(v, form))
}

// typedCode is the code as it was typed or pasted, perhaps in groups.
func typedCode(r *api.Request) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" -\t\r\n\u00a0", c) {
			return -1
		}
		return c
	}, field(r, "code"))
}

// takeCode reads a form with a code; bad is the form again where something is missing.
func (s *Service) takeCode(r *api.Request, page codePage, minPassword int) (v *visit, form views.CodeForm, bad api.Responder, err error) {
	if v, err = s.visit(r, "/login"); err != nil {
		return nil, form, nil, err
	}
	form = v.codeForm(strings.TrimSpace(field(r, "email")))
	form.MinPasswordLength = minPassword
	if !api.ValidEmail(form.Email) {
		bad, err = to(v.page.Link("/login"))
		return v, form, bad, err
	}
	if typedCode(r) == "" {
		form.Errors["code"] = views.Msg("by_mail.code_missing")
	}
	if minPassword > 0 && field(r, "password") == "" {
		form.Errors["password"] = views.Msg("field.password_missing")
	}
	if len(form.Errors) > 0 {
		bad, err = wrong(page(v, form))
	}
	return v, form, bad, err
}

// blamesCode puts an error beside the field of the code, if it is about that.
func blamesCode(err error, errs views.Errors) bool {
	key, known := map[string]string{
		codeWrongCode: "by_mail.code_wrong", codeOldCode: "by_mail.code_expired", codeWorn: "by_mail.code_worn", codeUserNotFound: "by_mail.code_wrong",
	}[codeOf(err)]
	if known {
		errs["code"] = views.Msg(key)
	}
	return known
}

func (s *Service) enterCode(r *api.Request, _ *api.None) (api.Responder, error) {
	v, form, bad, err := s.takeCode(r, enterCode, 0)
	if err != nil || bad != nil {
		return bad, err
	}
	auth, err := s.Codes.SignIn(r, form.Email, typedCode(r), form.Name, v.remembers())
	switch {
	case err == nil:
		return v.entered(auth)
	case blamesCode(err, form.Errors):
		return wrong(enterCode(v, form))
	default:
		return v.notEntered(err)
	}
}

func (s *Service) verifyByCode(r *api.Request, _ *api.None) (api.Responder, error) {
	v, form, bad, err := s.takeCode(r, verifyByCode, 0)
	if err != nil || bad != nil {
		return bad, err
	}
	err = s.Codes.Verify(r, form.Email, typedCode(r))
	var held *core.Held
	switch {
	case err == nil:
	case errors.As(err, &held):
		return nil, err
	case blamesCode(err, form.Errors):
		return wrong(verifyByCode(v, form))
	default:
		return v.notEntered(err)
	}
	next := v.callback()
	if next == "" {
		next = "/account"
	}
	return show(http.StatusOK, views.VerifyDone(v.page, next))
}

// verifySent is the page after the mail was sent that proves an address.
func (v *visit) verifySent(status int, email string) (api.Responder, error) {
	if v.Codes != nil && v.Codes.Everywhere() {
		return show(status, verifyByCode(v, v.codeForm(email)))
	}
	return show(status, views.VerifySent(v.guarded(formVerify), views.CheckMail{Email: email, Resend: "/verify-email/send", InFiles: v.mailInFiles()}))
}

func (s *Service) forgotByCode(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/forgot-password")
	if err != nil {
		return nil, err
	}
	email := strings.TrimSpace(field(r, "email"))
	if !api.ValidEmail(email) {
		form := s.forgotForm(email)
		form.Errors = views.Errors{"email": views.Msg("field.email_invalid")}
		return wrong(views.ForgotPassword(v.guarded(formForgot), form))
	}
	if bad, err := v.robot(formForgot, func(p views.Page) templ.Component { return views.ForgotPassword(p, s.forgotForm(email)) }); bad != nil || err != nil {
		return bad, err
	}
	form := v.codeForm(email)
	form.MinPasswordLength = s.Core.Config.EmailAndPassword.MinPasswordLength
	return v.sent(form, s.Codes.Send(r, codeToReset, email), resetByCode)
}

func (s *Service) resetByCode(r *api.Request, _ *api.None) (api.Responder, error) {
	v, form, bad, err := s.takeCode(r, resetByCode, s.Core.Config.EmailAndPassword.MinPasswordLength)
	if err != nil || bad != nil {
		return bad, err
	}
	err = s.Codes.Reset(r, form.Email, typedCode(r), field(r, "password"))
	switch {
	case err == nil:
		return show(http.StatusOK, views.ResetDone(v.page))
	case blamesCode(err, form.Errors), v.blames(err, form.Errors, "password"):
		return wrong(resetByCode(v, form))
	default:
		return nil, err
	}
}
