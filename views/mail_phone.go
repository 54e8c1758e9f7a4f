package views

import (
	"context"
	"strings"
)

// PhoneMail tells of a phone number that signs in from now on, or no more; kind is
// phone-added, phone-changed or phone-removed, and ending the last digits of the number.
func PhoneMail(ctx context.Context, from Sender, kind, ending string, h Happened) (Mail, error) {
	t := from.Locale.T
	subject, text := "mail.phone_changed.subject", "mail.phone_changed.text"
	switch {
	case strings.HasSuffix(kind, "-added"):
		subject, text = "mail.phone_added.subject", "mail.phone_added.text"
	case strings.HasSuffix(kind, "-removed"):
		subject, text = "mail.phone_removed.subject", "mail.phone_removed.text"
	}
	lines := append([]string{t(text, "app", from.App, "digits", ending)}, h.facts(from)...)
	return letter{
		from: from, subject: t(subject, "app", from.App), before: append(lines, t("mail.passkey_removed.not_you")),
		button: t("mail.passkey.button"), url: h.URL,
	}.render(ctx)
}
