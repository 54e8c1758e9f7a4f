package oidc

import (
	"errors"
	"net/http"
	"time"

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
	return append(s.resourceOperations(op),
		api.Handle(op("createOAuthClient", "Make an OAuth client. Its secret is in this answer and never again."), s.createClient),
		api.Handle(op("adminCreateOAuthClient", "The same, under the name of the contract's trusted form."), s.createClient),
		api.Handle(op("updateOAuthClient", "Change a client: what update names; null takes a value away. disabled ends what it may do."), s.updateClient),
		api.Handle(op("adminUpdateOAuthClient", "The same, under the name of the contract's trusted form."), s.updateClient),
		api.Handle(op("deleteOAuthClient", "Delete a client and all that it was given."), s.removeClient),
		api.Handle(op("rotateClientSecret", "Give a client a new secret. The one it had counts for overlap seconds more, by default not at all."), s.rotateSecret),
		api.Handle(op("getOAuthClient", "Read a client."), s.showClient),
		api.Handle(op("getOAuthClients", "List all clients."), s.showClients),
	)
}

// clientIn is client metadata as it comes: RFC 7591 §2 and the contract's own
// fields. The body is read by the one mapping of client metadata.
type clientIn struct {
	RedirectURIs             []string       `body:"redirect_uris,optional"`
	Scope                    string         `body:"scope,optional"`
	ClientName               string         `body:"client_name,optional"`
	ClientURI                string         `body:"client_uri,optional"`
	LogoURI                  string         `body:"logo_uri,optional"`
	Contacts                 []string       `body:"contacts,optional"`
	TOSURI                   string         `body:"tos_uri,optional"`
	PolicyURI                string         `body:"policy_uri,optional"`
	SoftwareID               string         `body:"software_id,optional"`
	SoftwareVersion          string         `body:"software_version,optional"`
	PostLogoutRedirectURIs   []string       `body:"post_logout_redirect_uris,optional"`
	BackchannelLogoutURI     string         `body:"backchannel_logout_uri,optional"`
	BackchannelLogoutSID     bool           `body:"backchannel_logout_session_required,optional"`
	FrontchannelLogoutURI    string         `body:"frontchannel_logout_uri,optional"`
	FrontchannelLogoutSID    bool           `body:"frontchannel_logout_session_required,optional"`
	InitiateLoginURI         string         `body:"initiate_login_uri,optional"`
	TokenEndpointAuthMethod  *string        `body:"token_endpoint_auth_method,optional,notempty"`
	ApplicationType          *string        `body:"application_type,optional,enum=web|native"`
	GrantTypes               []string       `body:"grant_types,optional"`
	ResponseTypes            []string       `body:"response_types,optional"`
	IDTokenSignedResponseAlg string         `body:"id_token_signed_response_alg,optional"`
	SkipConsent              bool           `body:"skip_consent,optional"`
	EnableEndSession         bool           `body:"enable_end_session,optional"`
	RequirePKCE              *bool          `body:"require_pkce,optional"`
	DPoP                     bool           `body:"dpop_bound_access_tokens,optional"`
	RequirePAR               bool           `body:"require_pushed_authorization_requests,optional"`
	SubjectType              *string        `body:"subject_type,optional,enum=public|pairwise"`
	Metadata                 map[string]any `body:"metadata,optional"`
	JWKS                     any            `body:"jwks,optional"`
	JWKSURI                  string         `body:"jwks_uri,optional"`
	ClientCredentialsScopes  []string       `body:"client_credentials_scopes,optional"`
	AccessTokenFormat        *string        `body:"access_token_format,optional,enum=opaque|jwt"`
	Profile                  string         `body:"profile,optional"`
	Resources                []string       `body:"resources,optional" doc:"Resources that it may ask for; adminLinkClientResource also lets it introspect."`
	TokenExchange            []string       `body:"token_exchange,optional" doc:"Ids of the clients whose tokens it may exchange (RFC 8693), or *."`
	MayAct                   string         `body:"may_act,optional" doc:"Id of the client that alone may exchange this one's tokens."`
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

type updateClientIn struct {
	ClientID string         `body:"client_id"`
	Update   map[string]any `body:"update" doc:"Client metadata, as createOAuthClient takes it; and disabled."`
}

func (s *Service) updateClient(r *api.Request, in *updateClientIn) (ClientInfo, error) {
	noStore(r)
	if disabled, ok := in.Update["disabled"].(bool); ok {
		if _, err := s.SetClientDisabled(r.Context(), in.ClientID, disabled); err != nil {
			return ClientInfo{}, notFound(err)
		}
	}
	raw, err := updateOf(r)
	if err != nil {
		return ClientInfo{}, err
	}
	c, secret, err := s.ChangeClient(r.Context(), in.ClientID, raw)
	if err != nil {
		return ClientInfo{}, notFound(err)
	}
	r.Security("oauth-client-changed", "client", c.ID)
	return c.Info(secret), nil
}

// notFound is the contract's answer for a client that is not there.
func notFound(err error) error {
	if errors.Is(err, ErrClientNotFound) {
		return missing("client not found")
	}
	return err
}

func (s *Service) removeClient(r *api.Request, in *clientIDIn) (api.Empty, error) {
	if err := s.DeleteClient(r.Context(), in.ClientID); err != nil {
		return api.Empty{}, notFound(err)
	}
	r.Security("oauth-client-deleted", "client", in.ClientID)
	return api.Empty{}, nil
}

type rotateSecretIn struct {
	ClientID string `body:"client_id"`
	Overlap  int64  `body:"overlap,optional" doc:"Seconds for which the secret of before still counts."`
}

func (s *Service) rotateSecret(r *api.Request, in *rotateSecretIn) (ClientInfo, error) {
	noStore(r)
	if in.Overlap < 0 || in.Overlap > int64(maxLifetime/time.Second) {
		return ClientInfo{}, bad(invalidRequest, "overlap must be a number of seconds, at most 400 days")
	}
	secret, err := s.RotateSecret(r.Context(), in.ClientID, time.Duration(in.Overlap)*time.Second)
	if err != nil {
		return ClientInfo{}, notFound(err)
	}
	c, err := s.Client(r.Context(), in.ClientID)
	if err != nil {
		return ClientInfo{}, notFound(err)
	}
	r.Security("oauth-client-secret-rotated", "client", in.ClientID)
	return c.Info(secret), nil
}

func (s *Service) showClient(r *api.Request, in *clientIDIn) (ClientInfo, error) {
	c, err := s.Client(r.Context(), in.ClientID)
	if err != nil {
		return ClientInfo{}, notFound(err)
	}
	return c.Info(""), nil
}

func (s *Service) showClients(r *api.Request, _ *api.None) ([]ClientInfo, error) {
	clients, err := s.Clients(r.Context())
	return infosOf(clients), err
}
