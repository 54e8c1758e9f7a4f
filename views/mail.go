package views

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Mail is a message ready to send.
type Mail struct {
	Subject string
	Text    string
	HTML    string
}

// Sender is who a mail speaks for.
type Sender struct {
	Locale *Locale
	App    string
	Host   string
}

// letter is what every mail is made of; HTML and text are made from the same words. It
// greets nobody by name: whoever signs up chooses the name, so a name in the first mail to
// an address would let strangers write to it.
type letter struct {
	from    Sender
	subject string
	before  []string
	code    string // to be typed in; such a mail has no link
	button  string
	url     string
	after   []string
}

// VerifyEmailMail carries the link that confirms an address.
func VerifyEmailMail(ctx context.Context, from Sender, url string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.verify.subject", "app", from.App),
		before: []string{t("mail.verify.text", "app", from.App)},
		button: t("mail.verify.button"), url: url,
		after: []string{t("mail.lasts", "time", lasts), t("mail.verify.not_you")},
	}.render(ctx)
}

// ResetPasswordMail carries the link that lets its reader choose a new password.
func ResetPasswordMail(ctx context.Context, from Sender, url string, lasts time.Duration) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.reset.subject", "app", from.App),
		before: []string{t("mail.reset.text", "app", from.App)},
		button: t("mail.reset.button"), url: url,
		after: []string{t("mail.lasts", "time", lasts), t("mail.reset.not_you")},
	}.render(ctx)
}

// PasswordChanged is what is known about a change of password.
type PasswordChanged struct {
	At        time.Time
	UserAgent string
	IPAddress string
	ForgotURL string // where somebody who did not do this takes the account back
}

// PasswordChangedMail tells the owner that the password is another one now.
func PasswordChangedMail(ctx context.Context, from Sender, c PasswordChanged) (Mail, error) {
	t := from.Locale.T
	facts := []string{t("mail.changed.at", "moment", from.Locale.Moment(c.At))}
	if c.UserAgent != "" {
		facts = append(facts, t("mail.changed.device", "device", agentName(from.Locale, c.UserAgent)))
	}
	if c.IPAddress != "" {
		facts = append(facts, t("mail.changed.address", "address", c.IPAddress))
	}
	return letter{
		from: from, subject: t("mail.changed.subject", "app", from.App),
		before: append([]string{t("mail.changed.text", "app", from.App)}, append(facts, t("mail.changed.not_you"))...),
		button: t("mail.changed.button"), url: c.ForgotURL,
	}.render(ctx)
}

// ExistingUserMail answers a sign-up with an address that has an account: the page says the
// same as to a new person, and only the owner of the mailbox learns the difference.
func ExistingUserMail(ctx context.Context, from Sender, loginURL string) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.existing.subject", "app", from.App),
		before: []string{t("mail.existing.text", "app", from.App)},
		button: t("mail.existing.button"), url: loginURL,
		after: []string{t("mail.existing.forgot"), t("mail.existing.not_you")},
	}.render(ctx)
}

// AddressClaimedMail tells who proved an address that the account which had it is theirs
// now, and that its earlier password works no more.
func AddressClaimedMail(ctx context.Context, from Sender, forgotURL string) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.claimed.subject", "app", from.App),
		before: []string{t("mail.claimed.text", "app", from.App), t("mail.claimed.gone")},
		button: t("mail.claimed.button"), url: forgotURL,
		after: []string{t("mail.claimed.not_you")},
	}.render(ctx)
}

// InvitationMail carries the link by which somebody may sign up. inviter and note are an
// administrator's words.
func InvitationMail(ctx context.Context, from Sender, url string, lasts time.Duration, inviter, note string) (Mail, error) {
	t := from.Locale.T
	text := t("mail.invitation.text", "app", from.App)
	if inviter != "" {
		text = t("mail.invitation.text_by", "app", from.App, "inviter", inviter)
	}
	m := letter{
		from: from, subject: t("mail.invitation.subject", "app", from.App), before: []string{text},
		button: t("mail.invitation.button"), url: url,
		after: []string{t("mail.lasts", "time", lasts), t("mail.invitation.not_you")},
	}
	if note != "" {
		m.before = append(m.before, note)
	}
	return m.render(ctx)
}

// ApprovalRequestMail tells an administrator who wants to be let in. It names the address
// alone: everything else a stranger wrote.
func ApprovalRequestMail(ctx context.Context, from Sender, url, email string) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.request.subject", "app", from.App),
		before: []string{t("mail.request.text", "app", from.App, "email", email), "authd user approve " + email, "authd user refuse " + email},
		button: t("mail.request.button"), url: url,
	}.render(ctx)
}

// ApprovalGrantedMail tells somebody that they may come in now.
func ApprovalGrantedMail(ctx context.Context, from Sender, loginURL string) (Mail, error) {
	t := from.Locale.T
	return letter{
		from: from, subject: t("mail.granted.subject", "app", from.App),
		before: []string{t("mail.granted.text", "app", from.App)},
		button: t("mail.granted.button"), url: loginURL,
	}.render(ctx)
}

func (m letter) render(ctx context.Context) (Mail, error) {
	var page strings.Builder
	if err := letterPage(m).Render(ctx, &page); err != nil {
		return Mail{}, fmt.Errorf("render mail: %w", err)
	}
	return Mail{Subject: m.subject, Text: m.text(), HTML: page.String()}, nil
}

func (m letter) text() string {
	parts := append([]string{m.greeting()}, m.before...)
	if m.code != "" {
		parts = append(parts, m.code)
	}
	if m.url != "" {
		parts = append(parts, m.button+":\n"+m.url)
	}
	parts = append(parts, m.after...)
	return strings.Join(parts, "\n\n") + "\n\n-- \n" + m.signature() + "\n"
}

func (m letter) greeting() string { return m.from.Locale.T("mail.greeting") }

func (m letter) signature() string {
	return m.from.Locale.T("mail.from", "app", m.from.App, "host", m.from.Host)
}
