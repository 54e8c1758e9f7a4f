package pages

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// The kinds of proof that the page knows to ask for.
const (
	proofPassword = "password"
	proofCode     = "code"
	proofMail     = "mail"
	proofPasskey  = "passkey"
	proofText     = "text"
)

// Confirmations ask somebody who is signed in whether it is they.
type Confirmations interface {
	// Recent tells whether they have proven it lately; adds is what gives them a way in.
	Recent(r *api.Request, a *core.Auth, adds bool) (bool, error)
	// Ways are the kinds of proof that they can give, none where they have no way in
	// but the session.
	Ways(r *api.Request, u *core.User) ([]string, error)
	// Prove takes a proof. Errors: ErrWrongProof, ErrProofWait.
	Prove(r *api.Request, a *core.Auth, kind, proof string) error
	// SendCode has the code sent that is a proof of a kind.
	SendCode(r *api.Request, a *core.Auth, kind string) error
}

// ErrWrongProof says that what was given proves nothing.
var ErrWrongProof = errors.New("this proves nothing")

// ErrProofWait says that there were too many wrong ones.
type ErrProofWait struct{ For time.Duration }

func (e *ErrProofWait) Error() string { return "too many wrong proofs" }

const (
	confirmPath  = "/confirm"
	paramPending = "pending"
	pendingLife  = 15 * time.Minute
)

// pending is a form that waits until its person has proven who they are. It
// travels through the page sealed, for there may be a password in it.
type pending struct {
	Path string
	Back string // where the form was
	Form map[string]string
	At   time.Time
}

// confirmed is [Service.secure] for what decides over who can come in.
func (s *Service) confirmed(do func(v *visit) (api.Responder, error)) handler {
	return s.confirming(false, do)
}

// adding is [Service.confirmed] for what gives somebody a way in: who has recovered
// their account comes to one by it.
func (s *Service) adding(do func(v *visit) (api.Responder, error)) handler {
	return s.confirming(true, do)
}

func (s *Service) confirming(adds bool, do func(v *visit) (api.Responder, error)) handler {
	return s.secure(func(v *visit) (api.Responder, error) {
		if ask, err := v.confirmBefore(adds); ask != nil || err != nil {
			return ask, err
		}
		return do(v)
	})
}

func (v *visit) confirmFirst() (api.Responder, error) { return v.confirmBefore(false) }

// confirmBefore is the one place that asks whoever is signed in to prove who they
// are before they go on. It returns the page that asks, nil when they have done so
// lately. What they typed is not lost: the form comes again by itself afterwards.
func (v *visit) confirmBefore(adds bool) (api.Responder, error) {
	recent, err := v.Confirm.Recent(v.r, v.auth, adds)
	if err != nil {
		return nil, err
	}
	if recent {
		return nil, v.continueForm()
	}
	ways, err := v.Confirm.Ways(v.r, v.auth.User)
	if err != nil {
		return nil, err
	}
	if len(ways) == 0 {
		if err := v.Core.CheckProven(v.r, v.auth); err != nil {
			return v.addFirst(err)
		}
		ways, err := v.Core.WaysInOf(v.r.Context(), v.Core.DB, v.auth.User)
		if err != nil || len(ways) == 0 {
			return nil, err
		}
	}
	if v.r.HTTP.Method != http.MethodPost {
		return to(confirmPath + "?" + paramReturn + "=" + url.QueryEscape(v.r.HTTP.URL.RequestURI()))
	}
	held := pending{Path: v.r.HTTP.URL.Path, Back: v.back, Form: map[string]string{}, At: v.r.Now()}
	for name, value := range v.r.Body {
		if text, ok := value.(string); ok {
			held.Form[name] = text
		}
	}
	sealed, err := v.seal(held)
	if err != nil {
		return nil, err
	}
	return v.askProof(http.StatusForbidden, views.ConfirmPage{Pending: sealed, Back: v.back, Ways: ways})
}

// addFirst is for who has recovered their account, and has nothing yet to prove by that
// it is theirs.
func (v *visit) addFirst(err error) (api.Responder, error) {
	if !errors.Is(err, core.ErrNotFresh) {
		return nil, err
	}
	v.leave(v.r, views.Problem, "recover.first")
	return to(securityPath)
}

func (v *visit) seal(p pending) (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return v.pendings.Seal(v.auth.Session.ID, text)
}

// unseal opens a form that waits; nil when it is none of this session, or too old.
func (v *visit) unseal(sealed string) *pending {
	text, err := v.pendings.Open(v.auth.Session.ID, sealed)
	var p pending
	if err != nil || json.Unmarshal(text, &p) != nil || v.r.Now().Sub(p.At) > pendingLife {
		return nil
	}
	return &p
}

// continueForm puts back what was typed before the person was asked.
func (v *visit) continueForm() error {
	sealed := field(v.r, paramPending)
	if sealed == "" {
		return nil
	}
	p := v.unseal(sealed)
	if p == nil || p.Path != v.r.HTTP.URL.Path {
		return errFlowGone
	}
	v.r.Body = map[string]any{}
	for name, text := range p.Form {
		v.r.Body[name] = text
	}
	return nil
}

// askProof shows the page that asks.
func (v *visit) askProof(status int, page views.ConfirmPage) (api.Responder, error) {
	page.User = v.person(v.auth.User)
	page.InFiles, page.TextsInFiles = v.mailInFiles(), !v.Core.Config.SMS.Sends()
	if page.Again = "/login?switch=1&" + paramReturn + "=" + url.QueryEscape(page.Back); page.Ways == nil {
		ways, err := v.Confirm.Ways(v.r, v.auth.User)
		if err != nil {
			return nil, err
		}
		page.Ways = ways
	}
	v.page.Self, v.page.Carry = "", nil // each form says once where it leads
	if slices.Contains(page.Ways, proofPasskey) {
		v.page = v.page.WithPasskeys()
	}
	return show(status, views.Confirm(v.page, page))
}

// confirmPage asks before a page is shown; forms are asked for where they are posted.
func (s *Service) confirmPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, confirmPath)
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst(r.HTTP.URL.RequestURI())
	}
	if recent, err := s.Confirm.Recent(r, v.auth, false); err != nil || recent {
		return v.afterProof(err)
	}
	ways, err := s.Confirm.Ways(r, v.auth.User)
	if err != nil {
		return nil, err
	}
	if err := s.Core.CheckProven(r, v.auth); err != nil && len(ways) == 0 {
		return v.addFirst(err)
	}
	return v.askProof(http.StatusOK, views.ConfirmPage{Back: v.goBack()})
}

func (v *visit) goBack() string {
	if v.returnTo == "" {
		return securityPath
	}
	return v.returnTo
}

func (v *visit) afterProof(err error) (api.Responder, error) {
	if err != nil {
		return nil, err
	}
	return to(v.goBack())
}

// confirm takes the proof. The form that waited is then posted by the browser
// itself: 307 keeps method and body (RFC 9110 §15.4.8).
func (s *Service) confirm(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, confirmPath)
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst(securityPath)
	}
	page := views.ConfirmPage{Pending: field(r, paramPending), Back: v.goBack()}
	var waiting *pending
	if page.Pending != "" {
		if waiting = v.unseal(page.Pending); waiting == nil {
			v.back = securityPath
			return v.refused("confirm.expired")
		}
		page.Back = waiting.Back
	}
	if kind := field(r, "send"); kind != "" {
		return v.sendProof(page, kind)
	}
	kind := field(r, "way")
	err = s.Confirm.Prove(r, v.auth, kind, proofOf(r, kind))
	var wait *ErrProofWait
	switch {
	case errors.As(err, &wait):
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("confirm.wait", "time", roundUp(wait.For))}
		return v.askProof(http.StatusTooManyRequests, page)
	case errors.Is(err, ErrWrongProof):
		return v.wrongProof(page, kind)
	case err != nil:
		return nil, err
	case waiting != nil:
		return api.Redirect{URL: waiting.Path, Status: http.StatusTemporaryRedirect}, nil
	}
	return v.afterProof(nil)
}

// proofOf is what the form has of a kind: codes are also typed with spaces.
func proofOf(r *api.Request, kind string) string {
	if kind == proofPasskey {
		return field(r, "credential")
	}
	text := field(r, kind)
	if kind == proofMail || kind == proofText {
		text = strings.Join(strings.Fields(text), "")
	}
	return text
}

func (v *visit) sendProof(page views.ConfirmPage, kind string) (api.Responder, error) {
	err := v.Confirm.SendCode(v.r, v.auth, kind)
	if errors.Is(err, ErrWrongProof) {
		return v.askProof(http.StatusForbidden, page)
	}
	if key, status := noCodeTo(err); key != "" {
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg(key)}
		return v.askProof(status, page)
	}
	if err != nil {
		return nil, err
	}
	page.Sent = kind
	return v.askProof(http.StatusOK, page)
}

func (v *visit) wrongProof(page views.ConfirmPage, kind string) (api.Responder, error) {
	problem := views.Msg("confirm.wrong_code")
	if kind == proofPassword {
		problem = views.Msg("field.password_wrong")
	}
	if kind == proofMail || kind == proofText {
		page.Sent = kind
	}
	if slices.Contains([]string{proofPassword, proofCode, proofMail, proofText}, kind) {
		page.Errors = views.Errors{kind: problem}
	} else {
		v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("confirm.wrong")}
	}
	return v.askProof(http.StatusUnprocessableEntity, page)
}
