package views

import (
	"context"
	"time"
)

// MagicLinkMail carries the link that signs its reader in.
func MagicLinkMail(ctx context.Context, from Sender, url string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.magic_link.subject", "app", from.App),
		before: []string{t("mail.magic_link.text", "app", from.App)},
		button: t("mail.magic_link.button"), url: url,
		after: []string{t("mail.lasts", "time", lasts), t("mail.magic_link.not_you")},
	}.render(ctx)
}

// CodeUse is what a mailed code is for.
type CodeUse string

// The uses.
const (
	CodeSignsIn CodeUse = "sign-in"
	CodeProves  CodeUse = "email-verification"
	CodeResets  CodeUse = "forget-password"
	CodeMoves   CodeUse = "change-email"
)

// CodeMail carries a code. It has no link: who waits for a code types it into the page that
// they came from.
func CodeMail(ctx context.Context, from Sender, use CodeUse, code string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	subject, text, notYou := use.words()
	return letter{
		from: from, subject: t(subject, "app", from.App, "code", code),
		before: []string{t(text, "app", from.App)}, code: code,
		after: []string{t("mail.code.lasts", "time", lasts), t("mail.code.secret", "app", from.App), t(notYou)},
	}.render(ctx)
}

func (use CodeUse) words() (subject, text, notYou string) {
	switch use {
	case CodeProves:
		return "mail.code.verify.subject", "mail.code.verify.text", "mail.code.verify.not_you"
	case CodeResets:
		return "mail.code.reset.subject", "mail.code.reset.text", "mail.code.reset.not_you"
	case CodeMoves:
		return "mail.code.change.subject", "mail.code.change.text", "mail.code.change.not_you"
	default:
		return "mail.code.sign_in.subject", "mail.code.sign_in.text", "mail.code.sign_in.not_you"
	}
}
