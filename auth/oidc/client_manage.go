package oidc

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Clients are looked after by two: whoever runs the server, who may say
// everything ([Service.AddClient], [Service.ChangeClient]), and the person who
// made a client (the Own methods), who may say what a client may say of itself.
// A person's client can never skip consent, act for itself or exchange tokens,
// and nothing is fetched for it from a private network.

// AddClient makes a client of its metadata, in standard names, as the operator
// says it; id is "" for a random one. The secret is returned this once. Errors:
// ErrClientExists, *api.OAuthError.
func (s *Service) AddClient(ctx context.Context, id string, metadata []byte) (*Client, string, error) {
	c, err := clientOf(metadata, true)
	if err != nil {
		return nil, "", err
	}
	c.ID = id
	return s.CreateClient(ctx, c, "")
}

// ChangeClient changes what metadata names: null takes it away, what is absent
// stays. A secret is returned when the client needs one and had none. Errors:
// ErrClientNotFound, *api.OAuthError.
func (s *Service) ChangeClient(ctx context.Context, clientID string, metadata []byte) (*Client, string, error) {
	c, err := s.Client(ctx, clientID)
	if err != nil {
		return nil, "", err
	}
	return s.change(ctx, c, metadata, nil)
}

// SetClientDisabled ends what a client may do, or lets it go on. Errors: ErrClientNotFound,
// *api.OAuthError for a declared client.
func (s *Service) SetClientDisabled(ctx context.Context, clientID string, disabled bool) (*Client, error) {
	return s.mark(ctx, clientID, func(c *Client) { c.Disabled = disabled })
}

// SetClientChecked says whether somebody who runs the server has looked at a client that
// registered itself: people are warned of one that nobody has, and it is swept away when it
// is not used. Errors: as SetClientDisabled.
func (s *Service) SetClientChecked(ctx context.Context, clientID string, checked bool) (*Client, error) {
	return s.mark(ctx, clientID, func(c *Client) { c.Unverified, c.Settings.Checked = !checked, checked })
}

func (s *Service) mark(ctx context.Context, clientID string, set func(*Client)) (c *Client, err error) {
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if c, err = s.client(ctx, tx, clientID); err != nil {
			return err
		}
		if c.Declared {
			return errDeclared()
		}
		set(c)
		c.UpdatedAt = s.now(ctx)
		return updateClient(ctx, tx, c)
	})
	return c, err
}

func errDeclared() *api.OAuthError {
	return bad(invalidClient, "a declared client is changed in authd.toml")
}

// change makes c what the metadata says, unless somebody else changed it meanwhile.
// owner is the person who says it, nil for the operator.
func (s *Service) change(ctx context.Context, c *Client, metadata []byte, owner *core.User) (*Client, string, error) {
	if c.Declared {
		return nil, "", errDeclared()
	}
	next, err := withMetadata(c, metadata, owner == nil)
	if err != nil {
		return nil, "", err
	}
	if owner != nil {
		if err := s.ownBounds(&next); err != nil {
			return nil, "", err
		}
		// Nobody has looked at what it is now.
		next.Unverified = next.Unverified || c.Registration == madeByPerson && !owner.HasRole("admin")
	}
	if err := s.complete(&next); err != nil {
		return nil, "", err
	}
	if err := s.checkSector(ctx, &next); err != nil {
		return nil, "", err
	}
	secret := next.settleSecret()
	if next.UpdatedAt = s.now(ctx); !next.UpdatedAt.After(c.UpdatedAt) {
		next.UpdatedAt = c.UpdatedAt.Add(time.Millisecond)
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		now, err := s.client(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(now.settled(), c.settled()) {
			return bad(invalidRequest, "the client was changed at the same time; try again")
		}
		next.LastUsedAt = now.LastUsedAt
		return updateClient(ctx, tx, &next)
	})
	if err != nil {
		return nil, "", err
	}
	return &next, secret, nil
}

// settled is the client without what its use changes.
func (c *Client) settled() []any {
	still := *c
	still.LastUsedAt = nil
	return still.values()
}

// settleSecret gives a client the secret that it needs and has not, and takes
// those that it no longer needs.
func (c *Client) settleSecret() (made string) {
	if !c.hasSecret() {
		c.secretHash, c.Settings.PreviousSecrets = "", nil
		return ""
	}
	if c.secretHash != "" {
		return ""
	}
	made = newSecret()
	c.secretHash = core.HashToken(made)
	return made
}

// OwnClients lists the clients that a person made.
func (s *Service) OwnClients(ctx context.Context, userID string) ([]*Client, error) {
	return clientsOf(ctx, s.core.DB, userID)
}

// OwnClient reads a client of a person's. Errors: *api.OAuthError not_found,
// api.ErrUnauthorized for the clients of others and of the server.
func (s *Service) OwnClient(ctx context.Context, userID, clientID string) (*Client, error) {
	return s.ownClient(ctx, s.core.DB, userID, clientID)
}

func (s *Service) ownClient(ctx context.Context, q store.Querier, userID, clientID string) (*Client, error) {
	c, err := s.client(ctx, q, clientID)
	switch {
	case errors.Is(err, ErrClientNotFound):
		return nil, missing("client not found")
	case err != nil:
		return nil, err
	case userID == "" || c.UserID != userID:
		return nil, api.ErrUnauthorized
	}
	return c, nil
}

// CreateOwnClient makes a client that belongs to a person. Whoever is no
// administrator makes one that nobody has looked at: people are told so when
// they are asked for consent. Errors: *api.OAuthError.
func (s *Service) CreateOwnClient(ctx context.Context, owner *core.User, metadata []byte) (*Client, string, error) {
	c, err := clientOf(metadata, false)
	if err != nil {
		return nil, "", err
	}
	if err := s.ownBounds(&c); err != nil {
		return nil, "", err
	}
	if len(c.GrantTypes) == 0 {
		c.GrantTypes = []string{grantCode} // RFC 7591 §2, as of clients that register themselves
	}
	c.ID, c.UserID, c.Registration, c.Unverified = core.NewToken(32), owner.ID, madeByPerson, !owner.HasRole("admin")
	if err := s.complete(&c); err != nil {
		return nil, "", err
	}
	if err := s.checkSector(ctx, &c); err != nil {
		return nil, "", err
	}
	secret := c.settleSecret()
	c.CreatedAt, c.UpdatedAt = s.now(ctx), s.now(ctx)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.roomFor(ctx, tx, owner.ID); err != nil {
			return err
		}
		return insertClient(ctx, tx, &c)
	})
	if err != nil {
		return nil, "", err
	}
	return &c, secret, nil
}

// roomFor bounds how many clients belong to a person, however they were made.
func (s *Service) roomFor(ctx context.Context, tx *store.Tx, userID string) error {
	n, err := countClientsOf(ctx, tx, userID)
	if err == nil && n >= int64(s.cfg.MaxClientsPerPerson) {
		return &api.OAuthError{Status: 403, Code: accessDenied, Description: "a person may not have more clients than this"}
	}
	return err
}

// ownBounds: what needs more trust than a person has who only signed up.
func (s *Service) ownBounds(c *Client) error {
	for _, grant := range c.GrantTypes {
		if grant == grantClientCredentials || grant == grantTokenExchange {
			return bad(invalidMetadata, "grant type "+grant+" is for clients that the server's operator makes")
		}
	}
	return s.checkAsked(c)
}

// UpdateOwnClient changes a person's client. Errors: as OwnClient, *api.OAuthError.
func (s *Service) UpdateOwnClient(ctx context.Context, owner *core.User, clientID string, metadata []byte) (*Client, string, error) {
	c, err := s.OwnClient(ctx, owner.ID, clientID)
	if err != nil {
		return nil, "", err
	}
	return s.change(ctx, c, metadata, owner)
}

// RotateOwnSecret gives a person's client a new secret; the old one ends at
// once. Errors: as OwnClient, *api.OAuthError for a client without a secret.
func (s *Service) RotateOwnSecret(ctx context.Context, userID, clientID string) (*Client, string, error) {
	c, err := s.OwnClient(ctx, userID, clientID)
	if err != nil {
		return nil, "", err
	}
	if !c.hasSecret() {
		return nil, "", bad(invalidClient, "secret rotation is only available for clients using client_secret authentication")
	}
	secret, err := s.RotateSecret(ctx, c.ID, 0)
	return c, secret, err
}

// DeleteOwnClient removes a person's client with all that it was given. Errors:
// as OwnClient, *api.OAuthError for a declared one.
func (s *Service) DeleteOwnClient(ctx context.Context, userID, clientID string) error {
	if _, err := s.OwnClient(ctx, userID, clientID); err != nil {
		return err
	}
	return s.DeleteClient(ctx, clientID)
}

// ClientFace is what anybody who is asked to sign in may know of a client.
type ClientFace struct {
	ClientID     string   `json:"client_id"`
	ClientName   string   `json:"client_name,omitempty"`
	ClientURI    string   `json:"client_uri,omitempty"`
	LogoURI      string   `json:"logo_uri,omitempty"`
	Contacts     []string `json:"contacts,omitempty"`
	TOSURI       string   `json:"tos_uri,omitempty"`
	PolicyURI    string   `json:"policy_uri,omitempty"`
	RedirectURIs []string `json:"redirect_uris"` // always empty: the contract has the field
}

// Face shows a client to who is asked to sign in. Errors: *api.OAuthError not_found.
func (s *Service) Face(ctx context.Context, clientID string) (*ClientFace, error) {
	c, err := s.known(ctx, clientID)
	if errors.Is(err, ErrClientNotFound) || err == nil && c.Disabled {
		return nil, missing("client not found")
	}
	if err != nil {
		return nil, err
	}
	return &ClientFace{
		ClientID: c.ID, ClientName: c.Name, ClientURI: c.URI, LogoURI: c.Icon, Contacts: c.Contacts, TOSURI: c.TOS, PolicyURI: c.Policy,
		RedirectURIs: []string{},
	}, nil
}

// FaceBeforeLogin is Face for who is not signed in yet and has the signed query
// of a request of that very client. Errors: *api.OAuthError.
func (s *Service) FaceBeforeLogin(ctx context.Context, clientID, query string) (*ClientFace, error) {
	params, _, err := s.openQuery(query, s.now(ctx))
	if err != nil || !slices.Equal(params["client_id"], []string{clientID}) {
		return nil, &api.OAuthError{Status: 401, Code: errSignature.Code}
	}
	return s.Face(ctx, clientID)
}
