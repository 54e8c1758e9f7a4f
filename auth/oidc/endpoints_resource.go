package oidc

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"authd/auth/internal/api"
)

// resourceOperations manage the APIs that tokens are asked for by name. Names and
// fields are those of the contract's server-only operations.
func (s *Service) resourceOperations(op func(name, doc string) api.Endpoint) []api.Endpoint {
	return []api.Endpoint{
		api.Handle(op("adminCreateOAuthResource", "Make a resource: an API that access tokens are asked for by its identifier (RFC 8707)."), s.createResource),
		api.Handle(op("adminListOAuthResources", "List all resources."), s.listResources),
		api.Handle(op("adminGetOAuthResource", "Read one resource."), s.getResource),
		api.Handle(op("adminUpdateOAuthResource", "Change a resource. Fields that are left out stay; null takes a value away."), s.updateResource),
		api.Handle(op("adminDeleteOAuthResource", "Remove a resource. Tokens for it that are JWTs count until they end."), s.deleteResource),
		api.Handle(op("adminLinkClientResource", "Let a client ask for tokens for a resource, and introspect them."), s.linkResource),
		api.Handle(op("adminUnlinkClientResource", "Take that back."), s.unlinkResource),
	}
}

// resourceIn has any where the contract takes null.
type resourceIn struct {
	Identifier    string `body:"identifier,notempty"`
	Name          string `body:"name,optional"`
	AccessTTL     any    `body:"accessTokenTtl,optional" doc:"Seconds, or null."`
	RefreshTTL    any    `body:"refreshTokenTtl,optional" doc:"Seconds, or null."`
	Algorithm     any    `body:"signingAlgorithm,optional" doc:"EdDSA, ES256, RS256 or PS256, or null."`
	KeyID         any    `body:"signingKeyId,optional" doc:"Only null: the newest key of the algorithm signs."`
	AllowedScopes any    `body:"allowedScopes,optional" doc:"A list, or null for all."`
	CustomClaims  any    `body:"customClaims,optional" doc:"Added to access tokens as they stand, or null."`
	DPoPBound     *bool  `body:"dpopBoundAccessTokensRequired,optional"`
	Disabled      *bool  `body:"disabled,optional"`
	Metadata      any    `body:"metadata,optional" doc:"An object, or null."`
}

type resourceName struct {
	Identifier string `body:"identifier,notempty"`
}

type resourceLink struct {
	Identifier string `body:"identifier,notempty"`
	ClientID   string `body:"client_id,notempty"`
}

// ResourceInfo is a resource as it is told.
type ResourceInfo struct {
	Identifier    string                     `json:"identifier"`
	Name          string                     `json:"name"`
	AccessTTL     *int64                     `json:"accessTokenTtl"`
	RefreshTTL    *int64                     `json:"refreshTokenTtl"`
	Algorithm     *string                    `json:"signingAlgorithm"`
	KeyID         *string                    `json:"signingKeyId"`
	AllowedScopes []string                   `json:"allowedScopes"`
	CustomClaims  map[string]json.RawMessage `json:"customClaims"`
	DPoPBound     bool                       `json:"dpopBoundAccessTokensRequired"`
	Disabled      bool                       `json:"disabled"`
	PolicyVersion int64                      `json:"policyVersion"`
	Metadata      json.RawMessage            `json:"metadata"`
	CreatedAt     time.Time                  `json:"createdAt"`
	UpdatedAt     time.Time                  `json:"updatedAt"`
	ID            string                     `json:"id"`
	// Challenge is what the API answers with 401 in WWW-Authenticate, so that
	// clients find this server (RFC 9728 §5.1).
	Challenge string `json:"challenge,omitempty"`
}

// Info is the resource as answers show it.
func (r *Resource) Info() ResourceInfo {
	return ResourceInfo{
		Identifier: r.Identifier, Name: r.Name, AccessTTL: nullSeconds(r.AccessTokenExpiresIn), RefreshTTL: nullSeconds(r.RefreshTokenExpiresIn),
		Algorithm: null(r.SigningAlgorithm), AllowedScopes: r.AllowedScopes, CustomClaims: r.CustomClaims, DPoPBound: r.DPoPBound,
		Disabled: r.Disabled, PolicyVersion: r.PolicyVersion, Metadata: r.Metadata, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ID: r.ID,
		Challenge: ResourceChallenge(r.Identifier, "", ""),
	}
}

// into lays what came over a resource.
func (in *resourceIn) into(r *Resource, came map[string]any) error {
	has := func(name string) bool { _, ok := came[name]; return ok }
	if in.Name != "" {
		r.Name = in.Name
	}
	for _, ttl := range []struct {
		name  string
		field *time.Duration
	}{{"accessTokenTtl", &r.AccessTokenExpiresIn}, {"refreshTokenTtl", &r.RefreshTokenExpiresIn}} {
		if !has(ttl.name) {
			continue
		}
		number, _ := came[ttl.name].(json.Number)
		seconds, err := number.Int64()
		if came[ttl.name] != nil && (err != nil || seconds < 1 || seconds > 1e9) {
			return bad(invalidRequest, ttl.name+" must be a number of seconds or null")
		}
		*ttl.field = time.Duration(seconds) * time.Second
	}
	if has("signingAlgorithm") {
		name, isText := in.Algorithm.(string)
		if in.Algorithm != nil && (!isText || !slices.Contains(signingAlgs(), name)) {
			return bad(invalidRequest, "signingAlgorithm is not one of this server's")
		}
		r.SigningAlgorithm = name
	}
	if in.KeyID != nil {
		return bad(invalidRequest, "signingKeyId is not supported: the newest key of the algorithm signs")
	}
	if err := in.objects(r, has); err != nil {
		return err
	}
	if in.DPoPBound != nil {
		r.DPoPBound = *in.DPoPBound
	}
	if in.Disabled != nil {
		r.Disabled = *in.Disabled
	}
	return nil
}

func (in *resourceIn) objects(r *Resource, has func(string) bool) error {
	if has("allowedScopes") {
		r.AllowedScopes = nil
		if err := reread(in.AllowedScopes, &r.AllowedScopes); err != nil {
			return bad(invalidRequest, "allowedScopes must be a list of scopes or null")
		}
	}
	if has("customClaims") {
		r.CustomClaims = nil
		if err := reread(in.CustomClaims, &r.CustomClaims); err != nil {
			return bad(invalidRequest, "customClaims must be an object or null")
		}
	}
	if has("metadata") {
		var object map[string]any
		if err := reread(in.Metadata, &object); err != nil {
			return bad(invalidRequest, "metadata must be an object or null")
		}
		r.Metadata = nil
		if object != nil {
			return reread(in.Metadata, &r.Metadata)
		}
	}
	return nil
}

// reread puts a decoded JSON value into something with a type.
func reread(value, into any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// resourceError answers 404 in the contract's words.
func resourceError(err error) error {
	if errors.Is(err, ErrResourceNotFound) || errors.Is(err, ErrClientNotFound) {
		return &api.OAuthError{Status: http.StatusNotFound, Code: "not_found", Description: err.Error()}
	}
	return err
}

func (s *Service) createResource(r *api.Request, in *resourceIn) (api.JSON, error) {
	made := Resource{Identifier: in.Identifier}
	if err := in.into(&made, r.Body); err != nil {
		return api.JSON{}, err
	}
	created, err := s.CreateResource(r.Context(), made)
	if err != nil {
		return api.JSON{}, err
	}
	r.Security("oauth-resource-created", "resource", created.Identifier)
	return api.JSON{Status: http.StatusCreated, Body: created.Info()}, nil
}

func (s *Service) listResources(r *api.Request, _ *api.None) ([]ResourceInfo, error) {
	all, err := s.Resources(r.Context())
	list := make([]ResourceInfo, 0, len(all))
	for _, one := range all {
		list = append(list, one.Info())
	}
	return list, err
}

func (s *Service) getResource(r *api.Request, in *resourceName) (ResourceInfo, error) {
	one, err := s.Resource(r.Context(), in.Identifier)
	if err != nil {
		return ResourceInfo{}, resourceError(err)
	}
	return one.Info(), nil
}

func (s *Service) updateResource(r *api.Request, in *resourceIn) (ResourceInfo, error) {
	one, err := s.UpdateResource(r.Context(), in.Identifier, func(one *Resource) error { return in.into(one, r.Body) })
	if err != nil {
		return ResourceInfo{}, resourceError(err)
	}
	r.Security("oauth-resource-changed", "resource", one.Identifier)
	return one.Info(), nil
}

type deletedBody struct {
	Deleted bool `json:"deleted"`
}

func (s *Service) deleteResource(r *api.Request, in *resourceName) (deletedBody, error) {
	if err := s.DeleteResource(r.Context(), in.Identifier); err != nil {
		return deletedBody{}, resourceError(err)
	}
	r.Security("oauth-resource-deleted", "resource", in.Identifier)
	return deletedBody{true}, nil
}

type linkedBody struct {
	Linked bool `json:"linked"`
}

func (s *Service) linkResource(r *api.Request, in *resourceLink) (linkedBody, error) {
	if err := s.LinkResource(r.Context(), in.Identifier, in.ClientID); err != nil {
		return linkedBody{}, resourceError(err)
	}
	r.Security("oauth-resource-linked", "resource", in.Identifier, "client", in.ClientID)
	return linkedBody{true}, nil
}

type unlinkedBody struct {
	Unlinked bool `json:"unlinked"`
}

func (s *Service) unlinkResource(r *api.Request, in *resourceLink) (unlinkedBody, error) {
	gone, err := s.UnlinkResource(r.Context(), in.Identifier, in.ClientID)
	if err == nil && gone {
		r.Security("oauth-resource-unlinked", "resource", in.Identifier, "client", in.ClientID)
	}
	return unlinkedBody{true}, err // there is no link now, whether there was one or not
}
