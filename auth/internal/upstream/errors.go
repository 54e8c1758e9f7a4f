package upstream

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrIDTokenUnsupported says that apps cannot sign in with an ID token of this provider.
	ErrIDTokenUnsupported = errors.New("the provider has no ID tokens that can be verified, or they are turned off")
	// ErrIDToken is wrapped by the reason why an ID token does not count.
	ErrIDToken = errors.New("the ID token does not count")
	// ErrNoProfile is wrapped by the reason why there is no profile to be had.
	ErrNoProfile = errors.New("the provider gives no usable profile")
	// ErrUnreachable is wrapped when a provider does not answer, or with something
	// that cannot be read.
	ErrUnreachable = errors.New("the provider cannot be reached")
	// ErrIssuerMissing says that an answer does not say who it is of, and must (RFC 9207 §2.4).
	ErrIssuerMissing = errors.New("the answer has no iss")
	// ErrIssuerMismatch says that an answer is of another issuer than the one asked.
	ErrIssuerMismatch = errors.New("the answer is of another issuer")
)

// Refusal is an error answer of the token endpoint (RFC 6749 §5.2).
type Refusal struct {
	Status int
	Code   string // such as invalid_grant, "" when there is none that can be shown
}

func (r *Refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the token endpoint answered %d %s", r.Status, r.Code))
}

// errorCode keeps what may stand in a log: the characters of RFC 6749 §5.2, not many.
func errorCode(text string) string {
	if len(text) > 64 || strings.IndexFunc(text, func(r rune) bool { return r < 0x21 || r > 0x7e || r == '"' || r == '\\' }) >= 0 {
		return ""
	}
	return text
}
