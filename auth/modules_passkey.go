package auth

import (
	"context"

	"authd/auth/internal/store"
	"authd/auth/password"
	"authd/auth/user"
)

// signUpMails are the mails of a sign-up without a password.
type signUpMails struct {
	*user.Service
	passwords *password.Service
}

// QueueExisting is the password's.
func (m signUpMails) QueueExisting(ctx context.Context, tx *store.Tx, email, languages string) (string, error) {
	return m.passwords.QueueExisting(ctx, tx, email, languages)
}
