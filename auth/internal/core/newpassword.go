package core

import "context"

// NewPassword is a password that somebody is about to get, and whose it will be
// as far as that is known.
type NewPassword struct{ Text, Email, Name string }

// CheckPassword asks everybody who may refuse a new password. It may wait, so it
// stands before every transaction. The password's length was looked at before.
func (c *Core) CheckPassword(ctx context.Context, p NewPassword) error {
	for _, check := range c.PasswordChecks {
		if err := check(ctx, &p); err != nil {
			return err
		}
	}
	return nil
}
