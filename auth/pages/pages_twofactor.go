package pages

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Waiting is a sign-in that waits for a second proof in this browser.
type Waiting struct {
	User   *core.User
	Ways   []string // to give it, the best first: views.ByApp, views.BySent, views.ByBackup
	Mail   bool     // codes can go by mail
	Texts  bool     // codes can go to the phone
	Enrol  bool     // there is none yet: one is to be set up first
	Left   int      // tries
	Locked time.Time
}

// AppSetup is an authenticator app that is being set up.
type AppSetup struct {
	URI, Key    string
	BackupCodes []string
}

// SecondFactors are what people prove beside their password. Errors are those of
// the JSON endpoints.
type SecondFactors interface {
	// Waits is nil when no sign-in waits in this browser.
	Waits(r *api.Request) (*Waiting, error)
	// Prove takes a second proof; next is where the sign-in leads, "" where the page knows.
	Prove(r *api.Request, way, code string, trust bool) (a *core.Auth, next string, err error)
	// Send has a code sent by "email" or "sms", "" for the first that there is.
	Send(r *api.Request, via string) error
	// GiveUp ends the sign-in that waits in this browser.
	GiveUp(r *api.Request) error
	// Begin sets up an authenticator app.
	Begin(r *api.Request, u *core.User) (*AppSetup, error)
	// UseCodes turns on codes that are sent.
	UseCodes(r *api.Request, a *core.Auth) error
	Disable(r *api.Request, a *core.Auth) error
	NewBackupCodes(r *api.Request, u *core.User) ([]string, error)
	// State is what the panel shows.
	State(r *api.Request, u *core.User) (views.TwoStep, error)
	// Forget has a browser asked again, all of them for "".
	Forget(r *api.Request, userID, id string) error
	// QR is the picture of a URI, as PNG.
	QR(uri string) ([]byte, error)
	// Digits is the length of an app's codes and of those that are sent, Trusted how
	// long a browser is not asked.
	Digits() (app, sent int)
	Trusted() time.Duration
}

const (
	twoFactorPath = "/two-factor"
	codeNoCookie  = "INVALID_TWO_FACTOR_COOKIE"
	codeBadCode   = "INVALID_CODE"
	codeBadBackup = "INVALID_BACKUP_CODE"
	codeTooMany   = "TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE"
	codeLocked    = "ACCOUNT_TEMPORARILY_LOCKED"
	codeOTPGone   = "OTP_HAS_EXPIRED"
	codeAppThere  = "TOTP_ALREADY_ENABLED"
)

// second is a visit to a page of a sign-in that waits.
func (s *Service) second(do func(v *visit, w *Waiting) (api.Responder, error)) handler {
	return func(r *api.Request, _ *api.None) (api.Responder, error) {
		v, err := s.visit(r, twoFactorPath)
		if err != nil {
			return nil, err
		}
		if v.auth != nil { // in another tab, or by going back
			return v.onward(v.auth)
		}
		w, err := s.SecondFactors.Waits(r)
		if err != nil {
			return nil, err
		}
		if w == nil {
			return show(http.StatusGone, views.TwoFactorExpired(v.page, false))
		}
		return do(v, w)
	}
}

func (v *visit) twoFactorPage(w *Waiting) (api.Responder, error) {
	if w.Enrol {
		return v.enrolPage(w)
	}
	form := v.secondForm(w, v.r.Query("method"))
	return v.askSecond(http.StatusOK, w, form)
}

// secondForm asks by a way, the best one where there is no such way.
func (v *visit) secondForm(w *Waiting, way string) views.TwoFactorForm {
	if !slices.Contains(w.Ways, way) && len(w.Ways) > 0 {
		way = w.Ways[0]
	}
	form := views.TwoFactorForm{
		User: v.person(w.User), Method: way, Texts: w.Texts, InFile: v.mailInFiles(), Days: int(v.SecondFactors.Trusted().Hours() / 24), Errors: views.Errors{},
	}
	for _, other := range w.Ways {
		if other != way && !w.Enrol {
			form.Others = append(form.Others, other)
		}
	}
	form.Passkeys = v.Passkeys != nil
	app, sent := v.SecondFactors.Digits()
	if form.Digits = app; way == views.BySent {
		form.Digits = sent
	}
	if v.flow != nil {
		form.Client = v.flow.Client
	}
	return form
}

func (v *visit) askSecond(status int, w *Waiting, form views.TwoFactorForm) (api.Responder, error) {
	if v.page.Alert.Kind == "" && w.Locked.After(v.r.Now()) {
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("two_factor.locked", "time", w.Locked.Sub(v.r.Now()))}
	}
	return show(status, views.TwoFactor(v.page, form))
}

func (v *visit) prove(*Waiting) (api.Responder, error) {
	way, code, trust := field(v.r, "method"), strings.TrimSpace(field(v.r, "code")), field(v.r, "trust") != ""
	a, next, err := v.SecondFactors.Prove(v.r, way, code, trust)
	if err == nil {
		return v.signedIn(a, next)
	}
	return v.notProven(way, trust, err)
}

// signedIn goes on where the sign-in was to lead.
func (v *visit) signedIn(a *core.Auth, next string) (api.Responder, error) {
	v.auth = a
	if next != "" {
		return v.goTo(next)
	}
	return v.entered(a)
}

// notProven says why, and how many tries are left.
func (v *visit) notProven(way string, trust bool, err error) (api.Responder, error) {
	code := codeOf(err)
	var w *Waiting
	switch {
	case code == codeNoCookie:
		return show(http.StatusGone, views.TwoFactorExpired(v.page, false))
	case code == codeTooMany && way != views.BySent:
		return show(http.StatusGone, views.TwoFactorExpired(v.page, true))
	case !slices.Contains([]string{codeBadCode, codeBadBackup, codeOTPGone, codeTooMany, codeLocked}, code):
		return nil, err
	}
	w, err = v.SecondFactors.Waits(v.r) // now with the try counted
	switch {
	case err != nil:
		return nil, err
	case w == nil || w.Left == 0:
		return show(http.StatusGone, views.TwoFactorExpired(v.page, true))
	case w.Enrol && way != views.BySent:
		return v.enrolPage(w)
	}
	form := v.secondForm(w, way)
	form.Trust, form.Sent = trust, way == views.BySent
	switch {
	case code == codeLocked:
		return v.askSecond(http.StatusTooManyRequests, w, form)
	case code == codeOTPGone, code == codeTooMany:
		form.Errors["code"] = views.Msg("two_factor.code_expired")
	case way == views.BySent:
		form.Errors["code"] = views.Msg("two_factor.wrong_sent")
	case code == codeBadBackup:
		form.Errors["code"] = views.Msg("two_factor.wrong_backup")
	default:
		form.Errors["code"] = views.Msg("two_factor.wrong", "n", w.Left)
	}
	return v.askSecond(http.StatusUnprocessableEntity, w, form)
}

func (v *visit) sendSecond(w *Waiting) (api.Responder, error) {
	via := field(v.r, "via")
	if err := v.SecondFactors.Send(v.r, via); err != nil {
		return nil, err
	}
	form := v.secondForm(w, views.BySent)
	form.Method, form.Sent, form.ByText = views.BySent, true, via == "sms"
	return v.askSecond(http.StatusOK, w, form)
}

// startAgain ends the sign-in that waits: whoever uses the browser next finds
// nothing half done.
func (s *Service) startAgain(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, twoFactorPath)
	if err != nil {
		return nil, err
	}
	if err := s.SecondFactors.GiveUp(r); err != nil {
		return nil, err
	}
	return to(v.page.Link("/login"))
}

// enrolPage is for who must have a second factor and has none.
func (v *visit) enrolPage(w *Waiting) (api.Responder, error) {
	page := views.EnrolPage{User: v.person(w.User), Apps: slices.Contains(w.Ways, views.ByApp), Codes: w.Mail}
	if v.flow != nil {
		page.Client = v.flow.Client
	}
	return show(http.StatusOK, views.Enrol(v.page, page))
}

// setup is what a page carries of an app that is being set up. It is sealed: the
// backup codes are shown only when the app has shown a code.
type setup struct {
	URI, Key string
	Codes    []string
}

func (v *visit) showSetup(u *core.User, s *AppSetup, action, back string) (api.Responder, error) {
	text, err := json.Marshal(setup{s.URI, s.Key, s.BackupCodes})
	if err != nil {
		return nil, err
	}
	sealed, err := v.pendings.Seal("setup "+u.ID, text)
	if err != nil {
		return nil, err
	}
	return v.setupPage(http.StatusOK, s, views.AppSetup{Sealed: sealed, Action: action, Back: back})
}

func (v *visit) setupPage(status int, s *AppSetup, page views.AppSetup) (api.Responder, error) {
	picture, err := v.SecondFactors.QR(s.URI)
	if err != nil {
		return nil, err
	}
	page.URI, page.Key, page.QR = s.URI, s.Key, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(picture)
	page.Digits, _ = v.SecondFactors.Digits()
	if v.flow != nil {
		page.Client = v.flow.Client
	}
	v.page.Self, page.Able = "", v.Passkeys != nil && v.auth == nil
	return show(status, views.SetUpApp(v.page, page))
}

// posted is the set-up that a form brought back; nil when it is none of the user's.
func (v *visit) posted(u *core.User) *AppSetup {
	text, err := v.pendings.Open("setup "+u.ID, field(v.r, "setup"))
	var s setup
	if err != nil || json.Unmarshal(text, &s) != nil {
		return nil
	}
	return &AppSetup{s.URI, s.Key, s.Codes}
}

func (v *visit) beginEnrol(w *Waiting) (api.Responder, error) {
	if !w.Enrol {
		return to(v.page.Link(twoFactorPath))
	}
	s, err := v.SecondFactors.Begin(v.r, w.User)
	if err != nil {
		return nil, err
	}
	return v.showSetup(w.User, s, twoFactorPath+"/enrolled", v.page.Link(twoFactorPath))
}

// enrolled turns the app on by its first code, signs in, and shows the backup codes.
func (v *visit) enrolled(w *Waiting) (api.Responder, error) {
	s := v.posted(w.User)
	if s == nil || !w.Enrol {
		return to(v.page.Link(twoFactorPath))
	}
	a, next, err := v.SecondFactors.Prove(v.r, views.ByApp, strings.TrimSpace(field(v.r, "code")), false)
	switch {
	case err == nil:
		return v.showCodes(a.User, s.BackupCodes, true, v.afterCodes(a, next))
	case codeOf(err) == codeBadCode:
		page := views.AppSetup{Sealed: field(v.r, "setup"), Action: twoFactorPath + "/enrolled", Back: v.page.Link(twoFactorPath)}
		page.Errors = views.Errors{"code": views.Msg("two_factor.wrong_code")}
		return v.setupPage(http.StatusUnprocessableEntity, s, page)
	default:
		return v.notProven(views.ByApp, false, err)
	}
}

// afterCodes is where the link of the backup codes leads: to the offer of a passkey
// where one is due, else to /login, which goes on with whatever waits for a sign-in.
func (v *visit) afterCodes(a *core.Auth, next string) string {
	switch {
	case next != "":
		return next
	case v.offers(a):
		return v.page.Link(offerPath)
	default:
		return v.page.Link("/login")
	}
}

func (v *visit) showCodes(u *core.User, codes []string, first bool, next string) (api.Responder, error) {
	v.page.Self = ""
	return show(http.StatusOK, views.ShowBackupCodes(v.page, views.BackupCodes{Codes: codes, Host: v.base.Host, Email: v.signsInAs(u), New: first, Next: next}))
}
