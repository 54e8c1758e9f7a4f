package views

import (
	"slices"

	"github.com/a-h/templ"
)

// The fields of the larger forms: what is asked for, where the focus starts, and which
// field a problem belongs to.

// quiet is the page without its alert, for forms that place the alert themselves.
func (p Page) quiet() Page {
	p.Alert = Alert{}
	return p
}

// alertID is the alert's element when it is a problem, so that a field can name it.
func (p Page) alertID() string {
	if p.Alert.Kind == Problem {
		return "alert"
	}
	return ""
}

func (f LoginForm) identifier(p Page) field {
	email := emailField(p, f.Email, f.Errors)
	email.autocomplete = "username"
	if key := f.identifies(); key != "" {
		email.kind, email.inputmode, email.label = "", "", p.T(key)
	}
	if f.Passkey != nil {
		email.autocomplete = "username webauthn" // the browser offers passkeys in the field
	}
	email.focus = f.Errors.first("email", "password") == "email" || (len(f.Errors) == 0 && f.Email == "")
	if email.focus {
		email.describedBy = p.alertID()
	}
	return email
}

// identifies names what people sign in with, "" where it is their address alone.
func (f LoginForm) identifies() string {
	switch {
	case f.Usernames && f.Phones:
		return "field.identifier_any"
	case f.Usernames:
		return "field.identifier"
	case f.Phones:
		return "field.identifier_phone"
	default:
		return ""
	}
}

func (f LoginForm) password(p Page) field {
	focus := f.Errors.first("email", "password") == "password" || (len(f.Errors) == 0 && f.Email != "")
	password := field{
		name: "password", kind: "password", label: p.T("field.password"), autocomplete: "current-password",
		autocapitalize: "none", problem: f.Errors.say(p, "password"), focus: focus,
	}
	if focus {
		password.describedBy = p.alertID()
	}
	return password
}

// page is the page with its script, where it needs one.
func (f LoginForm) page(p Page) Page {
	p.wallet = f.Wallet != nil
	if f.Passkey != nil {
		return p.WithPasskeys()
	}
	return p
}

// passkey is the button, nil where there are none.
func (f LoginForm) passkey(p Page) templ.Component {
	if f.Passkey == nil {
		return nil
	}
	return passkeySignIn(p, *f.Passkey, f.alone() && f.Wallet == nil)
}

// alone tells that a way that needs a script is all there is.
func (f LoginForm) alone() bool { return f.Only && len(f.Methods) == 0 && !f.Guest && !f.ByMail.Any() }

// wallet is the button, nil where nobody signs in with one.
func (f LoginForm) wallet(p Page) templ.Component {
	if f.Wallet == nil {
		return nil
	}
	return walletSignIn(p, *f.Wallet, f.alone() && f.Passkey == nil)
}

// methods are those that need no script; who begins as a guest does so last.
func (f LoginForm) methods(p Page) []templ.Component {
	if !f.Guest {
		return f.Methods
	}
	return append(slices.Clone(f.Methods), guestButton(p, !f.Only || f.ByMail.Any()))
}

// signInForm is the id of the form with the field for the address.
const signInForm = "sign-in"

func (f SignUpForm) page(p Page) Page {
	if f.Passkey {
		return p.WithPasskeys()
	}
	return p
}

// action is where the form goes: without passwords, a passkey makes an account, or a mailbox.
func (f SignUpForm) action() string {
	switch {
	case !f.Only:
		return "/signup"
	case f.Passkey:
		return "/signup/passkey"
	default:
		return f.ByMail.action()
	}
}

func (f SignUpForm) fields(p Page) []field {
	fields := newAccount(p, f.Name, f.Email, f.MinPasswordLength, f.Errors)
	fields[1].readonly = f.Invitation != nil && f.Invitation.Email != ""
	switch {
	case f.Only && !f.Passkey:
		fields = fields[:2]
	case f.Only:
		fields = append(fields[:2], f.Username.fields(p, f.Errors)...)
	default:
		fields = slices.Insert(fields, 2, f.Username.fields(p, f.Errors)...)
	}
	for i := range fields {
		fields[i].focus, fields[i].describedBy = false, ""
	}
	return focusFirst(p, fields, f.Errors)
}

// fields are none where there are no usernames, and two where they can be shown otherwise.
func (u Username) fields(p Page, errs Errors) []field {
	if u.Most == 0 {
		return nil
	}
	f := field{
		name: "username", label: p.T("field.username"), value: u.Value, autocomplete: "nickname", autocapitalize: "none", optional: true,
		hint: p.T("field.username_hint", "fewest", u.Fewest, "most", u.Most), problem: errs.say(p, "username"), readonly: u.Kept,
	}
	if u.Kept {
		f.hint = p.T("field.username_kept")
	}
	if !u.Showable {
		return []field{f}
	}
	return []field{f, {
		name: "username_shown", label: p.T("field.username_shown"), value: u.Shown, autocomplete: "off", optional: true,
		hint: p.T("field.username_shown_hint"), problem: errs.say(p, "username_shown"),
	}}
}

// fixed says who may sign up where authd.toml has decided it.
func (f SetupForm) fixed() string {
	switch f.SignUp {
	case "anyone":
		return "setup.open_fixed"
	case "approval":
		return "setup.approval_fixed"
	case "nobody":
		return "setup.nobody_fixed"
	default:
		return "setup.invited_fixed"
	}
}

func (f SetupForm) fields(p Page) []field {
	return newAccount(p, f.Name, f.Email, f.MinPasswordLength, f.Errors)
}

// newAccount asks for a name, an address and a password. The address is the username for
// password managers, which store it with the new password.
func newAccount(p Page, name, email string, minPassword int, errs Errors) []field {
	address := emailField(p, email, errs)
	address.autocomplete = "username"
	return focusFirst(p, []field{
		{name: "name", label: p.T("field.name"), value: name, autocomplete: "name", problem: errs.say(p, "name")},
		address,
		newPasswordField(p, "password", minPassword, errs),
	}, errs)
}

// focusFirst puts the focus on the first field with a problem, else on the first field, and
// lets it be described by what the page says went wrong.
func focusFirst(p Page, fields []field, errs Errors) []field {
	at := 0
	for i := range fields {
		if _, bad := errs[fields[i].name]; bad {
			at = i
			break
		}
	}
	fields[at].focus = true
	fields[at].describedBy = p.alertID()
	return fields
}
