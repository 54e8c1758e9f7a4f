package views

import "context"

// RecoverForm asks for a new way in.
type RecoverForm struct {
	Token, Email      string
	MinPasswordLength int
	Password, Passkey bool // what can be chosen
	Errors            Errors
}

// RecoveredMail tells that somebody got into an account by a link of whoever runs the server.
func RecoveredMail(ctx context.Context, from Sender, h Happened) (Mail, error) {
	t := from.Locale.T
	m := letter{from: from, subject: t("mail.recovered.subject", "app", from.App), button: t("mail.two_factor.button"), url: h.URL}
	m.before = append([]string{t("mail.recovered.text", "app", from.App)}, h.facts(from)...)
	m.before = append(m.before, t("mail.recovered.not_you", "app", from.App))
	return m.render(ctx)
}
