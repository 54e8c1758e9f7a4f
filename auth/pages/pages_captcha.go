package pages

import (
	"net/http"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/views"
)

// Captcha keeps robots away from forms.
type Captcha interface {
	// Guards tells whether one of the endpoints of the API that a form stands for is guarded.
	Guards(paths ...string) bool
	// CheckForm takes the solution that came with a form: one of these, where one handler has several.
	CheckForm(r *api.Request, forms ...string) error
	// Widget is what a form shows.
	Widget(form string) views.Captcha
}

// The forms that may have a captcha, by the page that they are on.
const (
	formLogin  = "/login"
	formSignUp = "/signup"
	formForgot = "/forgot-password"
	formVerify = "/verify-email"

	formPhone      = "/login/phone"
	formPhoneReset = "/forgot-password/phone"
)

// standsFor are the endpoints of the API that do what a form does. All of its buttons ask for
// the captcha when one of them does.
func standsFor(form string) []string {
	switch form {
	case formSignUp:
		return []string{"/sign-up/email", "/sign-in/magic-link", "/email-otp/send-verification-otp", "/passkey/generate-register-options", "/passkey/verify-registration"}
	case formForgot:
		return []string{"/request-password-reset", "/email-otp/request-password-reset", "/forget-password/email-otp"}
	case formVerify:
		return []string{"/send-verification-email"}
	case formPhone:
		return []string{"/phone-number/send-otp"}
	case formPhoneReset:
		return []string{"/phone-number/request-password-reset"}
	case formLogin:
		return []string{"/sign-in/email", "/sign-in/username", "/sign-in/phone-number", "/sign-in/anonymous", "/sign-in/magic-link", "/email-otp/send-verification-otp"}
	default: // it has none
		return nil
	}
}

func (v *visit) guards(form string) bool {
	return v.Captcha != nil && v.Captcha.Guards(standsFor(form)...)
}

// guarded is the page with the captcha of its form, where it has one. Only such a page may
// load what the provider needs.
func (v *visit) guarded(form string) views.Page {
	p := v.page
	if v.guards(form) {
		p.Captcha = v.Captcha.Widget(form)
		v.r.Admit(p.Captcha.Hosts)
	}
	return p
}

// robot answers who did not solve the captcha of a form with the form again; it is nil for
// everybody else.
func (v *visit) robot(form string, again func(views.Page) templ.Component, others ...string) (api.Responder, error) {
	if !v.guards(form) {
		return nil, nil
	}
	status, key := http.StatusUnprocessableEntity, ""
	switch err := v.Captcha.CheckForm(v.r, append(others, form)...); codeOf(err) {
	case codeNoCaptcha:
		key = "captcha.missing"
	case codeBadCaptcha:
		key = "captcha.wrong"
	case codeUnknown:
		status, key = http.StatusServiceUnavailable, "captcha.unavailable"
	default:
		return nil, err
	}
	v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg(key)}
	return show(status, again(v.guarded(form)))
}
