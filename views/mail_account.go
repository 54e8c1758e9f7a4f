package views

import (
	"context"
	"time"
)

// ChangeEmailMail asks an address whether it is to be replaced by another. Only
// after its yes does the other one hear of it.
func ChangeEmailMail(ctx context.Context, from Sender, url, email string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.change_email.subject", "app", from.App),
		before: []string{t("mail.change_email.text", "app", from.App, "email", email)},
		button: t("mail.change_email.button"), url: url,
		after: []string{t("mail.lasts", "time", lasts), t("mail.change_email.not_you")},
	}.render(ctx)
}

// DeleteAccountMail carries the link that deletes an account.
func DeleteAccountMail(ctx context.Context, from Sender, url string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.delete.subject", "app", from.App),
		before: []string{t("mail.delete.text", "app", from.App)},
		button: t("mail.delete.button"), url: url,
		after: []string{t("mail.lasts", "time", lasts), t("mail.delete.not_you")},
	}.render(ctx)
}

// Happened is what is known about something that its owner is told of.
type Happened struct {
	At        time.Time
	UserAgent string
	IPAddress string
	URL       string // where somebody who did not do this goes
}

func (h Happened) facts(from Sender) []string {
	t := from.Locale.T
	facts := []string{t("mail.changed.at", "moment", from.Locale.Moment(h.At))}
	if h.UserAgent != "" {
		facts = append(facts, t("mail.changed.device", "device", agentName(from.Locale, h.UserAgent)))
	}
	if h.IPAddress != "" {
		facts = append(facts, t("mail.changed.address", "address", h.IPAddress))
	}
	return facts
}

// EmailChangedMail tells both addresses that one took the other's place.
func EmailChangedMail(ctx context.Context, from Sender, email string, h Happened) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.email_changed.subject", "app", from.App),
		before: append([]string{t("mail.email_changed.text", "app", from.App, "email", email)},
			append(h.facts(from), t("mail.email_changed.not_you"))...),
		button: t("mail.email_changed.button"), url: h.URL,
	}.render(ctx)
}

// SignInLockedMail tells that somebody guesses a person's password.
func SignInLockedMail(ctx context.Context, from Sender, h Happened) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.sign_in_locked.subject", "app", from.App),
		before: append([]string{t("mail.sign_in_locked.text", "app", from.App)},
			append(h.facts(from), t("mail.sign_in_locked.what_now"))...),
		button: t("mail.new_device.button"), url: h.URL,
	}.render(ctx)
}

// NewDeviceMail tells of a sign-in from where there was none before.
func NewDeviceMail(ctx context.Context, from Sender, h Happened) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.new_device.subject", "app", from.App),
		before: append([]string{t("mail.new_device.text", "app", from.App)},
			append(h.facts(from), t("mail.new_device.not_you"))...),
		button: t("mail.new_device.button"), url: h.URL,
	}.render(ctx)
}
