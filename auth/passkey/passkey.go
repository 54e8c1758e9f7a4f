// Package passkey signs people in with passkeys (WebAuthn Level 3): a key that an
// authenticator makes and keeps, and that signs a challenge.
//
// # A ceremony
//
// begins with options, which name a challenge. What is stored of that is a hash,
// good for five minutes and one try, under a random value that only the browser's
// signed cookie has: an answer counts in the browser that asked, once. The answer
// is verified first and the challenge taken in the transaction that makes the
// session, so that a sign-in is one write; an answer that does not hold takes the
// challenge too.
//
// # What the package keeps to
//
// The user handle is random: authenticators show it to whoever holds them, and it
// must tell nothing. A credential belongs to one user. A counter that goes back
// refuses the sign-in and marks the passkey. A key that was verified with its
// person (PIN, finger, face) is two factors, for it is also something they have;
// it counts so only where the person was verified when the key was made, for
// otherwise a thief may have set the PIN (§7.2, uvInitialized).
//
// The package must not make users or sessions itself: core does, with all its gates.
package passkey

import (
	"context"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Mails are what a sign-up sends.
type Mails interface {
	// QueueVerification sends the link that proves an address.
	QueueVerification(ctx context.Context, tx *store.Tx, email, callbackURL, languages string) (string, error)
	// QueueExisting tells the owner of an address that somebody wanted an account with it.
	QueueExisting(ctx context.Context, tx *store.Tx, email, languages string) (string, error)
}

// Service is the capability. Build it with [New].
type Service struct {
	core  *core.Core
	cfg   config.Passkey
	mails Mails
}

// New connects the capability, as far as it is on.
func New(c *core.Core, mails Mails) *Service {
	s := &Service{core: c, cfg: c.Config.Passkey, mails: mails}
	// Who registered an address before its owner came keeps no key to it. Rows that
	// were made while passkeys were on count here too.
	c.MailboxClaimed.On(func(ctx context.Context, tx *store.Tx, u *core.User) error {
		return deletePasskeysOf(ctx, tx, u.ID)
	})
	if s.cfg.Enabled {
		c.WaysIn = append(c.WaysIn, s.waysIn)
	}
	return s
}

// Enabled tells whether passkeys are on.
func (s *Service) Enabled() bool { return s.cfg.Enabled }

// Idle tells whether people have passkeys that let nobody in, because the capability
// is off.
func (s *Service) Idle(ctx context.Context) (bool, error) {
	if s.cfg.Enabled {
		return false, nil
	}
	return anyPasskey(ctx, s.core.DB)
}

// Passkey is a key of a user: a credential record (WebAuthn L3 §4).
type Passkey struct {
	ID           string
	Name         string // the person's name for it, "" when they gave none
	PublicKey    string // COSE, in standard base64
	UserID       string
	CredentialID string // base64url
	Counter      int64
	DeviceType   string
	BackedUp     bool
	Transports   string // separated by commas
	CreatedAt    *time.Time
	AAGUID       string // the model of the authenticator, "" when unknown
	UserHandle   string // base64url; "" of an imported one that was not used yet
	UserVerified bool   // the person was verified when it was made
	LastUsedAt   *time.Time
	CopiedAt     *time.Time // the counter went back
	// NeedsName: as far as is known it signs only for who names it, so that nobody signs in
	// with it alone. A page that does not know who they are must not name the keys that
	// somebody has (§14.6.2). A sign-in shows that it does.
	NeedsName bool
}

// The device types of the contract: whether a key stays on its device.
const (
	singleDevice = "singleDevice"
	multiDevice  = "multiDevice"
)

func deviceType(backupEligible bool) string {
	if backupEligible {
		return multiDevice
	}
	return singleDevice
}

// Provider is who keeps the key; the zero value when that is not known.
func (p *Passkey) Provider() Provider { return providers[p.AAGUID] }

// Label is what people know the passkey by: their own name, or its keeper's.
func (p *Passkey) Label() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Provider().Name
}

// maxName bounds the name that a person gives a passkey, in characters.
const maxName = 100

// tidy is a name as it is kept.
func tidy(name string) string {
	runes := []rune(strings.TrimSpace(strings.ToValidUTF8(name, "\ufffd")))
	return strings.TrimSpace(string(runes[:min(len(runes), maxName)]))
}

// allowedOrigin tells whether a ceremony may take place at an origin.
func (s *Service) allowedOrigin(origin string, trusts func(string) bool) bool {
	if origin == s.core.Config.URL || slices.Contains(s.cfg.Origins, origin) {
		return true
	}
	return len(s.cfg.Origins) == 0 && trusts(origin)
}

func (s *Service) verifiesUser() bool {
	return s.cfg.AuthenticatorSelection.UserVerification == "required"
}

func (s *Service) now(ctx context.Context) time.Time {
	return s.core.Now(ctx).UTC().Truncate(time.Millisecond)
}
