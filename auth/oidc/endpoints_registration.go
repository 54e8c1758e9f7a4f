package oidc

import (
	"net/http"
	"strings"

	"authd/auth/internal/api"
)

// registrationEndpoints are RFC 7591's and RFC 7592's.
func (s *Service) registrationEndpoints() []api.Endpoint {
	manage := func(method, id, doc string) api.Endpoint {
		return api.Endpoint{
			Method: method, Path: "/oauth2/register/{client_id}", ID: id, Tag: tag, Doc: doc,
			Limit: perMinute(30), Origin: api.OriginNone, CORS: api.CORSPublic, OAuth: invalidMetadata,
		}
	}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/register", ID: "registerOAuthClient", Tag: tag, Limit: perMinute(5), CORS: api.CORSPublic, OAuth: invalidMetadata,
			Doc: "Registers a client with what it says about itself (RFC 7591), where the operator allows it.",
		}, s.register),
		api.Handle(manage(http.MethodGet, "getRegisteredOAuthClient", "Tells a client what it is registered with (RFC 7592 §2.1)."), s.registered),
		api.Handle(manage(http.MethodPut, "updateRegisteredOAuthClient", "Replaces what a client is registered with (RFC 7592 §2.2)."), s.reregister),
		api.Handle(manage(http.MethodDelete, "deleteRegisteredOAuthClient", "Ends a client that registered itself (RFC 7592 §2.3)."), s.deregister),
	}
}

// registrationIn is declared for the reference: the metadata is read by the
// provider itself, because RFC 7591 §3.2.2 has errors of its own. What is not
// named here is passed over (§2).
type registrationIn struct {
	RedirectURIs            any `body:"redirect_uris,optional" doc:"Where the browser may be sent back to."`
	TokenEndpointAuthMethod any `body:"token_endpoint_auth_method,optional" doc:"none, client_secret_basic, client_secret_post or private_key_jwt."`
	GrantTypes              any `body:"grant_types,optional"`
	ResponseTypes           any `body:"response_types,optional"`
	ApplicationType         any `body:"application_type,optional" doc:"web or native"`
	ClientName              any `body:"client_name,optional"`
	ClientURI               any `body:"client_uri,optional"`
	LogoURI                 any `body:"logo_uri,optional"`
	TOSURI                  any `body:"tos_uri,optional"`
	PolicyURI               any `body:"policy_uri,optional"`
	Contacts                any `body:"contacts,optional"`
	Scope                   any `body:"scope,optional"`
	SoftwareID              any `body:"software_id,optional"`
	SoftwareVersion         any `body:"software_version,optional"`
	SoftwareStatement       any `body:"software_statement,optional" doc:"Passed over: no issuer of statements is trusted."`
	JWKS                    any `body:"jwks,optional"`
	JWKSURI                 any `body:"jwks_uri,optional"`
	SubjectType             any `body:"subject_type,optional" doc:"public or pairwise"`
	SectorIdentifierURI     any `body:"sector_identifier_uri,optional"`
	IDTokenAlg              any `body:"id_token_signed_response_alg,optional"`
	UserinfoAlg             any `body:"userinfo_signed_response_alg,optional"`
	IntrospectionAlg        any `body:"introspection_signed_response_alg,optional"`
	AssertionAlg            any `body:"token_endpoint_auth_signing_alg,optional"`
	RequestObjectAlg        any `body:"request_object_signing_alg,optional"`
	RequireRequestObject    any `body:"require_signed_request_object,optional"`
	RequestURIs             any `body:"request_uris,optional"`
	RequirePAR              any `body:"require_pushed_authorization_requests,optional"`
	DPoP                    any `body:"dpop_bound_access_tokens,optional"`
	DefaultMaxAge           any `body:"default_max_age,optional"`
	RequireAuthTime         any `body:"require_auth_time,optional"`
	DefaultACRValues        any `body:"default_acr_values,optional"`
	InitiateLoginURI        any `body:"initiate_login_uri,optional"`
	PostLogoutRedirectURIs  any `body:"post_logout_redirect_uris,optional"`
	BackchannelLogoutURI    any `body:"backchannel_logout_uri,optional"`
	BackchannelLogoutSID    any `body:"backchannel_logout_session_required,optional"`
	FrontchannelLogoutURI   any `body:"frontchannel_logout_uri,optional"`
	FrontchannelLogoutSID   any `body:"frontchannel_logout_session_required,optional"`
	Resources               any `body:"resources,optional" doc:"Resources (RFC 8707) that it wants to ask for, of those that the operator allows."`
}

type managedIn struct {
	ClientID string `path:"client_id"`
}

type reregistrationIn struct {
	ClientID string `path:"client_id"`
	Said     any    `body:"client_id,optional" doc:"The same; with it all metadata as for registering."`
}

// registrationAnswer is RFC 7591 §3.2.1 with RFC 7592 §3.
type registrationAnswer struct {
	ClientInfo
	RegistrationAccessToken string `json:"registration_access_token"`
	RegistrationClientURI   string `json:"registration_client_uri"`
}

func (s *Service) registrationAnswer(c *Client, secret, token string) registrationAnswer {
	info := c.Info(secret)
	info.ClientPowers = ClientPowers{} // what the operator says of it is not its business
	info.Resources = s.openResources(c)
	return registrationAnswer{info, token, s.issuer + "/api/auth/oauth2/register/" + c.ID}
}

// bearerToken is that of the Authorization header (RFC 6750 §2.1).
func bearerToken(r *api.Request) string {
	scheme, token, _ := strings.Cut(r.HTTP.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (s *Service) register(r *api.Request, _ *registrationIn) (api.JSON, error) {
	noStore(r)
	raw, err := bodyMetadata(r)
	if err != nil {
		return api.JSON{}, err
	}
	a, err := s.core.Authenticate(r)
	if err != nil {
		return api.JSON{}, err
	}
	who := Registrant{}
	if a != nil {
		who.User, who.Admin = a.User, a.User.HasRole("admin")
	} else {
		who.Token = bearerToken(r)
	}
	made, err := s.Register(r.Context(), who, raw)
	if err != nil {
		return api.JSON{}, err
	}
	return api.JSON{Status: http.StatusCreated, Body: s.registrationAnswer(made.Client, made.Secret, made.Token)}, nil
}

func (s *Service) registered(r *api.Request, in *managedIn) (registrationAnswer, error) {
	noStore(r)
	c, err := s.Managed(r.Context(), in.ClientID, bearerToken(r))
	if err != nil {
		return registrationAnswer{}, err
	}
	return s.registrationAnswer(c, "", bearerToken(r)), nil
}

func (s *Service) reregister(r *api.Request, in *reregistrationIn) (registrationAnswer, error) {
	noStore(r)
	c, err := s.Managed(r.Context(), in.ClientID, bearerToken(r))
	if err != nil {
		return registrationAnswer{}, err
	}
	raw, err := bodyMetadata(r)
	if err != nil {
		return registrationAnswer{}, err
	}
	next, secret, err := s.Reregister(r.Context(), c, raw)
	if err != nil {
		return registrationAnswer{}, err
	}
	return s.registrationAnswer(next, secret, bearerToken(r)), nil
}

func (s *Service) deregister(r *api.Request, in *managedIn) (api.NoContent, error) {
	noStore(r)
	c, err := s.Managed(r.Context(), in.ClientID, bearerToken(r))
	if err != nil {
		return api.NoContent{}, err
	}
	return api.NoContent{}, s.Deregister(r.Context(), c)
}
