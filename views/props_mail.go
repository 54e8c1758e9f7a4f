package views

import "github.com/a-h/templ"

// ByMail is what a mailbox is enough for on /login and /signup.
type ByMail struct {
	Link, Code         bool
	LastLink, LastCode bool // it was used last in this browser
}

// Any tells whether there is one of them.
func (m ByMail) Any() bool { return m.Link || m.Code }

// action is that of a form without a password.
func (m ByMail) action() string {
	if m.Link {
		return "/login/link"
	}
	return "/login/code/send"
}

// mailButton is the style of a button: the first way in where there is no other.
func mailButton(first bool) string {
	if first {
		return "button primary"
	}
	return "button"
}

// LinkForm is the page behind a link that signs in.
type LinkForm struct {
	Token     string
	Email     string
	Client    string // the app that waits for it, "" when none does
	Elsewhere bool   // what waits for it does so in another browser
	Remember  bool
	Able      bool // ask whether this device could keep a passkey
}

// CodeForm takes a code that was mailed.
type CodeForm struct {
	Email             string
	Name              string // of the account that is made, where there is none
	MinPasswordLength int    // where a new password is asked for too
	InFiles           bool   // no mail server is configured: the mail lies in the outbox folder
	Remember          bool   // the session is to outlive the browser
	Able              bool   // ask whether this device could keep a passkey
	Errors            Errors
}

// page is the page with the script that asks.
func (f CodeForm) page(p Page) Page {
	if f.Able {
		return p.checking()
	}
	return p
}

func (f CodeForm) fields(p Page) []field {
	fields := []field{{
		name: "code", label: p.T("by_mail.code_field"), autocomplete: "one-time-code", inputmode: "numeric", autocapitalize: "none",
		problem: f.Errors.say(p, "code"), code: true,
	}}
	if f.MinPasswordLength > 0 {
		fields = append(fields, newPasswordField(p, "password", f.MinPasswordLength, f.Errors))
	}
	return focusFirst(p, fields, f.Errors)
}

// LinkFailed answers a link that signs nobody in any more.
func LinkFailed(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("reset.failed_title"), Text: []Message{Msg("by_mail.failed")},
		Links: []Link{{p.Link("/login"), Msg("by_mail.new_link")}},
	})
}
