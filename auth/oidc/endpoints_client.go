package oidc

import (
	"encoding/json"
	"net/http"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// clientEndpoints let a person look after the clients that they made, and tell
// pages whom a person is about to sign in to.
func (s *Service) clientEndpoints() []api.Endpoint {
	get := func(path, id, doc string) api.Endpoint {
		return api.Endpoint{
			Method: http.MethodGet, Path: "/oauth2/" + path, ID: id, Tag: tag, Guards: []api.Guard{s.core.RequireSession()}, Doc: doc,
		}
	}
	post := func(path, id, doc string) api.Endpoint {
		e := get(path, id, doc)
		e.Method = http.MethodPost
		return e
	}
	prelogin := post("public-client-prelogin", "getOAuthClientPublicPrelogin", "The same before the person has signed in, for a page that has the signed query.")
	prelogin.Guards = nil
	prelogin.Errors = []*api.Error{errPreloginOff}
	return []api.Endpoint{
		api.Handle(post("create-client", "createOAuthClient", "Makes a client of the caller's own. Its secret is in this answer and never again."), s.createOwnClient),
		api.Handle(get("get-client", "getOAuthClient", "One of the caller's clients."), s.getOwnClient),
		api.Handle(get("get-clients", "getOAuthClients", "The caller's clients."), s.getOwnClients),
		api.Handle(post("update-client", "updateOAuthClient", "Changes a client of the caller's own."), s.updateOwnClient),
		api.Handle(post("client/rotate-secret", "rotateClientSecret", "Gives a client of the caller's own a new secret; the old one ends."), s.rotateOwnSecret),
		api.Handle(post("delete-client", "deleteOAuthClient", "Deletes a client of the caller's own and all that it was given."), s.deleteOwnClient),
		api.Handle(get("public-client", "getOAuthClientPublic", "What people may know of a client that asks them to sign in."), s.getFace),
		api.Handle(prelogin, s.getFaceBeforeLogin),
	}
}

// ownClientIn is what a person may say of a client; the body is read by the one
// mapping of client metadata, which knows more names than the contract has.
type ownClientIn struct {
	RedirectURIs            []string `body:"redirect_uris,optional"`
	Scope                   string   `body:"scope,optional"`
	ClientName              string   `body:"client_name,optional"`
	ClientURI               string   `body:"client_uri,optional"`
	LogoURI                 string   `body:"logo_uri,optional"`
	Contacts                []string `body:"contacts,optional"`
	TOSURI                  string   `body:"tos_uri,optional"`
	PolicyURI               string   `body:"policy_uri,optional"`
	SoftwareID              string   `body:"software_id,optional"`
	SoftwareVersion         string   `body:"software_version,optional"`
	SoftwareStatement       string   `body:"software_statement,optional"`
	PostLogoutRedirectURIs  []string `body:"post_logout_redirect_uris,optional"`
	BackchannelLogoutURI    string   `body:"backchannel_logout_uri,optional"`
	BackchannelLogoutSID    bool     `body:"backchannel_logout_session_required,optional"`
	TokenEndpointAuthMethod *string  `body:"token_endpoint_auth_method,optional,notempty"`
	ApplicationType         *string  `body:"application_type,optional,enum=web|native"`
	JWKS                    any      `body:"jwks,optional"`
	JWKSURI                 string   `body:"jwks_uri,optional"`
	GrantTypes              []string `body:"grant_types,optional"`
	ResponseTypes           []string `body:"response_types,optional"`
	DPoP                    bool     `body:"dpop_bound_access_tokens,optional"`
}

func (s *Service) createOwnClient(r *api.Request, _ *ownClientIn) (api.JSON, error) {
	noStore(r)
	raw, err := bodyMetadata(r)
	if err != nil {
		return api.JSON{}, err
	}
	owner := core.Caller(r).User
	c, secret, err := s.CreateOwnClient(r.Context(), owner, raw)
	if err != nil {
		return api.JSON{}, err
	}
	r.Security("oauth-client-created", "client", c.ID, "user", owner.ID)
	return api.JSON{Status: http.StatusCreated, Body: c.Info(secret)}, nil
}

type clientQuery struct {
	ClientID string `query:"client_id"`
}

func (s *Service) getOwnClient(r *api.Request, in *clientQuery) (ClientInfo, error) {
	c, err := s.OwnClient(r.Context(), core.Caller(r).User.ID, in.ClientID)
	if err != nil {
		return ClientInfo{}, err
	}
	return c.Info(""), nil
}

func (s *Service) getOwnClients(r *api.Request, _ *api.None) ([]ClientInfo, error) {
	clients, err := s.OwnClients(r.Context(), core.Caller(r).User.ID)
	return infosOf(clients), err
}

func infosOf(clients []*Client) []ClientInfo {
	list := make([]ClientInfo, len(clients))
	for i, c := range clients {
		list[i] = c.Info("")
	}
	return list
}

type updateOwnClientIn struct {
	ClientID string      `body:"client_id"`
	Update   ownClientIn `body:"update"`
}

func (s *Service) updateOwnClient(r *api.Request, in *updateOwnClientIn) (ClientInfo, error) {
	raw, err := updateOf(r)
	if err != nil {
		return ClientInfo{}, err
	}
	caller := core.Caller(r).User
	c, secret, err := s.UpdateOwnClient(r.Context(), caller, in.ClientID, raw)
	if err != nil {
		return ClientInfo{}, err
	}
	if secret != "" {
		noStore(r)
	}
	r.Security("oauth-client-changed", "client", c.ID, "user", caller.ID)
	return c.Info(secret), nil
}

// updateOf is the metadata in the field update, as it came.
func updateOf(r *api.Request) ([]byte, error) {
	update, ok := r.Body["update"].(map[string]any)
	if !ok {
		return []byte("{}"), nil
	}
	return json.Marshal(update)
}

type clientIDIn struct {
	ClientID string `body:"client_id"`
}

func (s *Service) rotateOwnSecret(r *api.Request, in *clientIDIn) (ClientInfo, error) {
	noStore(r)
	caller := core.Caller(r).User.ID
	c, secret, err := s.RotateOwnSecret(r.Context(), caller, in.ClientID)
	if err != nil {
		return ClientInfo{}, err
	}
	r.Security("oauth-client-secret-rotated", "client", c.ID, "user", caller)
	return c.Info(secret), nil
}

func (s *Service) deleteOwnClient(r *api.Request, in *clientIDIn) (api.Empty, error) {
	caller := core.Caller(r).User.ID
	if err := s.DeleteOwnClient(r.Context(), caller, in.ClientID); err != nil {
		return api.Empty{}, err
	}
	r.Security("oauth-client-deleted", "client", in.ClientID, "user", caller)
	return api.Empty{}, nil
}

func (s *Service) getFace(r *api.Request, in *clientQuery) (*ClientFace, error) {
	return s.Face(r.Context(), in.ClientID)
}

type preloginIn struct {
	ClientID string `body:"client_id"`
	Query    string `body:"oauth_query,optional"`
}

func (s *Service) getFaceBeforeLogin(r *api.Request, in *preloginIn) (*ClientFace, error) {
	if !s.cfg.AllowPublicClientPrelogin {
		return nil, errPreloginOff
	}
	return s.FaceBeforeLogin(r.Context(), in.ClientID, in.Query)
}
