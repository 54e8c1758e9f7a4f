package pages

import (
	"errors"
	"net/http"
	"slices"

	"authd/auth/internal/api"
	"authd/views"
)

// newPasswordPath is for who is signed in, does not know their password any more, and
// has a passkey: it proves more than the password would.
const newPasswordPath = securityPath + "/new-password"

// hasPasskey tells whether the person can show one to confirm what they do.
func (v *visit) hasPasskey() (bool, error) {
	if v.Passkeys == nil {
		return false, nil
	}
	ways, err := v.Confirm.Ways(v.r, v.auth.User)
	return slices.Contains(ways, proofPasskey), err
}

// provenByPasskey takes the passkey that was posted along with a form, and that counts
// for this form alone. It returns what to say when it proves nothing.
func (v *visit) provenByPasskey() (problem views.Message, status int, err error) {
	if credential(v.r) == nil {
		return views.Msg("passkey.use_failed"), http.StatusUnprocessableEntity, nil
	}
	err = v.Confirm.Prove(v.r, v.auth, proofPasskey, field(v.r, "credential"))
	var wait *ErrProofWait
	switch {
	case errors.As(err, &wait):
		return views.Msg("confirm.wait", "time", wait.For), http.StatusTooManyRequests, nil
	case errors.Is(err, ErrWrongProof):
		return views.Msg("passkey.refused"), http.StatusUnprocessableEntity, nil
	default:
		return problem, 0, err
	}
}

// newPasswordForm is nil for who has no passkey to confirm by.
func (v *visit) newPasswordForm() (*views.PasswordForm, error) {
	v.page.Carry, v.page.Self = nil, newPasswordPath
	has, err := v.hasPasskey()
	if err != nil || !has {
		return nil, err
	}
	form, err := v.passwordForm()
	form.Errors = views.Errors{}
	return &form, err
}

func (v *visit) newPasswordPage() (api.Responder, error) {
	form, err := v.newPasswordForm()
	switch {
	case err != nil:
		return nil, err
	case form == nil:
		return to(securityPath + "#password")
	}
	return show(http.StatusOK, views.NewPassword(v.page, *form))
}

func (v *visit) replacePassword() (api.Responder, error) {
	form, err := v.newPasswordForm()
	switch {
	case err != nil:
		return nil, err
	case form == nil:
		return to(securityPath + "#password")
	}
	problem, status, err := v.provenByPasskey()
	switch {
	case err != nil:
		return nil, err
	case status != 0:
		v.page.Alert = views.Alert{Kind: views.Problem, Text: problem}
		return show(status, views.NewPassword(v.page, *form))
	}
	_, err = v.Passwords.Replace(v.r, v.auth, field(v.r, "new_password"), field(v.r, "revoke_others") != "")
	switch {
	case err == nil:
		return v.done("change.done")
	case v.blames(err, form.Errors, "new_password"):
		return wrong(views.NewPassword(v.page, *form))
	default:
		return nil, err
	}
}
