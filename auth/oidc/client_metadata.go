package oidc

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
)

// ClientMetadata is what a client says of itself, under its standard names: RFC
// 7591 §2, OpenID Connect Registration §2, Back-Channel Logout §2.2, Front-Channel
// Logout §2, RP-Initiated Logout §3.1, RFC 9126 §6, RFC 9101 §10.5, RFC 9449 §5.2,
// RFC 9701 §6. This and [ClientPowers] are the one mapping between them and a Client.
type ClientMetadata struct {
	RedirectURIs            []string        `json:"redirect_uris,omitempty"`
	TokenEndpointAuthMethod string          `json:"token_endpoint_auth_method"`
	GrantTypes              []string        `json:"grant_types"`
	ResponseTypes           []string        `json:"response_types"`
	ApplicationType         string          `json:"application_type"`
	ClientName              string          `json:"client_name,omitempty"`
	ClientURI               string          `json:"client_uri,omitempty"`
	LogoURI                 string          `json:"logo_uri,omitempty"`
	TOSURI                  string          `json:"tos_uri,omitempty"`
	PolicyURI               string          `json:"policy_uri,omitempty"`
	Contacts                []string        `json:"contacts,omitempty"`
	Scope                   string          `json:"scope,omitempty"`
	SoftwareID              string          `json:"software_id,omitempty"`
	SoftwareVersion         string          `json:"software_version,omitempty"`
	JWKS                    json.RawMessage `json:"jwks,omitempty"`
	JWKSURI                 string          `json:"jwks_uri,omitempty"`

	SubjectType              string   `json:"subject_type,omitempty"`
	SectorIdentifierURI      string   `json:"sector_identifier_uri,omitempty"`
	IDTokenSignedResponseAlg string   `json:"id_token_signed_response_alg,omitempty"`
	UserinfoAlg              string   `json:"userinfo_signed_response_alg,omitempty"`
	IntrospectionAlg         string   `json:"introspection_signed_response_alg,omitempty"`
	AssertionAlg             string   `json:"token_endpoint_auth_signing_alg,omitempty"`
	RequestObjectAlg         string   `json:"request_object_signing_alg,omitempty"`
	RequireRequestObject     bool     `json:"require_signed_request_object,omitempty"`
	RequestURIs              []string `json:"request_uris,omitempty"`
	RequirePAR               bool     `json:"require_pushed_authorization_requests,omitempty"`
	DPoPBoundAccessTokens    bool     `json:"dpop_bound_access_tokens"`
	DefaultMaxAge            *int64   `json:"default_max_age,omitempty"`
	RequireAuthTime          bool     `json:"require_auth_time,omitempty"`
	DefaultACRValues         []string `json:"default_acr_values,omitempty"`
	InitiateLoginURI         string   `json:"initiate_login_uri,omitempty"`

	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogoutURI   string   `json:"backchannel_logout_uri,omitempty"`
	BackchannelLogoutSID   bool     `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogoutURI  string   `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelLogoutSID  bool     `json:"frontchannel_logout_session_required,omitempty"`
	Resources              []string `json:"resources,omitempty"` // RFC 8707
}

// ClientPowers are what only whoever runs the server may say of a client.
type ClientPowers struct {
	SkipConsent             bool                       `json:"skip_consent,omitempty"`
	EnableEndSession        bool                       `json:"enable_end_session,omitempty"`
	RequirePKCE             *bool                      `json:"require_pkce,omitempty"` // nil: true
	ClientCredentialsScopes []string                   `json:"client_credentials_scopes,omitempty"`
	AccessTokenExpiresIn    int64                      `json:"access_token_expires_in,omitempty"`  // seconds; 0: the server's
	RefreshTokenExpiresIn   int64                      `json:"refresh_token_expires_in,omitempty"` // seconds; 0: the server's
	IDTokenExpiresIn        int64                      `json:"id_token_expires_in,omitempty"`      // seconds; 0: the server's
	AccessTokenFormat       string                     `json:"access_token_format,omitempty"`
	Profile                 string                     `json:"profile,omitempty"`
	Claims                  map[string]json.RawMessage `json:"claims,omitempty"`
	TokenExchange           []string                   `json:"token_exchange,omitempty"`
	Impersonate             bool                       `json:"token_exchange_impersonation,omitempty"`
	MayAct                  string                     `json:"may_act,omitempty"`
	Metadata                json.RawMessage            `json:"metadata,omitempty"`
}

// ClientInfo is a client as it is told (RFC 7591 §3.2.1).
type ClientInfo struct {
	ClientID              string `json:"client_id"`
	ClientSecret          string `json:"client_secret,omitempty"`
	ClientSecretExpiresAt *int64 `json:"client_secret_expires_at,omitempty"`
	ClientIDIssuedAt      int64  `json:"client_id_issued_at"`
	UserID                string `json:"user_id,omitempty"`
	Disabled              bool   `json:"disabled"`
	ClientMetadata
	ClientPowers
}

// Info is the client as commands and answers show it; secret is "" unless it was just made.
func (c *Client) Info(secret string) ClientInfo {
	metadata, powers := metadataOf(c)
	info := ClientInfo{
		ClientID: c.ID, ClientSecret: secret, ClientIDIssuedAt: c.CreatedAt.Unix(), UserID: c.UserID, Disabled: c.Disabled,
		ClientMetadata: metadata, ClientPowers: powers,
	}
	if c.hasSecret() {
		info.ClientSecretExpiresAt = new(int64) // 0: it does not expire
	}
	return info
}

// metadataOf says a client in standard names.
func metadataOf(c *Client) (ClientMetadata, ClientPowers) {
	s := &c.Settings
	m := ClientMetadata{
		RedirectURIs: c.RedirectURIs, TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, GrantTypes: c.GrantTypes,
		ResponseTypes: c.responseTypes(), ApplicationType: c.ApplicationType,
		ClientName: c.Name, ClientURI: c.URI, LogoURI: c.Icon, TOSURI: c.TOS, PolicyURI: c.Policy, Contacts: c.Contacts,
		Scope: strings.Join(c.Scopes, " "), SoftwareID: c.SoftwareID, SoftwareVersion: c.SoftwareVersion, JWKS: c.JWKS, JWKSURI: c.JWKSURI,
		SectorIdentifierURI: c.SectorIdentifierURI, IDTokenSignedResponseAlg: c.IDTokenSignedResponseAlg, UserinfoAlg: s.UserinfoAlg,
		IntrospectionAlg: s.IntrospectionAlg, AssertionAlg: s.AssertionAlg, RequestObjectAlg: s.RequestObjectAlg,
		RequireRequestObject: s.RequireRequestObject, RequestURIs: s.RequestURIs, RequirePAR: s.RequirePAR,
		DPoPBoundAccessTokens: s.DPoPBoundAccessTokens, DefaultMaxAge: s.DefaultMaxAge, RequireAuthTime: s.RequireAuthTime,
		DefaultACRValues: s.DefaultACRValues, InitiateLoginURI: c.InitiateLoginURI, PostLogoutRedirectURIs: c.PostLogoutRedirectURIs,
		BackchannelLogoutURI: c.BackchannelLogoutURI, BackchannelLogoutSID: c.BackchannelLogoutSID,
		FrontchannelLogoutURI: c.FrontchannelLogoutURI, FrontchannelLogoutSID: c.FrontchannelLogoutSID, Resources: s.Resources,
	}
	if c.SubjectType != subjectPublic { // what everybody has is not told
		m.SubjectType = c.SubjectType
	}
	p := ClientPowers{
		SkipConsent: c.SkipConsent, EnableEndSession: c.EnableEndSession, ClientCredentialsScopes: c.ClientCredentialsScopes,
		AccessTokenExpiresIn: int64(c.AccessTokenExpiresIn / time.Second), RefreshTokenExpiresIn: int64(c.RefreshTokenExpiresIn / time.Second),
		AccessTokenFormat: s.AccessTokenFormat, Profile: s.Profile, Claims: s.Claims, TokenExchange: s.TokenExchange,
		Impersonate: s.Impersonate, MayAct: s.MayAct, Metadata: c.Metadata, IDTokenExpiresIn: s.IDTokenExpiresIn,
	}
	if c.PKCEOptional {
		p.RequirePKCE = new(bool)
	}
	return m, p
}

// responseTypes are those that the client was registered with, by default what
// its grants need (RFC 7591 §2.1).
func (c *Client) responseTypes() []string {
	switch {
	case len(c.Settings.ResponseTypes) > 0:
		return c.Settings.ResponseTypes
	case slices.Contains(c.GrantTypes, grantCode):
		return []string{responseCode}
	default:
		return []string{}
	}
}

const responseCode = "code"

// clientOf reads the metadata of a client that is to be made: a JSON object.
// What it does not know is passed over (RFC 7591 §2); what only the operator may
// say counts where trusted. Nothing is checked but the types: that is complete's.
// Errors: *api.OAuthError invalid_client_metadata.
func clientOf(raw []byte, trusted bool) (Client, error) { return withMetadata(&Client{}, raw, trusted) }

// withMetadata is a client with the metadata that raw names changed: null takes
// it away, what is absent stays.
func withMetadata(c *Client, raw []byte, trusted bool) (Client, error) {
	metadata, powers := metadataOf(c)
	named, err := merged(&metadata, raw)
	if err != nil {
		return Client{}, err
	}
	next := *c
	metadata.into(&next)
	if _, changed := named["response_types"]; !changed { // those of the grants, not those of before
		next.Settings.ResponseTypes = c.Settings.ResponseTypes
	}
	if trusted {
		if _, err := merged(&powers, raw); err != nil {
			return Client{}, err
		}
		powers.into(&next)
	} else if len(next.PostLogoutRedirectURIs) > 0 {
		// Who names where to go after signing out means to sign people out
		// (RP-Initiated Logout §3.1); the operator says it in a field of its own.
		next.EnableEndSession = true
	}
	return next, nil
}

// merged puts the members of a JSON object over those of what already is there,
// and gives them by name.
func merged[T any](into *T, raw []byte) (map[string]json.RawMessage, error) {
	var named map[string]json.RawMessage
	if json.Unmarshal(raw, &named) != nil || named == nil {
		return nil, bad(invalidMetadata, "client metadata must be a JSON object")
	}
	before, err := json.Marshal(into)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(before, &all); err != nil {
		return nil, err
	}
	for name, value := range named {
		if string(value) == "null" {
			delete(all, name)
		} else {
			all[name] = value
		}
	}
	after, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	var next T
	if err := json.Unmarshal(after, &next); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return nil, bad(invalidMetadata, wrong.Field+" must be "+jsonName(wrong.Type.Kind().String()))
		}
		return nil, bad(invalidMetadata, "client metadata cannot be read")
	}
	*into = next
	return named, nil
}

func jsonName(kind string) string {
	switch kind {
	case "slice":
		return "a list"
	case "bool":
		return "true or false"
	case "int64":
		return "a whole number"
	case "map", "struct":
		return "an object"
	default:
		return "a text"
	}
}

func (m *ClientMetadata) into(c *Client) {
	c.RedirectURIs, c.TokenEndpointAuthMethod, c.GrantTypes, c.ApplicationType = m.RedirectURIs, m.TokenEndpointAuthMethod, m.GrantTypes, m.ApplicationType
	c.Name, c.URI, c.Icon, c.TOS, c.Policy, c.Contacts = m.ClientName, m.ClientURI, m.LogoURI, m.TOSURI, m.PolicyURI, m.Contacts
	c.Scopes, c.SoftwareID, c.SoftwareVersion = distinct(strings.Fields(m.Scope)), m.SoftwareID, m.SoftwareVersion
	c.JWKS, c.JWKSURI, c.SubjectType, c.SectorIdentifierURI = m.JWKS, m.JWKSURI, m.SubjectType, m.SectorIdentifierURI
	c.IDTokenSignedResponseAlg, c.InitiateLoginURI = m.IDTokenSignedResponseAlg, m.InitiateLoginURI
	c.PostLogoutRedirectURIs = m.PostLogoutRedirectURIs
	c.BackchannelLogoutURI, c.BackchannelLogoutSID = m.BackchannelLogoutURI, m.BackchannelLogoutSID
	c.FrontchannelLogoutURI, c.FrontchannelLogoutSID = m.FrontchannelLogoutURI, m.FrontchannelLogoutSID
	s := &c.Settings
	s.ResponseTypes, s.RequestURIs, s.DefaultACRValues = m.ResponseTypes, m.RequestURIs, m.DefaultACRValues
	s.UserinfoAlg, s.IntrospectionAlg, s.AssertionAlg, s.RequestObjectAlg = m.UserinfoAlg, m.IntrospectionAlg, m.AssertionAlg, m.RequestObjectAlg
	s.RequireRequestObject, s.RequirePAR, s.DPoPBoundAccessTokens = m.RequireRequestObject, m.RequirePAR, m.DPoPBoundAccessTokens
	s.DefaultMaxAge, s.RequireAuthTime, s.Resources = m.DefaultMaxAge, m.RequireAuthTime, distinct(m.Resources)
}

func (p *ClientPowers) into(c *Client) {
	c.SkipConsent, c.EnableEndSession, c.ClientCredentialsScopes = p.SkipConsent, p.EnableEndSession, p.ClientCredentialsScopes
	c.PKCEOptional = p.RequirePKCE != nil && !*p.RequirePKCE
	c.AccessTokenExpiresIn, c.RefreshTokenExpiresIn = time.Duration(p.AccessTokenExpiresIn)*time.Second, time.Duration(p.RefreshTokenExpiresIn)*time.Second
	c.Metadata = p.Metadata
	s := &c.Settings
	s.AccessTokenFormat, s.Profile, s.Claims = p.AccessTokenFormat, p.Profile, p.Claims
	s.TokenExchange, s.Impersonate, s.MayAct = p.TokenExchange, p.Impersonate, p.MayAct
	s.IDTokenExpiresIn = p.IDTokenExpiresIn
}

func distinct(list []string) []string {
	var once []string
	for _, one := range list {
		if !slices.Contains(once, one) {
			once = append(once, one)
		}
	}
	return once
}

// bodyMetadata is a decoded body as the JSON that it came as.
func bodyMetadata(r *api.Request) ([]byte, error) {
	if r.Body == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(r.Body)
}
