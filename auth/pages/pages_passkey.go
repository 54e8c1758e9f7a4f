package pages

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Passkeys is signing in and up with passkeys, and keeping them.
type Passkeys interface {
	// RPID is the domain that they belong to.
	RPID() string
	SignIn(r *api.Request, response map[string]any, remember bool) (*core.Auth, error)
	// BeginSignUp returns the options that the browser is asked with.
	BeginSignUp(r *api.Request, n Newcomer) (options any, err error)
	// SignUp makes the account that was begun. A nil Auth means that something
	// comes first: the address is to be proven, or an administrator to agree.
	SignUp(r *api.Request, response map[string]any) (*core.Auth, error)
	// ForAnyone tells whether accounts with a passkey alone are open even where
	// those with a password are not.
	ForAnyone() bool
	// Add keeps one; alone tells that it signs in by itself.
	Add(r *api.Request, caller *core.Auth, response map[string]any) (alone bool, err error)
	List(r *api.Request, u *core.User) (views.Passkeys, error)
	Rename(r *api.Request, caller *core.Auth, id, name string) error
	// Delete takes one away; gone is what authenticators call it. Errors: ErrLastWayIn.
	Delete(r *api.Request, caller *core.Auth, id string) (gone string, err error)
	// Offer tells whether a person is to be offered a passkey now, and notes that
	// they were. inFlow: an app waits for them.
	Offer(ctx context.Context, u *core.User, inFlow bool) (bool, error)
	// Decline ends the offers, as far as passkeys that they have go.
	Decline(ctx context.Context, u *core.User) error
}

func (s *Service) passkeyEndpoints(get func(path, id string, fn handler), post func(path, id string, limit api.Rule, fn handler)) {
	if s.Passkeys == nil {
		return
	}
	usual := api.Rule{}
	post("/login/passkey", "pageLoginPasskey", api.Rule{Window: 10 * time.Second, Max: 30, ByAddress: true}, s.loginPasskey)
	post("/signup/passkey/options", "pageSignUpPasskeyOptions", guess(), s.beginPasskeySignUp)
	post("/signup/passkey", "pageSignUpPasskey", guess(), s.signUpPasskey)
	post(passkeysPath, "pagePasskeyAdd", usual, s.adding((*visit).addPasskey))
	post(passkeysPath+"/rename", "pagePasskeyRename", usual, s.secure((*visit).renamePasskey))
	post(passkeysPath+"/delete", "pagePasskeyDelete", usual, s.confirmed((*visit).deletePasskey))
	get(offerPath, "pagePasskeyOffer", s.offerPage)
	post(offerPath, "pagePasskeyOfferTaken", usual, s.takeOffer)
	post(offerPath+"/later", "pagePasskeyOfferLater", usual, s.declineOffer)
}

const passkeysPath = securityPath + "/passkeys"

// What a passkey is refused with, as the contract has it.
const (
	codeKeyUnknown    = "PASSKEY_NOT_FOUND"
	codeKeyRefused    = "AUTHENTICATION_FAILED"
	codeKeyNotMade    = "FAILED_TO_VERIFY_REGISTRATION"
	codeChallengeGone = "CHALLENGE_NOT_FOUND"
	codeKeyNotTaken   = "YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY"
	codeKeySignUp     = "PASSKEY_SIGN_UP_DISABLED"
)

// credential is what the script posts of an authenticator's answer, nil when there
// is none: then the ceremony could not begin, and the server is to say why.
func credential(r *api.Request) map[string]any {
	var response map[string]any
	if json.Unmarshal([]byte(field(r, "credential")), &response) != nil {
		return nil
	}
	return response
}

// passkeyButton is nil where there are none.
func (v *visit) passkeyButton() *views.PasskeyButton {
	if v.Passkeys == nil {
		return nil
	}
	return &views.PasskeyButton{RPID: v.Passkeys.RPID(), Last: v.LastUsed(v.r) == "passkey"}
}

func (s *Service) loginPasskey(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	response := credential(r)
	if response == nil {
		return v.passkeyFailed("passkey.use_failed", "")
	}
	auth, err := s.Passkeys.SignIn(r, response, field(r, "remember") != "")
	if err == nil {
		v.keyHere = response["authenticatorAttachment"] != "cross-platform" // that is a phone or a key beside this device
		return v.entered(auth)
	}
	switch codeOf(err) {
	case codeKeyUnknown:
		id, _ := response["id"].(string)
		return v.passkeyFailed("passkey.unknown", id)
	case codeChallengeGone:
		return v.passkeyFailed("passkey.timeout", "")
	case codeKeyRefused:
		return v.passkeyFailed("passkey.refused", "")
	case codeNotVerified:
		return v.passkeyFailed("error.not_verified", "")
	default:
		return v.notSignedIn(views.LoginForm{}, err)
	}
}

// A credential id has at most 1023 bytes (WebAuthn L3 §4).
const maxCredentialID = 1364

var base64url = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// passkeyFailed is the sign-in page again. unknown is a credential that nobody has:
// the password manager is told to forget it.
func (v *visit) passkeyFailed(key, unknown string) (api.Responder, error) {
	form, err := v.loginForm()
	if err != nil {
		return nil, err
	}
	form.Remember = true
	if len(unknown) <= maxCredentialID && base64url.MatchString(unknown) {
		form.Passkey.Unknown = unknown
	}
	v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg(key)}
	return v.showLogin(http.StatusUnprocessableEntity, form)
}

// passkeySignUp is the form, filled with what was posted, or the page that answers instead.
func (v *visit) passkeySignUp() (form views.SignUpForm, n Newcomer, answer templ.Component, status int, err error) {
	form, closed, err := v.signUpForm()
	if err == nil && closed == nil && !form.Passkey {
		closed = views.SignUpClosed(v.page)
	}
	if err != nil || closed != nil {
		return form, n, closed, http.StatusForbidden, err
	}
	n, form.Errors = newcomer(v.r)
	delete(form.Errors, "password")
	form.Name, form.Email, form.Username.Value = n.Name, n.Email, n.Username
	n.CallbackURL, n.Invitation = v.callback(), v.invitation()
	if len(form.Errors) > 0 {
		return form, n, views.SignUp(v.guarded(formSignUp), form), http.StatusUnprocessableEntity, nil
	}
	return form, n, nil, 0, nil
}

// beginPasskeySignUp is what the script asks for. It reads no page: what is wrong is
// said when it posts the form.
func (s *Service) beginPasskeySignUp(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/signup")
	if err != nil {
		return nil, err
	}
	_, n, answer, status, err := v.passkeySignUp()
	if err != nil || answer != nil {
		return api.Page{Status: status, Body: answer}, err
	}
	options, err := s.Passkeys.BeginSignUp(r, n)
	if err != nil {
		return nil, err
	}
	return api.JSON{Status: http.StatusOK, Body: options}, nil
}

func (s *Service) signUpPasskey(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/signup")
	if err != nil {
		return nil, err
	}
	form, n, answer, status, err := v.passkeySignUp()
	if err != nil || answer != nil {
		return api.Page{Status: status, Body: answer}, err
	}
	if bad, err := v.robot(formSignUp, func(p views.Page) templ.Component { return views.SignUp(p, form) }); bad != nil || err != nil {
		return bad, err
	}
	response := credential(r)
	if response == nil { // the options were refused: ask again, for the reason
		if _, err = s.Passkeys.BeginSignUp(r, n); err == nil {
			return v.signUpFailed(form, "passkey.make_failed")
		}
		return v.notSignedUpByPasskey(form, err)
	}
	auth, err := s.Passkeys.SignUp(r, response)
	if err != nil {
		return v.notSignedUpByPasskey(form, err)
	}
	return v.signedUp(form.Email, auth, true)
}

func (v *visit) notSignedUpByPasskey(form views.SignUpForm, err error) (api.Responder, error) {
	switch codeOf(err) {
	case codeChallengeGone:
		return v.signUpFailed(form, "passkey.timeout")
	case codeKeyNotMade, codeKeyNotTaken:
		return v.signUpFailed(form, "passkey.make_failed")
	case codeKeySignUp:
		return show(http.StatusForbidden, views.SignUpClosed(v.page))
	default:
		return v.notSignedUp(form, err)
	}
}

func (v *visit) signUpFailed(form views.SignUpForm, key string) (api.Responder, error) {
	v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg(key)}
	return wrong(views.SignUp(v.guarded(formSignUp), form))
}

func (v *visit) passkeysPanel() (templ.Component, error) {
	if v.Passkeys == nil {
		return nil, nil
	}
	keys, err := v.Passkeys.List(v.r, v.auth.User)
	if err != nil {
		return nil, err
	}
	recent, err := v.Confirm.Recent(v.r, v.auth, true)
	if err != nil {
		return nil, err
	}
	keys.Gone, keys.Unproven = v.gone, !recent
	v.page = v.page.WithPasskeys()
	return views.PasskeysPanel(v.page, keys), nil
}

// addPasskey keeps one. Without one, the script was refused until the person had
// proven who they are, which they have by now.
func (v *visit) addPasskey() (api.Responder, error) {
	response := credential(v.r)
	if response == nil {
		v.leave(v.r, views.Info, "passkeys.go_on")
		return to(securityPath)
	}
	alone, err := v.Passkeys.Add(v.r, v.auth, response)
	switch key := notAdded(err); {
	case err == nil:
		return v.done(added(alone))
	case key != "":
		return v.refused(key)
	default:
		return nil, err
	}
}

// added says what a passkey is good for.
func added(alone bool) string {
	if alone {
		return "passkeys.added"
	}
	return "passkeys.added_beside"
}

// notAdded says why a passkey was not kept, "" when that is no matter of passkeys.
func notAdded(err error) string {
	switch codeOf(err) {
	case codeChallengeGone:
		return "passkey.timeout"
	case codeKeyNotMade, codeKeyNotTaken:
		return "passkey.make_failed"
	default:
		return ""
	}
}

func (v *visit) renamePasskey() (api.Responder, error) {
	id := field(v.r, "passkey")
	name := strings.TrimSpace(field(v.r, "name-"+id))
	if name == "" {
		return v.refused("field.name_missing")
	}
	err := v.Passkeys.Rename(v.r, v.auth, id, name)
	if err != nil && codeOf(err) != codeKeyUnknown {
		return nil, err
	}
	return v.done("passkeys.renamed")
}

func (v *visit) deletePasskey() (api.Responder, error) {
	gone, err := v.Passkeys.Delete(v.r, v.auth, field(v.r, "passkey"))
	switch {
	case errors.Is(err, ErrLastWayIn):
		return v.refused("passkeys.last")
	case err != nil && codeOf(err) != codeKeyUnknown:
		return nil, err
	}
	v.leaveNote(v.r, note{Kind: views.Success, Key: "passkeys.removed", Gone: gone})
	return to(v.back)
}
