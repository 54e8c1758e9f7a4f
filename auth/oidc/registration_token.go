package oidc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// RegistrationToken is an initial access token (RFC 7591 §1.2): it lets its
// holder register clients that count as looked at.
type RegistrationToken struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	UsesLeft  *int64     `json:"usesLeft"`  // nil: no bound
	ExpiresAt *time.Time `json:"expiresAt"` // nil: never
	CreatedAt time.Time  `json:"createdAt"`
}

// CreateRegistrationToken makes one; its value is returned this once. uses and
// life of 0 mean without bound.
func (s *Service) CreateRegistrationToken(ctx context.Context, name string, uses int64, life time.Duration) (*RegistrationToken, string, error) {
	if name = strings.TrimSpace(name); name == "" || len(name) > 200 || uses < 0 || life < 0 {
		return nil, "", errors.New("a registration token needs a name of at most 200 characters, and no bound below zero")
	}
	t, value := &RegistrationToken{ID: core.NewID(), Name: name, CreatedAt: s.now(ctx)}, "authd_iat_"+core.NewToken(43)
	if uses > 0 {
		t.UsesLeft = &uses
	}
	if life > 0 {
		end := t.CreatedAt.Add(life)
		t.ExpiresAt = &end
	}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertRegistrationToken(ctx, tx, t, core.HashToken(value)) })
	if err != nil {
		return nil, "", fmt.Errorf("make a registration token: %w", err)
	}
	return t, value, nil
}

// RegistrationTokens lists them in the order of their making.
func (s *Service) RegistrationTokens(ctx context.Context) ([]RegistrationToken, error) {
	return listRegistrationTokens(ctx, s.core.DB)
}

// RevokeRegistrationToken ends one. What it registered stays. Errors: store.ErrNotFound.
func (s *Service) RevokeRegistrationToken(ctx context.Context, id string) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error { return deleteRegistrationToken(ctx, tx, id) })
}
