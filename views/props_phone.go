package views

import "github.com/a-h/templ"

// PhoneForm asks for a phone number that a code is sent to.
type PhoneForm struct {
	Number string
	Client string // the app that sent the reader here, "" when none did
	Reset  bool   // the password is forgotten
	SignUp bool   // who has no account gets one
	// Remember is a session that outlives the browser.
	Remember bool
	Errors   Errors
}

// PhoneCode takes the code that was sent to a phone.
type PhoneCode struct {
	Number            string
	Use               PhoneUse
	Digits            int
	MinPasswordLength int  // of the new password, where one is asked for
	InFiles           bool // nothing sends text messages: they lie in the outbox folder
	Remember          bool // the session is to outlive the browser
	Able              bool // ask whether this device could keep a passkey
	Errors            Errors
}

// PhoneUse is what a code is for.
type PhoneUse string

// The uses of a PhoneCode.
const (
	PhoneSignIn PhoneUse = "/login/phone"
	PhoneReset  PhoneUse = "/forgot-password/phone"
	PhoneProof  PhoneUse = "/account/phone"
)

// Phone is the part of the security page about it.
type Phone struct {
	Number   string // "" for none
	Verified bool
	Last     bool   // without it the person could not come in: it stays
	Typed    string // what was wrong
	Errors   Errors
}

func numberField(p Page, value string, errs Errors) field {
	number := field{
		name: "number", kind: "tel", label: p.T("phone.number"), value: value, autocomplete: "tel", inputmode: "tel", autocapitalize: "none",
		problem: errs.say(p, "number"),
	}
	if number.problem == "" {
		number.hint = p.T("phone.number_hint")
	}
	return number
}

func (f PhoneForm) fields(p Page) []field {
	return focusFirst(p, []field{numberField(p, f.Number, f.Errors)}, f.Errors)
}

func (f PhoneForm) title() string {
	if f.Reset {
		return "forgot.title"
	}
	return "phone.sign_in"
}

func (f PhoneForm) lead() string {
	switch {
	case f.Reset:
		return "phone.reset_lead"
	case f.SignUp:
		return "phone.sign_up_lead"
	default:
		return "phone.lead"
	}
}

func (f PhoneForm) action() string {
	if f.Reset {
		return string(PhoneReset) + "/send"
	}
	return string(PhoneSignIn) + "/send"
}

// sends is a form that sends itself as soon as the code is complete, where nothing else is asked for.
func (f PhoneCode) sends() bool { return f.MinPasswordLength == 0 }

// page is the page with the script for that.
func (f PhoneCode) page(p Page) Page {
	if f.sends() {
		return p.checking()
	}
	return p
}

func (f PhoneCode) fields(p Page) []field {
	fields := []field{{
		name: "code", label: p.T("by_mail.code_field"), autocomplete: "one-time-code", inputmode: "numeric", autocapitalize: "none",
		problem: f.Errors.say(p, "code"), code: true,
	}}
	if f.MinPasswordLength > 0 {
		fields = append(fields, newPasswordField(p, "password", f.MinPasswordLength, f.Errors))
	}
	return focusFirst(p, fields, f.Errors)
}

func (f PhoneCode) lead() string {
	switch f.Use {
	case PhoneReset:
		return "phone.reset_sent"
	case PhoneProof:
		return "phone.proof_sent"
	default:
		return "phone.sent"
	}
}

func (f PhoneCode) submit() string {
	switch f.Use {
	case PhoneReset:
		return "reset.submit"
	case PhoneProof:
		return "phone.prove"
	default:
		return "login.submit"
	}
}

// back is the page where the journey began.
func (f PhoneCode) back(p Page) Link {
	switch f.Use {
	case PhoneReset:
		return Link{p.Link("/forgot-password"), Msg("phone.other_ways")}
	case PhoneProof:
		return Link{"/account/security#phone", Msg("phone.back")}
	default:
		return Link{p.Link("/login"), Msg("phone.other_ways")}
	}
}

// NoAccountWithPhone says that nobody here has a number that was just proven.
func NoAccountWithPhone(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "phone", Title: Msg("phone.unknown_title"), Text: []Message{Msg("phone.unknown_text")},
		Links: []Link{{p.Link("/login"), Msg("phone.other_ways")}},
	})
}

func (f Phone) field(p Page) field {
	number := numberField(p, f.Typed, f.Errors)
	_, number.focus = f.Errors["number"]
	if f.Number != "" {
		number.label = p.T("phone.new_number")
	}
	return number
}
