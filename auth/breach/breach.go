// Package breach refuses new passwords that are known from breaches, as NIST
// SP 800-63B section 5.1.1.2 has it: attackers try those first.
//
// It asks the range API of Have I Been Pwned, which learns the first five of
// forty hexadecimal digits of the password's SHA-1 and so not which of some
// thousand passwords it was asked for, or a list on this server, which tells
// nobody anything. An answer that does not come refuses nobody: the check makes
// passwords better, and nothing depends on it. It must not log a password, nor
// any part of its hash.
package breach

import (
	"context"
	"crypto/sha1" //nolint:gosec // what the lists are made of; nothing is protected by it
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"

	"authd/auth/internal/core"
)

// list tells whether a password is known. prefix and suffix are the five and the
// thirty-five digits of its SHA-1, in capital letters.
type list interface {
	known(ctx context.Context, prefix, suffix string) (bool, error)
}

// Service is this capability.
type Service struct {
	list list
	log  *slog.Logger
}

// prefixDigits are what the range API learns.
const prefixDigits = 5

// New connects the capability when it is on. A list that is not there stops the start.
func New(c *core.Core) error {
	cfg := c.Config.HaveIBeenPwned
	if !cfg.Enabled {
		return nil
	}
	s := &Service{log: c.Log, list: newRanges(c.Egress, c.Now, cfg)}
	if cfg.Path != "" {
		files, err := openFiles(cfg.Path)
		if err != nil {
			return fmt.Errorf("have_i_been_pwned.path: %w", err)
		}
		s.list = files
	}
	c.PasswordChecks = append(c.PasswordChecks, s.check)
	return nil
}

// check refuses a password that is known. Errors: core.ErrCompromised.
func (s *Service) check(ctx context.Context, p *core.NewPassword) error {
	digest := sha1.Sum([]byte(p.Text)) //nolint:gosec // as above
	digits := strings.ToUpper(hex.EncodeToString(digest[:]))
	known, err := s.list.known(ctx, digits[:prefixDigits], digits[prefixDigits:])
	if err != nil {
		s.log.Warn("a new password was not checked for breaches", "error", err)
		return nil
	}
	if known {
		return core.ErrCompromised
	}
	return nil
}
