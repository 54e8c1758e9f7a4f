package views

import "github.com/a-h/templ"

// DeleteForm is the last question before an account goes.
type DeleteForm struct {
	User     User
	Token    string // of the mail, "" where the account page leads here
	Password bool   // whether the password is asked for
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
