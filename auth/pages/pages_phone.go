package pages

import (
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Phones are phone numbers, and codes in text messages.
type Phones interface {
	// Enter signs in who proves a number by a code.
	Enter(r *api.Request, number, code string, remember bool) (*core.Auth, error)
	SignIn(r *api.Request, number, password string, remember bool) (*core.Auth, error)
	Reset(r *api.Request, number, code, next string) error
	Change(r *api.Request, caller *core.Auth, number, code string) error
	Remove(r *api.Request, caller *core.Auth) error
	SendCode(r *api.Request, number string) error
	RequestReset(r *api.Request, number string) error
	// Of is what a person has of it.
	Of(r *api.Request, u *core.User) (views.Phone, error)
	CodeLength() int
	// SignsUp tells whether who proves a number that is nobody's gets an account.
	SignsUp() bool
}

// What a number or a code of a phone is refused with, as the contract has it.
const (
	codeNumber       = "INVALID_PHONE_NUMBER"
	codeCountry      = "PHONE_NUMBER_COUNTRY_NOT_ALLOWED"
	codeWrongNumber  = "INVALID_PHONE_NUMBER_OR_PASSWORD"
	codeNumberFirst  = "PHONE_NUMBER_NOT_VERIFIED"
	codeNumberTaken  = "PHONE_NUMBER_EXIST"
	codeNumberNobody = "PHONE_NUMBER_NOT_EXIST"
	codeNoCode       = "OTP_NOT_FOUND"
	codeUnexpected   = "UNEXPECTED_ERROR"
	codeClosed       = "SIGNUP_DISABLED"
	codeLast         = "LAST_WAY_IN"
)

func (s *Service) phoneEndpoints(get func(path, id string, fn handler), post func(path, id string, limit api.Rule, fn handler)) {
	if s.Phones == nil {
		return
	}
	typing := api.Rule{Window: time.Minute, Max: 10, ByAddress: true}
	get("/login/phone", "pageLoginPhone", s.phonePage)
	post("/login/phone/send", "pageLoginPhoneSend", mailing(), s.sendPhoneCode)
	post("/login/phone", "pageLoginPhonePost", typing, s.enterPhoneCode)
	if s.Core.Config.EmailAndPassword.Enabled {
		get("/forgot-password/phone", "pageForgotPasswordPhone", s.forgotPhonePage)
		post("/forgot-password/phone/send", "pageForgotPasswordPhoneSend", mailing(), s.sendPhoneReset)
		post("/forgot-password/phone", "pageForgotPasswordPhonePost", typing, s.resetByPhone)
	}
	get("/account/phone", "pageAccountPhone", s.toPhonePanel)
	post("/account/phone/send", "pageAccountPhoneSend", mailing(), s.adding((*visit).sendOwnPhone))
	post("/account/phone", "pageAccountPhonePost", typing, s.adding((*visit).proveOwnPhone))
	post("/account/phone/remove", "pageAccountPhoneRemove", api.Rule{}, s.confirmed((*visit).removePhone))
}

func (v *visit) phoneForm(reset bool) views.PhoneForm {
	form := views.PhoneForm{Number: strings.TrimSpace(field(v.r, "number")), Reset: reset, SignUp: v.Phones.SignsUp(), Remember: field(v.r, "remember") != "", Errors: views.Errors{}}
	if v.flow != nil {
		form.Client = v.flow.Client
	}
	return form
}

func (s *Service) phonePage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login/phone")
	if err != nil {
		return nil, err
	}
	form := v.phoneForm(false)
	form.Remember = true
	return show(http.StatusOK, views.AskPhone(v.guarded(formPhone), form))
}

func (s *Service) forgotPhonePage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/forgot-password/phone")
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, views.AskPhone(v.guarded(formPhoneReset), v.phoneForm(true)))
}

// noCodeTo says why no code goes to a number, "" where it is no matter of that.
func noCodeTo(err error) (key string, status int) {
	switch codeOf(err) {
	case codeNumber:
		return "phone.number_invalid", http.StatusUnprocessableEntity
	case codeCountry:
		return "phone.country", http.StatusUnprocessableEntity
	}
	if declared := declaredOf(err); declared != nil && declared.Status == http.StatusTooManyRequests {
		return "phone.too_many", http.StatusTooManyRequests
	}
	return "", 0
}

func (s *Service) sendPhoneCode(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.sendToPhone(r, false, s.Phones.SendCode)
}

func (s *Service) sendPhoneReset(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.sendToPhone(r, true, s.Phones.RequestReset)
}

// sendToPhone answers with the form for the code, so that no number stands in a URL.
func (s *Service) sendToPhone(r *api.Request, reset bool, send func(*api.Request, string) error) (api.Responder, error) {
	path := formPhone
	if reset {
		path = formPhoneReset
	}
	v, err := s.visit(r, path)
	if err != nil {
		return nil, err
	}
	form := v.phoneForm(reset)
	if bad, err := v.robot(path, func(p views.Page) templ.Component { return views.AskPhone(p, form) }); bad != nil || err != nil {
		return bad, err
	}
	if err := send(r, form.Number); err != nil {
		key, status := noCodeTo(err)
		if key == "" {
			return nil, err
		}
		form.Errors["number"] = views.Msg(key)
		return show(status, views.AskPhone(v.guarded(path), form))
	}
	return show(http.StatusOK, v.enterPhone(v.phoneCode(views.PhoneUse(path))))
}

// phoneCode is the form for the code that was sent to a number.
func (v *visit) phoneCode(use views.PhoneUse) views.PhoneCode {
	v.page.Self = "" // it answers to a post
	form := views.PhoneCode{
		Number: strings.TrimSpace(field(v.r, "number")), Use: use, Digits: v.Phones.CodeLength(), InFiles: !v.Core.Config.SMS.Sends(), Errors: views.Errors{},
	}
	switch use {
	case views.PhoneSignIn:
		form.Remember, form.Able = field(v.r, "remember") != "", v.Passkeys != nil
	case views.PhoneReset:
		form.MinPasswordLength = v.Core.Config.EmailAndPassword.MinPasswordLength
	case views.PhoneProof:
		v.page.Carry = nil
	}
	return form
}

// enterPhone is the page with that form. Having another code sent is guarded as the first was.
func (v *visit) enterPhone(form views.PhoneCode) templ.Component {
	return views.EnterPhoneCode(v.guarded(string(form.Use)), form)
}

// takePhoneCode reads that form; bad is the form again where something is missing.
func (v *visit) takePhoneCode(use views.PhoneUse) (form views.PhoneCode, bad bool) {
	form = v.phoneCode(use)
	if typedCode(v.r) == "" {
		form.Errors["code"] = views.Msg("by_mail.code_missing")
	}
	if form.MinPasswordLength > 0 && field(v.r, "password") == "" {
		form.Errors["password"] = views.Msg("field.password_missing")
	}
	return form, len(form.Errors) > 0
}

// blamesPhoneCode puts an error beside the field of the code, if it is about that.
func blamesPhoneCode(err error, errs views.Errors) bool {
	if codeOf(err) == codeNoCode { // none was sent, or it was used: a wrong one, to who types it
		errs["code"] = views.Msg("by_mail.code_wrong")
		return true
	}
	return codeOf(err) != codeUserNotFound && blamesCode(err, errs)
}

func (s *Service) enterPhoneCode(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login/phone")
	if err != nil {
		return nil, err
	}
	form, bad := v.takePhoneCode(views.PhoneSignIn)
	if bad {
		return wrong(v.enterPhone(form))
	}
	auth, err := s.Phones.Enter(r, form.Number, typedCode(r), form.Remember)
	switch {
	case err == nil:
		return v.entered(auth)
	case blamesPhoneCode(err, form.Errors):
		return wrong(v.enterPhone(form))
	}
	switch codeOf(err) {
	case codeNumberNobody:
		return show(http.StatusForbidden, views.NoAccountWithPhone(v.page))
	case codeClosed:
		return show(http.StatusForbidden, views.SignUpClosed(v.page))
	default:
		return v.notEntered(err)
	}
}

func (s *Service) resetByPhone(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/forgot-password/phone")
	if err != nil {
		return nil, err
	}
	form, bad := v.takePhoneCode(views.PhoneReset)
	if bad {
		return wrong(v.enterPhone(form))
	}
	err = s.Phones.Reset(r, form.Number, typedCode(r), field(r, "password"))
	switch {
	case err == nil:
		return show(http.StatusOK, views.ResetDone(v.page))
	case codeOf(err) == codeUnexpected: // nobody's number: no code was sent either
		form.Errors["code"] = views.Msg("by_mail.code_wrong")
	case blamesPhoneCode(err, form.Errors), v.blames(err, form.Errors, "password"):
	default:
		return nil, err
	}
	return wrong(v.enterPhone(form))
}

// mayBeNumber tells a phone number from an address and a username: it has digits,
// and nothing but what people write between them. Without a plus it may be a username.
func (v *visit) mayBeNumber(identifier string) bool {
	if v.Phones == nil || !strings.ContainsAny(identifier, "0123456789") || strings.Trim(identifier, "+0123456789 -.()/\u00a0\u2011") != "" {
		return false
	}
	return v.Usernames == nil || strings.HasPrefix(identifier, "+")
}

// loginByPhone signs in by a number and a password.
func (v *visit) loginByPhone(form views.LoginForm, password string) (api.Responder, error) {
	auth, err := v.Phones.SignIn(v.r, form.Email, password, form.Remember)
	switch codeOf(err) {
	case codeNumber:
		form.Errors["email"] = views.Msg("phone.number_invalid")
		return wrong(views.Login(v.guarded(formLogin), form))
	case codeWrongNumber, codeTooLong:
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("login.wrong_phone")}
		return wrong(views.Login(v.guarded(formLogin), form))
	case codeNumberFirst: // a code is on its way
		v.r.Body["number"] = form.Email
		return show(http.StatusForbidden, v.enterPhone(v.phoneCode(views.PhoneSignIn)))
	}
	if err != nil {
		return v.notSignedIn(form, err)
	}
	return v.entered(auth)
}
