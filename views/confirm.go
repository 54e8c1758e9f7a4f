package views

import (
	"context"
	"time"
)

// ConfirmPage asks somebody who is signed in to prove who they are.
type ConfirmPage struct {
	User    User
	Ways    []string // password, passkey, code, mail, text: what they can prove it by, the best first
	Pending string   // the form that waits, sealed
	Back    string   // where somebody goes who does not want to
	Again   string   // where they sign in again
	Sent    string   // the way by which a code was sent, "" before
	InFiles bool     // no mail server is configured
	// TextsInFiles: nothing sends text messages.
	TextsInFiles bool
	Errors       Errors
}

// ConfirmCodeMail carries the code that proves who somebody is who is signed in.
func ConfirmCodeMail(ctx context.Context, from Sender, code string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.confirm.subject", "app", from.App),
		before: []string{t("mail.confirm.text", "app", from.App)}, code: code,
		after: []string{t("mail.confirm.lasts", "time", lasts), t("mail.confirm.not_you")},
	}.render(ctx)
}
