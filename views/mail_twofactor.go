package views

import (
	"context"
	"time"
)

// TwoFactorCodeMail carries the code that completes a sign-in.
func TwoFactorCodeMail(ctx context.Context, from Sender, code string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.two_factor_otp.subject", "app", from.App, "code", code),
		before: []string{t("mail.two_factor_otp.text", "app", from.App)}, code: code,
		after: []string{t("mail.two_factor_otp.lasts", "time", lasts, "app", from.App), t("mail.two_factor_otp.not_you")},
	}.render(ctx)
}

// TwoFactorMail tells what became of the second factor of an account: kind is
// two-factor-on, two-factor-off, two-factor-reset or backup-code-used, of which
// left is how many are left.
func TwoFactorMail(ctx context.Context, from Sender, kind, left string, h Happened) (Mail, error) {
	t := from.Locale.T
	m := letter{from: from, button: t("mail.two_factor.button"), url: h.URL}
	switch kind {
	case "two-factor-on":
		m.subject, m.before = t("mail.two_factor_on.subject", "app", from.App), []string{t("mail.two_factor_on.text", "app", from.App)}
	case "two-factor-off":
		m.subject, m.before = t("mail.two_factor_off.subject", "app", from.App), []string{t("mail.two_factor_off.text", "app", from.App)}
	case "two-factor-reset":
		m.subject, m.before = t("mail.two_factor_reset.subject", "app", from.App), []string{t("mail.two_factor_reset.text", "app", from.App)}
	default:
		m.subject, m.before = t("mail.backup_code_used.subject", "app", from.App), []string{t("mail.backup_code_used.text", "app", from.App, "left", left)}
	}
	m.before = append(append(m.before, h.facts(from)...), t("mail.two_factor.not_you"))
	return m.render(ctx)
}
