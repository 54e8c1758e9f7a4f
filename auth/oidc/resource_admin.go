package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/store"
)

// CreateResource makes a resource. Errors: *api.OAuthError.
func (s *Service) CreateResource(ctx context.Context, r Resource) (*Resource, error) {
	if err := s.completeResource(&r); err != nil {
		return nil, err
	}
	r.PolicyVersion, r.CreatedAt, r.UpdatedAt = 1, s.now(ctx), s.now(ctx)
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertResource(ctx, tx, &r) })
	if store.IsUnique(err, "oauth_resource.identifier") {
		return nil, bad(invalidRequest, "resource "+clip(r.Identifier)+" already exists")
	}
	return &r, err
}

// Resources lists all.
func (s *Service) Resources(ctx context.Context) ([]*Resource, error) {
	return listResources(ctx, s.core.DB)
}

// Resource reads one. Errors: ErrResourceNotFound.
func (s *Service) Resource(ctx context.Context, identifier string) (*Resource, error) {
	return s.resource(ctx, s.core.DB, identifier)
}

func (s *Service) resource(ctx context.Context, q store.Querier, identifier string) (*Resource, error) {
	r, err := findResource(ctx, q, identifier, "")
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrResourceNotFound
	}
	return r, err
}

// ResourceClients are the ids of the clients that are linked to a resource.
func (s *Service) ResourceClients(ctx context.Context, identifier string) ([]string, error) {
	return linkedClients(ctx, s.core.DB, identifier)
}

// UpdateResource changes a resource; tokens that were given keep what they say.
// Errors: ErrResourceNotFound, *api.OAuthError.
func (s *Service) UpdateResource(ctx context.Context, identifier string, change func(*Resource) error) (*Resource, error) {
	var changed *Resource
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := s.resource(ctx, tx, identifier)
		if err != nil {
			return err
		}
		if r.Declared && !r.Disabled {
			return bad(invalidRequest, "a declared resource is changed in authd.toml")
		}
		if err := change(r); err != nil {
			return err
		}
		if err := s.completeResource(r); err != nil {
			return err
		}
		r.PolicyVersion, r.UpdatedAt, changed = r.PolicyVersion+1, s.now(ctx), r
		return updateResource(ctx, tx, r)
	})
	return changed, err
}

// DeleteResource removes a resource; new tokens for it are refused from then on.
// Errors: ErrResourceNotFound, *api.OAuthError.
func (s *Service) DeleteResource(ctx context.Context, identifier string) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := s.resource(ctx, tx, identifier)
		if err != nil {
			return err
		}
		if r.Declared && !r.Disabled {
			return bad(invalidRequest, "a declared resource is removed from authd.toml first")
		}
		return deleteResource(ctx, tx, identifier)
	})
}

// LinkResource lets a client ask for tokens for a resource, and introspect them.
// Errors: ErrResourceNotFound, ErrClientNotFound.
func (s *Service) LinkResource(ctx context.Context, identifier, clientID string) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := s.resource(ctx, tx, identifier); err != nil {
			return err
		}
		if _, err := s.client(ctx, tx, clientID); err != nil {
			return err
		}
		return linkResource(ctx, tx, clientID, identifier, false, s.now(ctx))
	})
}

// UnlinkResource takes that back; it tells whether there was a link.
func (s *Service) UnlinkResource(ctx context.Context, identifier, clientID string) (bool, error) {
	var n int64
	err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		n, err = unlinkResource(ctx, tx, clientID, identifier)
		return err
	})
	return n > 0, err
}

// completeResource fills in defaults and says what is wrong.
func (s *Service) completeResource(r *Resource) error {
	if wrong := checkIdentifier(r.Identifier); wrong != "" {
		return bad(invalidTarget, "identifier "+wrong)
	}
	if r.Identifier == s.userinfoURL || r.Identifier == s.issuer {
		return bad(invalidTarget, "identifier is this server's own")
	}
	setDefault(&r.Name, r.Identifier)
	switch {
	case len(r.Name) > 2*maxRedirectURI:
		return bad(invalidRequest, "name is too long")
	case r.AccessTokenExpiresIn < 0 || r.RefreshTokenExpiresIn < 0 || r.AccessTokenExpiresIn > 400*24*time.Hour || r.RefreshTokenExpiresIn > 400*24*time.Hour:
		return bad(invalidRequest, "accessTokenTtl and refreshTokenTtl are seconds, at most 400 days")
	case r.SigningAlgorithm != "" && !slices.Contains(signingAlgs(), r.SigningAlgorithm):
		return bad(invalidRequest, "signingAlgorithm is not one of this server's")
	}
	size := len(r.Metadata)
	for name, value := range r.CustomClaims {
		if reservedClaim(name) {
			return bad(invalidRequest, "customClaims cannot have "+clip(asciiOnly(name)))
		}
		size += len(name) + len(value)
	}
	if size > maxObject {
		return bad(invalidRequest, "customClaims and metadata have at most 16 kB")
	}
	if len(r.AllowedScopes) > maxList {
		return bad(invalidRequest, "allowedScopes has too many values")
	}
	return nil
}

// reconcileResources makes the resources and links of authd.toml what it says. A
// resource that is no longer declared is disabled, a link is taken away.
func (s *Service) reconcileResources(ctx context.Context) error {
	declared := s.cfg.Resources
	known, err := s.Resources(ctx)
	if err != nil {
		return err
	}
	var done changes
	for _, old := range known {
		gone := !slices.ContainsFunc(declared, func(d config.Resource) bool { return d.Identifier == old.Identifier })
		if !gone || !old.Declared || old.Disabled {
			continue
		}
		old.Disabled, old.UpdatedAt = true, s.now(ctx)
		if err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return updateResource(ctx, tx, old) }); err != nil {
			return err
		}
		done.disabled++
	}
	for i := range declared {
		var now changes
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			now, err = s.declareResource(ctx, tx, &declared[i], known)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", declared[i].Identifier, err)
		}
		done.created, done.updated = done.created+now.created, done.updated+now.updated
	}
	if done != (changes{}) {
		s.core.Log.Info("declared resources", slog.Int("created", done.created), slog.Int("updated", done.updated), slog.Int("disabled", done.disabled))
	}
	return nil
}

func (s *Service) declareResource(ctx context.Context, tx *store.Tx, d *config.Resource, known []*Resource) (changes, error) {
	now := s.now(ctx)
	r := &Resource{
		Identifier: d.Identifier, Name: d.Name, AccessTokenExpiresIn: d.AccessTokenTTL.Truncate(time.Second),
		RefreshTokenExpiresIn: d.RefreshTokenTTL.Truncate(time.Second), SigningAlgorithm: d.SigningAlgorithm,
		DPoPBound: d.DPoPBoundAccessTokensRequired, Declared: true, PolicyVersion: 1, CreatedAt: now, UpdatedAt: now,
	}
	if len(d.AllowedScopes) > 0 {
		r.AllowedScopes = d.AllowedScopes
	}
	if err := s.completeResource(r); err != nil {
		return changes{}, err
	}
	at := slices.IndexFunc(known, func(old *Resource) bool { return old.Identifier == r.Identifier })
	if at < 0 {
		if err := insertResource(ctx, tx, r); err != nil {
			return changes{}, err
		}
		return changes{created: 1}, s.declareLinks(ctx, tx, d)
	}
	old := known[at]
	r.ID, r.CustomClaims, r.Metadata = old.ID, old.CustomClaims, old.Metadata
	r.PolicyVersion, r.CreatedAt, r.UpdatedAt = old.PolicyVersion, old.CreatedAt, old.UpdatedAt
	if reflect.DeepEqual(r, old) {
		return changes{}, s.declareLinks(ctx, tx, d)
	}
	r.PolicyVersion, r.UpdatedAt = old.PolicyVersion+1, now
	if err := updateResource(ctx, tx, r); err != nil {
		return changes{}, err
	}
	return changes{updated: 1}, s.declareLinks(ctx, tx, d)
}

func (s *Service) declareLinks(ctx context.Context, tx *store.Tx, d *config.Resource) error {
	before, err := declaredLinks(ctx, tx, d.Identifier)
	if err != nil {
		return err
	}
	for _, clientID := range before {
		if !slices.Contains(d.Clients, clientID) {
			if _, err := unlinkResource(ctx, tx, clientID, d.Identifier); err != nil {
				return err
			}
		}
	}
	for _, clientID := range d.Clients {
		if _, err := s.client(ctx, tx, clientID); err != nil {
			return fmt.Errorf("client %s: %w", clientID, err)
		}
		if err := linkResource(ctx, tx, clientID, d.Identifier, true, s.now(ctx)); err != nil {
			return err
		}
	}
	return nil
}
