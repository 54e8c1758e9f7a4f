package views

import "context"

// PasskeyAddedMail tells of a new key to an account; name is what it is called, "" when it has no name.
func PasskeyAddedMail(ctx context.Context, from Sender, name string, h Happened) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.passkey_added.subject", "app", from.App),
		before: passkeyFacts(from, t("mail.passkey_added.text", "app", from.App), name, h, t("mail.passkey_added.not_you")),
		button: t("mail.passkey.button"), url: h.URL,
	}.render(ctx)
}

// PasskeyRemovedMail tells that a key to an account opens it no more.
func PasskeyRemovedMail(ctx context.Context, from Sender, name string, h Happened) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.passkey_removed.subject", "app", from.App),
		before: passkeyFacts(from, t("mail.passkey_removed.text", "app", from.App), name, h, t("mail.passkey_removed.not_you")),
		button: t("mail.passkey.button"), url: h.URL,
	}.render(ctx)
}

func passkeyFacts(from Sender, text, name string, h Happened, notYou string) []string {
	lines := []string{text}
	if name != "" {
		lines = append(lines, from.Locale.T("mail.passkey.name", "name", name))
	}
	return append(append(lines, h.facts(from)...), notYou)
}
