package core

import (
	"context"
	"strings"

	"authd/auth/internal/store"
)

// LinkRules is what a way of signing in says about a provider, beside the
// configured rules of account.Link.
type LinkRules struct {
	// Trusted: addresses of this provider count although it did not verify them.
	Trusted bool
	// OverrideUserInfo: what the provider tells replaces the user's profile at every sign-in.
	OverrideUserInfo bool
	// SignUp makes the user of an identity that nobody has, after the checks of a
	// sign-up; nil where strangers do not get in.
	SignUp func(ctx context.Context, tx *store.Tx) (*User, error)
	// Languages is the person's Accept-Language, for a mail that tells them something.
	Languages string
	// Mails, where it is set, gets the jobs of such mails, for Mail.Sent after the commit.
	Mails *[]string
}

// LinkError tells why an identity does not become, or is not, a way in.
type LinkError struct {
	Code string // as it stands in a redirect
}

// Error is the code in words, as the contract's JSON answers have it.
func (e *LinkError) Error() string { return strings.ReplaceAll(e.Code, "_", " ") }

// The refusals of account.Link (a sign-in) and account.LinkTo (somebody who is
// signed in connects an identity), as the contract's redirects word them.
var (
	ErrNotLinked      = &LinkError{"account_not_linked"}
	ErrSignUpRefused  = &LinkError{"signup_disabled"}
	ErrNoEmail        = &LinkError{"email_not_found"}
	ErrLinkNotAllowed = &LinkError{"unable_to_link_account"}
	ErrLinkOtherEmail = &LinkError{"email_does_not_match"}
	ErrLinkTaken      = &LinkError{"account_already_linked_to_different_user"}
)
