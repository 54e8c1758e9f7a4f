package auth

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"authd/auth/access"
	"authd/auth/emailotp"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/views"
)

// newWording gives the letters of the capabilities their words, in the
// reader's language.
func newWording(cfg *config.Config) (core.Wording, error) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	return func(ctx context.Context, l *core.Letter) (subject, text, html string, err error) {
		from := views.Sender{Locale: catalogue.Choose("", "", l.Locale), App: base.Hostname(), Host: base.Host}
		m, err := word(ctx, from, cfg.URL, l)
		return m.Subject, m.Text, m.HTML, err
	}, nil
}

func word(ctx context.Context, from views.Sender, base string, l *core.Letter) (views.Mail, error) {
	switch l.Kind {
	case "verify-email":
		return views.VerifyEmailMail(ctx, from, l.Link, l.Valid)
	case "reset-password":
		return views.ResetPasswordMail(ctx, from, l.Link, l.Valid)
	case "password-reset", "password-changed":
		return views.PasswordChangedMail(ctx, from, views.PasswordChanged{
			At: l.Event.At, UserAgent: l.Event.UserAgent, IPAddress: l.Event.IP, ForgotURL: base + "/forgot-password",
		})
	case "change-email":
		return views.ChangeEmailMail(ctx, from, l.Link, l.About, l.Valid)
	case "delete-account":
		return views.DeleteAccountMail(ctx, from, l.Link, l.Valid)
	case "email-changed":
		return views.EmailChangedMail(ctx, from, l.About, happened(l, base+"/account"))
	case "account-recovery":
		return views.RecoveredMail(ctx, from, happened(l, base+"/account/security"))
	case "two-factor-otp":
		return views.TwoFactorCodeMail(ctx, from, l.About, l.Valid)
	case "two-factor-on", "two-factor-off", "two-factor-reset", "backup-code-used":
		return views.TwoFactorMail(ctx, from, l.Kind, l.About, happened(l, base+"/account/security"))
	case "sign-in-locked":
		return views.SignInLockedMail(ctx, from, happened(l, base+"/forgot-password"))
	case "new-device":
		return views.NewDeviceMail(ctx, from, happened(l, base+"/forgot-password"))
	case "address-claimed":
		return views.AddressClaimedMail(ctx, from, base+"/forgot-password")
	case "passkey-added":
		return views.PasskeyAddedMail(ctx, from, l.About, happened(l, base+"/account/security"))
	case "passkey-removed":
		return views.PasskeyRemovedMail(ctx, from, l.About, happened(l, base+"/account/security"))
	case "phone-added", "phone-changed", "phone-removed":
		return views.PhoneMail(ctx, from, l.Kind, l.About, happened(l, base+"/account/security"))
	case "existing-user-sign-up":
		return views.ExistingUserMail(ctx, from, base+"/login")
	case "confirm-code":
		return views.ConfirmCodeMail(ctx, from, l.About, l.Valid)
	case "magic-link":
		return views.MagicLinkMail(ctx, from, l.Link, l.Valid)
	case "email-otp":
		return wordCode(ctx, from, l)
	case "sign-up-invitation", "approval-request", "approval-granted":
		return wordAccess(ctx, from, l)
	default:
		return views.Mail{}, fmt.Errorf("there are no words for a %s mail", l.Kind)
	}
}

// newTexts gives text messages their words, in the reader's language.
func newTexts(cfg *config.Config) (func(kind, code, languages string, valid time.Duration) string, error) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	return func(kind, code, languages string, valid time.Duration) string {
		from := views.Sender{Locale: catalogue.Choose("", "", languages), App: base.Hostname(), Host: base.Host}
		return views.CodeText(from, kind == "phone-reset-otp", base.Hostname(), code, valid)
	}, nil
}

func happened(l *core.Letter, url string) views.Happened {
	return views.Happened{At: l.Event.At, UserAgent: l.Event.UserAgent, IPAddress: l.Event.IP, URL: url}
}

// wordCode is for a letter with a code.
func wordCode(ctx context.Context, from views.Sender, l *core.Letter) (views.Mail, error) {
	told, ok := l.Payload.(emailotp.Told)
	if !ok {
		return views.Mail{}, fmt.Errorf("a %s mail tells nothing", l.Kind)
	}
	return views.CodeMail(ctx, from, views.CodeUse(told.Type), told.OTP, l.Valid)
}

// wordAccess is for the letters about who may come in.
func wordAccess(ctx context.Context, from views.Sender, l *core.Letter) (views.Mail, error) {
	told, ok := l.Payload.(access.Told)
	switch {
	case !ok:
		return views.Mail{}, fmt.Errorf("a %s mail tells nothing", l.Kind)
	case l.Kind == "sign-up-invitation":
		return views.InvitationMail(ctx, from, l.Link, l.Valid, told.Inviter, told.Note)
	case l.Kind == "approval-request":
		return views.ApprovalRequestMail(ctx, from, l.Link, told.Email)
	default:
		return views.ApprovalGrantedMail(ctx, from, l.Link)
	}
}
