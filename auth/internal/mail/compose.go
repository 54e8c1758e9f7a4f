package mail

import (
	"crypto/rand"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// parseFrom reads a sender such as `authd <no-reply@example.com>`.
func parseFrom(text string) (*mail.Address, error) {
	from, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("mail: sender %q: %w", text, err)
	}
	return from, nil
}

// domain is the part of an address behind the @.
func domain(a *mail.Address) string {
	return a.Address[strings.LastIndexByte(a.Address, '@')+1:]
}

// compose makes an RFC 5322 message. Nothing in m can add a header, a recipient
// or a part: the address is parsed, the rest is encoded.
func compose(from *mail.Address, m Message, now time.Time) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Name != "" || to.Address != m.To {
		return nil, fmt.Errorf("%w: the recipient is not an address", ErrPermanent)
	}
	if !isKind(m.Kind) {
		return nil, fmt.Errorf("%w: kind %q", ErrPermanent, m.Kind)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(now)
	// Not go-mail's own, which tells this machine's name.
	msg.SetMessageIDWithValue(rand.Text() + "@" + domain(from))
	// Holiday notices and the like must not answer (RFC 3834 §5).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Authd-Kind", m.Kind)
	if err := attachPayload(msg, m.Payload); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// oneLine makes a header's value of any text.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd")))
}

// isKind says whether kind can stand in a header and in a file's name.
func isKind(kind string) bool {
	for _, r := range kind {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return kind != "" && len(kind) <= 64
}
