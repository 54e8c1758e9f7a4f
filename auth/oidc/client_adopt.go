package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// adoptedClient is a client as another server kept it.
type adoptedClient struct {
	ID         string    `json:"client_id"`
	SecretHash string    `json:"client_secret_hash"`
	UserID     string    `json:"user_id"`
	Disabled   bool      `json:"disabled"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// AdoptClient checks a client of another server's and gives what writes it, under
// its id and with its secret. raw is its metadata in standard names, with client_id,
// client_secret_hash (what [core.HashToken] makes of the secret), user_id, disabled,
// created_at and updated_at. Writing it fails with core.ErrAdopted where the id is
// taken. Errors: *api.OAuthError.
func (s *Service) AdoptClient(raw []byte) (write func(ctx context.Context, tx *store.Tx) error, err error) {
	var a adoptedClient
	if err := json.Unmarshal(raw, &a); err != nil || a.ID == "" {
		return nil, bad(invalidMetadata, "the client has no client_id")
	}
	c, err := clientOf(raw, true)
	if err != nil {
		return nil, err
	}
	c.ID, c.secretHash, c.UserID, c.Disabled, c.CreatedAt, c.UpdatedAt = a.ID, a.SecretHash, a.UserID, a.Disabled, a.CreatedAt, a.UpdatedAt
	// Who made it there is not known: it may have registered itself. Its addresses
	// are a stranger's.
	c.Registration = madeByPerson
	if err := s.complete(&c); err != nil {
		return nil, err
	}
	switch {
	case !c.hasSecret():
		c.secretHash = ""
	case c.secretHash == "":
		return nil, bad(invalidMetadata, "a client with "+c.TokenEndpointAuthMethod+" needs a secret")
	}
	return func(ctx context.Context, tx *store.Tx) error {
		err := insertClient(ctx, tx, &c)
		if store.IsUnique(err, "oauth_client.client_id") {
			return core.ErrAdopted
		}
		return err
	}, nil
}

// HasClient tells whether there is a client with this id.
func (s *Service) HasClient(ctx context.Context, clientID string) (bool, error) {
	_, err := s.Client(ctx, clientID)
	if errors.Is(err, ErrClientNotFound) {
		return false, nil
	}
	return err == nil, err
}
