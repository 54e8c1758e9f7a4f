package oidc

import (
	"net/http"

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

func (s *Service) createClient(r *api.Request, _ *clientIn) (api.JSON, error) {
	noStore(r)
	raw, err := bodyMetadata(r)
	if err != nil {
		return api.JSON{}, err
	}
	c, err := clientOf(raw, true)
	if err != nil {
		return api.JSON{}, err
	}
	created, secret, err := s.CreateClient(r.Context(), c, "")
	if err != nil {
		return api.JSON{}, err
	}
	r.Security("oauth-client-created", "client", created.ID)
	return api.JSON{Status: http.StatusCreated, Body: created.Info(secret)}, nil
}
