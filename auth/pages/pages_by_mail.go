package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Links signs people in with a link in a mail.
type Links interface {
	// Request has one sent.
	Request(r *api.Request, email, name string, a AskedLink) error
	// Pending reads what a link would do. Errors: INVALID_TOKEN.
	Pending(ctx context.Context, token string) (*PendingLink, error)
	Follow(r *api.Request, token string, brief bool, onward func(isNew bool) core.Onward) (a *core.Auth, isNew bool, err error)
}

// AskedLink is what a link is asked for with.
type AskedLink struct {
	CallbackURL, Client string // where it leads, and the app that waits for it
	Remember            bool   // the session is to outlive the browser
}

// PendingLink is what a link would do; where it leads was checked when it was asked for.
type PendingLink struct {
	Email, Client                     string
	CallbackURL, NewUserURL, ErrorURL string
	Remember                          bool // as whoever asked for it wished
}

// Codes are codes in mails.
type Codes interface {
	Send(r *api.Request, kind, email string) error
	SignIn(r *api.Request, email, code, name string, remember bool) (*core.Auth, error)
	Verify(r *api.Request, email, code string) error
	Reset(r *api.Request, email, code, next string) error
	// Everywhere tells that addresses are proven by a code, not by a link.
	Everywhere() bool
}

// What a code is sent for, as the contract names it.
const (
	codeToSignIn = "sign-in"
	codeToReset  = "forget-password"
)

// byMail are the buttons for who has a mailbox.
func (v *visit) byMail(signUp bool) views.ByMail {
	last, cfg := v.LastUsed(v.r), v.Core.Config
	return views.ByMail{
		Link: v.Links != nil && (!signUp || !cfg.MagicLink.DisableSignUp), LastLink: last == "magic-link",
		Code: v.Codes != nil && (!signUp || !cfg.EmailOTP.DisableSignUp), LastCode: last == "email-otp",
	}
}

// mailEndpoints are those of links and codes.
func (s *Service) mailEndpoints(get func(path, id string, fn handler), post func(path, id string, limit api.Rule, fn handler)) {
	if s.Links != nil {
		post("/login/link", "pageLoginLink", mailing(), s.sendLink)
		get("/magic-link", "pageMagicLink", s.linkPage)
		post("/magic-link", "pageMagicLinkPost", guess(), s.followLink)
	}
	if s.Codes != nil {
		get("/login/code", "pageLoginCode", s.codePage)
		post("/login/code", "pageLoginCodePost", guess(), s.enterCode)
		post("/login/code/send", "pageLoginCodeSend", mailing(), s.sendCode)
		post("/verify-email/code", "pageVerifyEmailCode", guess(), s.verifyByCode)
		post("/forgot-password/code", "pageForgotPasswordCode", mailing(), s.forgotByCode)
		post("/forgot-password/reset", "pageForgotPasswordReset", guess(), s.resetByCode)
	}
}

// askedBy is the visit of a form that asks for a mail, and its address; bad is the form again
// where that is none, or a robot's.
func (s *Service) askedBy(r *api.Request) (v *visit, email string, bad api.Responder, err error) {
	if v, err = s.visit(r, "/login"); err != nil {
		return nil, "", nil, err
	}
	email = strings.TrimSpace(field(r, "email"))
	valid, errs := api.ValidEmail(email), views.Errors{}
	if valid && !v.guards(v.askedOn()) {
		return v, email, nil, nil
	}
	again, closed, err := v.formAgain(email, errs)
	switch {
	case err != nil:
		return nil, "", nil, err
	case closed != nil:
		bad, err = show(http.StatusForbidden, closed)
	case !valid:
		errs["email"] = v.noAddress(email)
		bad, err = wrong(again(v.guarded(v.askedOn())))
	default:
		bad, err = v.robot(v.askedOn(), again, formLogin, formSignUp)
	}
	return v, email, bad, err
}

// noAddress says that mail needs an address, also where other names do to sign in.
func (v *visit) noAddress(typed string) views.Message {
	if v.askedOn() == formLogin && v.Core.Config.EmailAndPassword.Enabled && (v.Usernames != nil || v.Phones != nil) && typed != "" && !strings.Contains(typed, "@") {
		return views.Msg("by_mail.address")
	}
	return views.Msg("field.email_invalid")
}

// remembers tells whether the session is to outlive the browser. Who makes an account
// is not asked: it does.
func (v *visit) remembers() bool { return v.askedOn() == formSignUp || field(v.r, "remember") != "" }

// askedOn is the form that asks for a mail: those who sign up give a name.
func (v *visit) askedOn() string {
	if _, signsUp := v.r.Body["name"]; signsUp {
		return formSignUp
	}
	return formLogin
}

// formAgain is that form, or the page that says why there is none.
func (v *visit) formAgain(email string, errs views.Errors) (again func(views.Page) templ.Component, closed templ.Component, err error) {
	if v.askedOn() == formSignUp {
		form, closed, err := v.signUpForm()
		form.Name, form.Email, form.Errors = strings.TrimSpace(field(v.r, "name")), email, errs
		return func(p views.Page) templ.Component { return views.SignUp(p, form) }, closed, err
	}
	form, err := v.loginForm()
	form.Email, form.Errors, form.Remember = email, errs, field(v.r, "remember") != ""
	return func(p views.Page) templ.Component { return views.Login(p, form) }, nil, err
}

func (s *Service) sendLink(r *api.Request, _ *api.None) (api.Responder, error) {
	v, email, bad, err := s.askedBy(r)
	if bad != nil || err != nil {
		return bad, err
	}
	v.keepInvitation()
	ask := AskedLink{CallbackURL: v.callback(), Remember: v.remembers()}
	if v.flow != nil {
		ask.Client = v.flow.Client
	}
	if err := s.Links.Request(r, email, strings.TrimSpace(field(r, "name")), ask); err != nil {
		return nil, err
	}
	v.page.Self = ""
	return show(http.StatusOK, views.LinkSent(v.guarded(formLogin), views.CheckMail{Email: email, Resend: "/login/link", InFiles: s.mailInFiles(), Remember: ask.Remember}))
}

// keepInvitation: the link comes back without it.
func (v *visit) keepInvitation() {
	if secret := param(v.r, paramInvitation); secret != "" {
		v.Core.KeepInvitation(v.r, secret)
	}
}

func (s *Service) linkPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/magic-link")
	if err != nil {
		return nil, err
	}
	v.page.Self = "" // it would hold the token
	token := r.Query("token")
	link, err := s.Links.Pending(r.Context(), token)
	if err != nil {
		return v.notByLink(nil, err)
	}
	form := views.LinkForm{Token: token, Email: link.Email, Client: link.Client, Remember: link.Remember, Able: s.Passkeys != nil}
	if form.Elsewhere, err = v.resumeLink(link); err != nil {
		return nil, err
	}
	return show(http.StatusOK, views.FollowLink(v.page, form))
}

// resumeLink finds the journey that the link was asked for on, which the form
// then carries. An app's request waits only in the browser that brought it.
func (v *visit) resumeLink(link *PendingLink) (elsewhere bool, err error) {
	if !api.SafePath(link.CallbackURL) {
		return false, nil
	}
	id, isFlow := flowOf(link.CallbackURL)
	if !isFlow {
		v.page.Carry.Set(paramReturn, link.CallbackURL)
		return false, nil
	}
	_, err = v.Flows.Flow(v.r, id, v.auth)
	if errors.Is(err, ErrFlowGone) {
		return true, nil
	}
	v.page.Carry.Set(paramFlow, id)
	return false, err
}

// flowOf is the flow that a page of ours is to go on with; see callback.
func flowOf(path string) (id string, ok bool) {
	u, err := url.Parse(path)
	if err != nil || u.Path != "/login" || !u.Query().Has(paramFlow) {
		return "", false
	}
	return u.Query().Get(paramFlow), true
}

func (s *Service) followLink(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/magic-link")
	if err != nil {
		return nil, err
	}
	v.page.Self = ""
	token := field(r, "token")
	link, err := s.Links.Pending(r.Context(), token)
	if err != nil {
		return v.notByLink(nil, err)
	}
	leads := func(isNew bool) string {
		to := link.CallbackURL
		if isNew && link.NewUserURL != "" {
			to = link.NewUserURL
		}
		if to == "" || api.SafePath(to) && to == link.CallbackURL { // the form carries it
			return ""
		}
		return r.Origins().Absolute(to)
	}
	a, isNew, err := s.Links.Follow(r, token, field(r, "remember") == "", func(isNew bool) core.Onward {
		if v.flowID != "" {
			return core.Onward{Flow: v.flowID}
		}
		return core.Onward{URL: leads(isNew)}
	})
	if err != nil {
		return v.notByLink(link, err)
	}
	if to := leads(isNew); to != "" && v.flow == nil {
		return v.goTo(to)
	}
	return v.entered(a)
}

// notByLink says why a link let nobody in. An app's own page explains it where it has one.
func (v *visit) notByLink(link *PendingLink, err error) (api.Responder, error) {
	code := codeOf(err)
	switch {
	case code == codeInvalidToken:
		return show(http.StatusGone, views.LinkFailed(v.page))
	case code == codePending:
		return show(http.StatusForbidden, views.ApprovalPending(v.page))
	case code != "" && link != nil:
		for _, back := range []string{link.ErrorURL, link.CallbackURL} {
			if back != "" && !api.SafePath(back) {
				return v.goTo(withError(back, code))
			}
		}
	}
	return v.notEntered(err)
}

// notEntered is for who proved their mailbox and may not come in all the same.
func (v *visit) notEntered(err error) (api.Responder, error) {
	switch codeOf(err) {
	case codeLinkClosed, codeSignUpDisabled:
		return show(http.StatusForbidden, views.SignUpClosed(v.page))
	case codeInvitation:
		return show(http.StatusForbidden, views.InvitationFailed(v.page))
	case codePending:
		return show(http.StatusForbidden, views.ApprovalPending(v.page))
	default:
		return nil, err
	}
}
