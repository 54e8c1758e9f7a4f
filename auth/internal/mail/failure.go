package mail

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// failure says what went wrong, without anything that must not be logged.
//
// A refusal is permanent when it is about the recipient or the content. One
// about the greeting, the login or the sender is about how authd is configured:
// once that is put right, the message goes out.
func (s *SMTP) failure(ctx context.Context, did string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("mail: %s: %w", did, ctx.Err())
	}
	text := s.scrub.clean(err.Error())
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		switch refused.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			return fmt.Errorf("mail: %s: %w: %s", did, ErrPermanent, text)
		}
	}
	var answer *textproto.Error
	if did == "connect" && errors.As(err, &answer) {
		// In this phase the server has seen credentials, and some repeat what
		// they got: only the code is told.
		return fmt.Errorf("mail: the server refused greeting, TLS or login with code %d", answer.Code)
	}
	return fmt.Errorf("mail: %s: %s", did, text)
}

// scrubber takes out of a text what must not be logged.
type scrubber struct {
	secrets *strings.Replacer
	links   *regexp.Regexp
}

const maxFailure = 300 // bytes of an error's text

func newScrubber(user, password string) scrubber {
	var pairs []string
	if password != "" {
		quoted := strconv.Quote(password)
		for _, secret := range []string{
			base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password)),
			base64.StdEncoding.EncodeToString([]byte(password)),
			quoted[1 : len(quoted)-1], // as it stands inside a quoted text
			password,
		} {
			pairs = append(pairs, secret, "[secret]")
		}
	}
	return scrubber{
		secrets: strings.NewReplacer(pairs...),
		// A filter that refuses a message likes to quote the link it did not
		// like, and the link has a token in it.
		links: regexp.MustCompile(`(?i)\bhttps?:\S+`),
	}
}

func (s scrubber) clean(text string) string {
	// go-mail ends with the recipient and the message's id.
	text, _, _ = strings.Cut(text, ", affected recipient(s): ")
	text, _, _ = strings.Cut(text, ", affected message ID: ")
	text = s.links.ReplaceAllString(s.secrets.Replace(text), "[link]")
	text = oneLine(text)
	if len(text) > maxFailure {
		text = strings.ToValidUTF8(text[:maxFailure], "") + "…"
	}
	return text
}
