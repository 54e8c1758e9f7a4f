package views

import (
	"strings"
	"unicode"

	"github.com/a-h/templ"
)

// DeleteForm is the last question before an account goes.
type DeleteForm struct {
	User     User
	Token    string // of the mail, "" where the account page leads here
	Password bool   // whether the password is asked for
	Passkey  bool   // whether a passkey will do in its place
	ByMail   bool   // whether a link is sent first
	Errors   Errors
}

// ChangeEmailAsk is the button behind the link to the old address, or to the new one.
func ChangeEmailAsk(p Page, token, from, to string, confirm bool) templ.Component {
	a := AskPage{
		Icon: "mail", Title: "email.replace_title", Lead: "email.replace_lead", Args: []any{"from", from, "to", to},
		Action: "/change-email", Token: token, Submit: "email.replace_submit", Instead: Link{"/account", Msg("delete.keep")},
	}
	a.Instead.Text = Msg("email.keep")
	if confirm {
		a.Title, a.Lead, a.Submit = "email.confirm_title", "email.confirm_lead", "email.confirm_submit"
	}
	return Ask(p, a)
}

// ChangeEmailConfirmed says that the new address is asked next.
func ChangeEmailConfirmed(p Page, next string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "mail", Title: Msg("email.confirmed_title"), Text: []Message{Msg("email.confirmed_text")},
		Links: []Link{{next, Msg("link.continue")}},
	})
}

// ChangeEmailDone says that the address was replaced.
func ChangeEmailDone(p Page, email, next string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "success", Title: Msg("email.done_title"), Text: []Message{Msg("email.done_text", "email", email)},
		Links: []Link{{next, Msg("link.continue")}},
	})
}

// ChangeEmailFailed says why a link replaces nothing.
func ChangeEmailFailed(p Page, other bool) templ.Component {
	text := Msg("email.failed_text")
	if other {
		text = Msg("email.other_account")
	}
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("verify.failed_title"), Text: []Message{text},
		Links: []Link{{"/account", Msg("account.title")}},
	})
}

// Deleted says good-bye.
func Deleted(p Page, next string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "success", Title: Msg("delete.done_title"), Text: []Message{Msg("delete.done_text")},
		Links: []Link{{next, Msg("link.home")}},
	})
}

// DeleteFailed says that a link deletes nothing.
func DeleteFailed(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("verify.failed_title"), Text: []Message{Msg("delete.failed_text")},
		Links: []Link{{"/account", Msg("account.title")}},
	})
}

// DeleteSent says that the link is on its way.
func DeleteSent(p Page, m CheckMail) templ.Component {
	return mailSent(p, m, p.T("mail_sent.title"), "delete.sent")
}

// ProfileField is a field of authd.toml that people may set.
type ProfileField struct {
	Name     string
	Type     string // string, number, boolean, date, string[]
	Value    string // as text: a day as 2006-01-02, a list in lines
	Required bool
}

// EmailForm replaces the address.
type EmailForm struct {
	Enabled bool
	Email   string
	Errors  Errors
}

// input is the field's name in the form: none of the page's own has a dash.
func (f ProfileField) input() string { return "field-" + f.Name }

// label makes words of a name: birthDate is "Birth date".
func (f ProfileField) label() string {
	var words strings.Builder
	for i, r := range f.Name {
		switch {
		case i == 0:
			words.WriteRune(unicode.ToUpper(r))
		case r == '_':
			words.WriteByte(' ')
		case unicode.IsUpper(r):
			words.WriteByte(' ')
			words.WriteRune(unicode.ToLower(r))
		default:
			words.WriteRune(r)
		}
	}
	return words.String()
}

func (f ProfileField) described(errs Errors) string {
	if _, bad := errs[f.input()]; bad {
		return f.input() + "-problem " + f.input() + "-hint"
	}
	return f.input() + "-hint"
}

func (f ProfileField) field(p Page, errs Errors) field {
	shown := field{
		name: f.input(), label: f.label(), value: f.Value, optional: !f.Required, autocomplete: "off", problem: errs.say(p, f.input()),
	}
	switch f.Type {
	case "number":
		shown.inputmode = "decimal"
	case "date":
		shown.kind = "date"
	}
	return shown
}

// first is the first of the form's fields with a problem: it gets the focus.
func (f ProfileForm) first() string {
	names := []string{"picture", "name", "username", "username_shown"}
	for _, own := range f.Fields {
		names = append(names, own.input())
	}
	if name := f.Errors.first(names...); name != "" {
		return name
	}
	return "-"
}

func (f field) focused(on bool) field {
	f.focus = on
	return f
}

func (f ProfileForm) file(p Page) field {
	return field{
		name: "picture", kind: "file", label: p.T("avatar.label"), hint: p.T("avatar.hint"), autocomplete: "off",
		problem: f.Errors.say(p, "picture"), focus: f.first() == "picture",
	}
}

func (f EmailForm) field(p Page) field {
	_, bad := f.Errors["new_email"]
	return field{
		name: "new_email", kind: "email", label: p.T("email.new"), value: f.Email, autocomplete: "email", inputmode: "email",
		autocapitalize: "none", problem: f.Errors.say(p, "new_email"), focus: bad,
	}
}

func (f PasswordForm) first(p Page) field {
	password := newPasswordField(p, "new_password", f.MinPasswordLength, f.Errors)
	_, password.focus = f.Errors["new_password"]
	return password
}

// order is that of the page's fields.
func (a AccountPage) order() []string {
	names := []string{"picture", "name", "username", "username_shown"}
	for _, own := range a.Profile.Fields {
		names = append(names, own.input())
	}
	return append(names, "new_email")
}
