package pages

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// home is where everybody begins.
func (s *Service) home(r *api.Request, _ *api.None) (api.Responder, error) {
	auth, err := s.Core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if auth != nil {
		return to("/account")
	}
	return to("/login")
}

// switching says that somebody who is signed in wants to be somebody else.
func switching(r *api.Request) bool { return r.Query("switch") != "" }

func (s *Service) loginPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	if v.auth != nil && !switching(r) && (v.flow != nil || !v.guest()) {
		if v.flow == nil {
			return v.onward(v.auth)
		}
		switch v.flow.Step {
		case StepSelect:
			return to(v.page.Link(choosePath))
		case StepConsent, "":
			return v.onward(v.auth)
		}
	}
	if v.auth == nil && !switching(r) {
		if others, err := v.accounts(); err != nil || len(others) > 0 {
			return v.choose(err)
		}
	}
	form, err := v.loginForm()
	if err != nil {
		return nil, err
	}
	form.Remember = true
	if v.flow != nil {
		form.Email = v.flow.LoginHint
	}
	v.page.Alert = s.take(r)
	if v.page.Alert.Kind == "" {
		v.page.Alert = v.cameBack()
	}
	if v.page.Alert.Kind == "" {
		if v.page.Alert, err = v.notSetUp(); err != nil {
			return nil, err
		}
	}
	return v.showLogin(http.StatusOK, form)
}

func (v *visit) showLogin(status int, form views.LoginForm) (api.Responder, error) {
	if form.Only && len(form.Methods) == 0 && form.Passkey == nil && form.Wallet == nil && !form.Guest && !form.ByMail.Any() {
		return show(http.StatusOK, views.NoWayIn(v.page))
	}
	return show(status, views.Login(v.guarded(formLogin), form))
}

func (v *visit) loginForm() (views.LoginForm, error) {
	open, err := v.Access.SignUpOpen(v.r.Context())
	open = open || v.Core.Invitation(v.r) != "" // the page tells whether it works
	form := views.LoginForm{SignUp: open, Reset: true, Methods: v.otherMethods(false), ByMail: v.byMail(false), Only: !v.Core.Config.EmailAndPassword.Enabled}
	form.Passkey, form.Usernames, form.Phones = v.passkeyButton(), v.Usernames != nil && !form.Only, v.Phones != nil && !form.Only
	if form.Wallet = v.walletButton(); err == nil {
		form.Guest, err = v.offersGuest()
	}
	form.Last = (len(form.Methods) > 0 || form.Passkey != nil || form.ByMail.Any()) && (v.LastUsed(v.r) == "email" || v.LastUsed(v.r) == "username") // where there is one way, no mark is needed
	if v.flow != nil {
		form.Client = v.flow.Client
	}
	return form, err
}

// notSetUp tells the person who starts a new server where to begin.
func (v *visit) notSetUp() (views.Alert, error) {
	if v.isSetUp.Load() {
		return views.Alert{}, nil
	}
	done, err := v.Setup.Done(v.r.Context())
	if err != nil || done {
		v.isSetUp.Store(done)
		return views.Alert{}, err
	}
	return views.Alert{Kind: views.Info, Text: views.Msg("login.not_set_up")}, nil
}

func (s *Service) login(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	form, err := v.loginForm()
	if err != nil {
		return nil, err
	}
	form.Email, form.Remember = strings.TrimSpace(field(r, "email")), field(r, "remember") != ""
	password := field(r, "password")
	form.Errors = views.Errors{}
	byPhone := v.mayBeNumber(form.Email)
	byName := s.Usernames != nil && !strings.Contains(form.Email, "@")
	switch {
	case byPhone:
	case form.Email == "" && s.Phones != nil:
		form.Errors["email"] = views.Msg("field.identifier_any_missing")
	case byName && form.Email == "":
		form.Errors["email"] = views.Msg("field.identifier_missing")
	case !byName && !api.ValidEmail(form.Email):
		form.Errors["email"] = views.Msg("field.email_invalid")
	}
	if password == "" {
		form.Errors["password"] = views.Msg("field.password_missing")
	}
	if len(form.Errors) > 0 {
		return wrong(views.Login(v.guarded(formLogin), form))
	}
	if bad, err := v.robot(formLogin, func(p views.Page) templ.Component { return views.Login(p, form) }); bad != nil || err != nil {
		return bad, err
	}
	if byPhone {
		return v.loginByPhone(form, password)
	}
	if byName {
		return v.loginByName(form, password)
	}
	auth, err := s.Passwords.SignIn(r, form.Email, password, v.callback(), form.Remember)
	if err != nil {
		return v.notSignedIn(form, err)
	}
	return v.entered(auth)
}

// loginByName signs in by a username. One that breaks the rules is nobody's.
func (v *visit) loginByName(form views.LoginForm, password string) (api.Responder, error) {
	auth, err := v.Usernames.SignIn(v.r, form.Email, password, v.callback(), form.Remember)
	switch codeOf(err) {
	case codeWrongName, codeNameShort, codeNameLong, codeNameInvalid, codeTooLong:
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("login.wrong_name")}
		return wrong(views.Login(v.guarded(formLogin), form))
	case codeNotVerified: // the address is not told to who typed a name
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("login.unverified_name")}
		return wrong(views.Login(v.guarded(formLogin), form))
	}
	if err != nil {
		return v.notSignedIn(form, err)
	}
	return v.entered(auth)
}

// notSignedIn says why. An unknown address, a wrong password, and one that is too
// long for anybody's are the same to the person who typed them.
func (v *visit) notSignedIn(form views.LoginForm, err error) (api.Responder, error) {
	switch codeOf(err) {
	case codeWrong, codeTooLong:
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("login.wrong")}
		return wrong(views.Login(v.guarded(formLogin), form))
	case codeSignInLocked:
		key := "login.locked"
		var priced interface{ ByWork() bool }
		if errors.As(err, &priced) && priced.ByWork() && v.guards(formLogin) {
			key = "login.locked_work"
		}
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg(key, "time", v.waits(err))}
		return show(http.StatusTooManyRequests, views.Login(v.guarded(formLogin), form))
	case codePending:
		return show(http.StatusForbidden, views.ApprovalPending(v.page))
	case codeNotVerified:
		if v.Core.Config.EmailVerification.SendOnSignIn {
			return v.verifySent(http.StatusForbidden, form.Email)
		}
		mail := views.CheckMail{Email: form.Email, Resend: "/verify-email/send", InFiles: v.mailInFiles()}
		return show(http.StatusForbidden, views.VerifyNeeded(v.guarded(formVerify), mail))
	default:
		return nil, err
	}
}

// waits is for how long somebody is to wait, as people say it; the answer says it in seconds.
func (v *visit) waits(err error) time.Duration {
	var passing interface{ RetryAfter() time.Duration }
	if !errors.As(err, &passing) {
		return time.Minute
	}
	left := passing.RetryAfter()
	v.r.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(left.Seconds()))))
	return roundUp(left)
}

// roundUp makes a waiting one of whole minutes, of hours when it is long, or of days.
func roundUp(left time.Duration) time.Duration {
	const day = 24 * time.Hour
	unit := time.Minute
	switch {
	case left > 36*time.Hour:
		unit = day
	case left > 90*time.Minute:
		unit = time.Hour
	}
	return (left + unit - 1) / unit * unit
}

// callback is where the link in a mail leads in the end: back into this journey.
func (v *visit) callback() string {
	switch {
	case v.flowID != "":
		return "/login?" + paramFlow + "=" + v.flowID
	default:
		return v.returnTo
	}
}

// mailInFiles: no mail server is configured.
func (s *Service) mailInFiles() bool { return s.Core.Config.Mail.SMTPURL == "" }

func (v *visit) switchUser() string {
	path := v.page.Link("/login")
	if strings.Contains(path, "?") {
		return path + "&switch=1"
	}
	return path + "?switch=1"
}

func (s *Service) person(u *core.User) views.User {
	shown := views.User{Name: u.Name, Email: u.Email, EmailVerified: u.EmailVerified}
	if s.Core.IsPlaceholder(u.Email) { // it leads nowhere, and was made up
		shown.Email = ""
	}
	// Pages load nothing from elsewhere: a picture at another address is not shown.
	if u.Image != nil && strings.HasPrefix(*u.Image, s.Core.Config.URL+"/avatar/") {
		shown.Image = strings.TrimPrefix(*u.Image, s.Core.Config.URL)
	}
	return shown
}
