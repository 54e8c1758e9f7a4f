package oidc

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// maxSecrets bounds how many secrets a client has at once.
const maxSecrets = 5

// secretMatches compares with every secret that counts, in constant time. A
// secret has 256 bits of chance, or at least 32 characters of the operator's
// choice: a fast hash suffices.
func (c *Client) secretMatches(secret string, now time.Time) bool {
	shown := []byte(core.HashToken(secret))
	match := 0
	if c.secretHash != "" {
		match = subtle.ConstantTimeCompare(shown, []byte(c.secretHash))
	}
	for _, old := range c.Settings.PreviousSecrets {
		if old.Hash != "" && old.counts(now) {
			match |= subtle.ConstantTimeCompare(shown, []byte(old.Hash))
		}
	}
	return match == 1
}

func (p *previousSecret) counts(now time.Time) bool {
	return p.Expires.IsZero() || now.Before(p.Expires)
}

// newSecret has 256 bits of chance and a prefix that secret scanners can know.
func newSecret() string { return "authd_cs_" + core.NewToken(43) }

// RotateSecret gives a client a new secret. The one it had counts for overlap
// longer; 0 ends it at once, and with it all older ones: that is for a secret
// that leaked. Errors: ErrClientNotFound, *api.OAuthError for a client without
// secrets or whose secret stands in authd.toml.
func (s *Service) RotateSecret(ctx context.Context, clientID string, overlap time.Duration) (string, error) {
	secret := newSecret()
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := s.client(ctx, tx, clientID)
		if err != nil {
			return err
		}
		if !c.hasSecret() {
			return bad(invalidClient, "this client has no secret")
		}
		if c.Declared {
			return bad(invalidClient, "the secret of a declared client is changed in authd.toml")
		}
		c.replaceSecret(core.HashToken(secret), s.now(ctx), overlap)
		return updateClient(ctx, tx, c)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// replaceSecret keeps what counts beside the new secret.
func (c *Client) replaceSecret(hash string, now time.Time, overlap time.Duration) {
	kept := slices.DeleteFunc(slices.Clone(c.Settings.PreviousSecrets), func(old previousSecret) bool {
		return overlap <= 0 || !old.counts(now)
	})
	if overlap > 0 && c.secretHash != "" {
		kept = append(kept, previousSecret{ID: core.NewID(), Hash: c.secretHash, Created: now, Expires: now.Add(overlap)})
	}
	if over := len(kept) - (maxSecrets - 1); over > 0 {
		kept = kept[over:]
	}
	if len(kept) == 0 {
		kept = nil
	}
	c.Settings.PreviousSecrets = kept
	c.secretHash, c.UpdatedAt = hash, now
}
