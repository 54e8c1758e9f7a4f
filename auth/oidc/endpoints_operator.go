package oidc

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"authd/auth/internal/api"
)

// Operations are this capability's part of the operator API.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	op := func(name, doc string) api.Endpoint {
		return api.Endpoint{
			Mount: api.Operator, Method: http.MethodPost, Path: "/" + name, ID: "operator." + name, Tag: "operator",
			Doc: doc, Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone,
		}
	}
	return []api.Endpoint{
		api.Handle(op("createOAuthClient", "Make an OAuth client. Its secret is in this answer and never again."), s.createClient),
		api.Handle(op("adminCreateOAuthClient", "The same, under the name of the contract's trusted form."), s.createClient),
	}
}

// clientIn is client metadata as it comes: RFC 7591 §2 and the contract's own fields.
type clientIn struct {
	RedirectURIs            []string       `body:"redirect_uris,optional"`
	Scope                   string         `body:"scope,optional"`
	ClientName              string         `body:"client_name,optional"`
	ClientURI               string         `body:"client_uri,optional"`
	LogoURI                 string         `body:"logo_uri,optional"`
	Contacts                []string       `body:"contacts,optional"`
	TOSURI                  string         `body:"tos_uri,optional"`
	PolicyURI               string         `body:"policy_uri,optional"`
	SoftwareID              string         `body:"software_id,optional"`
	SoftwareVersion         string         `body:"software_version,optional"`
	PostLogoutRedirectURIs  []string       `body:"post_logout_redirect_uris,optional"`
	TokenEndpointAuthMethod *string        `body:"token_endpoint_auth_method,optional,notempty"`
	ApplicationType         *string        `body:"application_type,optional,enum=web|native"`
	GrantTypes              []string       `body:"grant_types,optional"`
	ResponseTypes           []string       `body:"response_types,optional"`
	IDTokenAlg              string         `body:"id_token_signed_response_alg,optional"`
	SkipConsent             bool           `body:"skip_consent,optional"`
	EnableEndSession        bool           `body:"enable_end_session,optional"`
	RequirePKCE             *bool          `body:"require_pkce,optional"`
	DPoP                    bool           `body:"dpop_bound_access_tokens,optional"`
	SubjectType             string         `body:"subject_type,optional"`
	Metadata                map[string]any `body:"metadata,optional"`
	JWKS                    any            `body:"jwks,optional"`
	JWKSURI                 string         `body:"jwks_uri,optional"`
	ClientCredentialsScopes []string       `body:"client_credentials_scopes,optional"`
}

// ClientInfo is a client as it is told (RFC 7591 §3.2.1).
type ClientInfo struct {
	ClientID                 string          `json:"client_id"`
	ClientSecret             string          `json:"client_secret,omitempty"`
	ClientSecretExpiresAt    *int64          `json:"client_secret_expires_at,omitempty"`
	Scope                    string          `json:"scope,omitempty"`
	UserID                   string          `json:"user_id,omitempty"`
	ClientIDIssuedAt         int64           `json:"client_id_issued_at"`
	ClientName               string          `json:"client_name,omitempty"`
	ClientURI                string          `json:"client_uri,omitempty"`
	LogoURI                  string          `json:"logo_uri,omitempty"`
	Contacts                 []string        `json:"contacts,omitempty"`
	TOSURI                   string          `json:"tos_uri,omitempty"`
	PolicyURI                string          `json:"policy_uri,omitempty"`
	SoftwareID               string          `json:"software_id,omitempty"`
	SoftwareVersion          string          `json:"software_version,omitempty"`
	RedirectURIs             []string        `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs   []string        `json:"post_logout_redirect_uris,omitempty"`
	TokenEndpointAuthMethod  string          `json:"token_endpoint_auth_method"`
	GrantTypes               []string        `json:"grant_types"`
	ResponseTypes            []string        `json:"response_types"`
	ApplicationType          string          `json:"application_type"`
	IDTokenSignedResponseAlg string          `json:"id_token_signed_response_alg"`
	Disabled                 bool            `json:"disabled"`
	SkipConsent              bool            `json:"skip_consent,omitempty"`
	EnableEndSession         bool            `json:"enable_end_session,omitempty"`
	RequirePKCE              bool            `json:"require_pkce"`
	DPoPBoundAccessTokens    bool            `json:"dpop_bound_access_tokens"`
	Metadata                 json.RawMessage `json:"metadata,omitempty"`
}

// Info is the client as commands and answers show it; secret is "" unless it was just made.
func (c *Client) Info(secret string) ClientInfo {
	info := ClientInfo{
		ClientID: c.ID, ClientSecret: secret, Scope: strings.Join(c.Scopes, " "), UserID: c.UserID, ClientIDIssuedAt: c.CreatedAt.Unix(),
		ClientName: c.Name, ClientURI: c.URI, LogoURI: c.Icon, Contacts: c.Contacts, TOSURI: c.TOS, PolicyURI: c.Policy,
		SoftwareID: c.SoftwareID, SoftwareVersion: c.SoftwareVersion, RedirectURIs: c.RedirectURIs, PostLogoutRedirectURIs: c.PostLogoutRedirectURIs,
		TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, GrantTypes: c.GrantTypes, ResponseTypes: []string{"code"}, ApplicationType: c.ApplicationType,
		IDTokenSignedResponseAlg: c.IDTokenSignedResponseAlg, Disabled: c.Disabled, SkipConsent: c.SkipConsent, EnableEndSession: c.EnableEndSession,
		RequirePKCE: !c.PKCEOptional, Metadata: c.Metadata,
	}
	if !c.Public() {
		info.ClientSecretExpiresAt = new(int64) // 0: it does not expire
	}
	return info
}

func (s *Service) createClient(r *api.Request, in *clientIn) (api.JSON, error) {
	noStore(r)
	c, err := in.client()
	if err != nil {
		return api.JSON{}, err
	}
	created, secret, err := s.CreateClient(r.Context(), *c, "")
	if err != nil {
		return api.JSON{}, err
	}
	r.Security("oauth-client-created", "client", created.ID)
	return api.JSON{Status: http.StatusCreated, Body: created.Info(secret)}, nil
}

// client reads the metadata. What would have no effect is refused rather than
// forgotten: the client's author relies on it.
func (in *clientIn) client() (*Client, error) {
	unsupported := ""
	switch {
	case in.DPoP:
		unsupported = "dpop_bound_access_tokens"
	case in.JWKS != nil:
		unsupported = "jwks"
	case in.JWKSURI != "":
		unsupported = "jwks_uri"
	case in.SubjectType == "pairwise":
		unsupported = "subject_type pairwise"
	case len(in.ClientCredentialsScopes) > 0:
		unsupported = "client_credentials_scopes"
	}
	if unsupported != "" {
		return nil, bad(invalidMetadata, unsupported+" is not supported")
	}
	for _, kind := range in.ResponseTypes {
		if kind != "code" {
			return nil, bad(invalidMetadata, "response_types must be code")
		}
	}
	c := &Client{
		RedirectURIs: in.RedirectURIs, Scopes: strings.Fields(in.Scope), Name: in.ClientName, URI: in.ClientURI, Icon: in.LogoURI,
		Contacts: in.Contacts, TOS: in.TOSURI, Policy: in.PolicyURI, SoftwareID: in.SoftwareID, SoftwareVersion: in.SoftwareVersion,
		PostLogoutRedirectURIs: in.PostLogoutRedirectURIs, GrantTypes: in.GrantTypes, IDTokenSignedResponseAlg: in.IDTokenAlg,
		SkipConsent: in.SkipConsent, EnableEndSession: in.EnableEndSession, PKCEOptional: in.RequirePKCE != nil && !*in.RequirePKCE,
	}
	if in.TokenEndpointAuthMethod != nil {
		c.TokenEndpointAuthMethod = *in.TokenEndpointAuthMethod
	}
	if in.ApplicationType != nil {
		c.ApplicationType = *in.ApplicationType
	}
	if in.Metadata != nil {
		raw, err := json.Marshal(in.Metadata)
		if err != nil {
			return nil, errors.Join(bad(invalidMetadata, "metadata must be an object"), err)
		}
		c.Metadata = raw
	}
	return c, nil
}
