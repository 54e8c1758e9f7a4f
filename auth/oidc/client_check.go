package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/egress"
)

// Grants beyond RFC 6749's own.
const (
	grantDeviceCode    = "urn:ietf:params:oauth:grant-type:device_code"    // RFC 8628 §3.4
	grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange" //nolint:gosec // a name, no secret: RFC 8693 §2.1
)

// knownGrants are those that a client may be registered for.
func knownGrants() []string {
	return []string{grantCode, grantRefresh, grantClientCredentials, grantDeviceCode, grantTokenExchange}
}

// Bounds of what is kept about one client.
const (
	maxList     = 100
	maxObject   = 16 << 10
	maxLifetime = 400 * 24 * time.Hour
)

// checkLists: no list is endless, nor is anything in it.
func checkLists(c *Client) *api.OAuthError {
	s := &c.Settings
	for _, one := range []struct {
		name string
		list []string
	}{
		{"redirect_uris", c.RedirectURIs},
		{"post_logout_redirect_uris", c.PostLogoutRedirectURIs},
		{"scope", c.Scopes},
		{"grant_types", c.GrantTypes},
		{"contacts", c.Contacts},
		{"request_uris", s.RequestURIs},
		{"response_types", s.ResponseTypes},
		{"default_acr_values", s.DefaultACRValues},
		{"client_credentials_scopes", c.ClientCredentialsScopes},
		{"token_exchange", s.TokenExchange},
		{"resources", s.Resources},
	} {
		if len(one.list) > maxList {
			return bad(invalidMetadata, fmt.Sprintf("%s has more than %d values", one.name, maxList))
		}
		for _, text := range one.list {
			if len(text) > maxRedirectURI {
				return bad(invalidMetadata, one.name+" has a value that is too long")
			}
		}
	}
	return nil
}

// checkResponses: code is the only response type that OAuth 2.1 has, and it goes
// with its grant (RFC 7591 §2.1).
func checkResponses(c *Client) *api.OAuthError {
	for _, kind := range c.Settings.ResponseTypes {
		if kind != responseCode {
			return bad(invalidMetadata, "response_types must be code")
		}
	}
	if len(c.Settings.ResponseTypes) > 0 && !slices.Contains(c.GrantTypes, grantCode) {
		return bad(invalidMetadata, "response_types code needs the grant type authorization_code (RFC 7591 section 2.1)")
	}
	if c.Public() && slices.Contains(c.GrantTypes, grantTokenExchange) {
		return bad(invalidMetadata, "a public client cannot exchange tokens")
	}
	return nil
}

// checkAlgs: a name that is not known would only fail later, where its cause is
// hard to see.
func checkAlgs(c *Client) *api.OAuthError {
	s := &c.Settings
	for _, one := range []struct{ name, alg string }{
		{"userinfo_signed_response_alg", s.UserinfoAlg}, {"introspection_signed_response_alg", s.IntrospectionAlg},
	} {
		if one.alg != "" && !slices.Contains(signingAlgs(), one.alg) {
			return bad(invalidMetadata, one.name+" must be one of: "+strings.Join(signingAlgs(), ", "))
		}
	}
	// none says that its request objects are not signed; whether the server takes
	// such is another question.
	known := append(clientAlgs(), "none")
	if s.RequestObjectAlg != "" && !slices.Contains(known, s.RequestObjectAlg) {
		return bad(invalidMetadata, "request_object_signing_alg must be one of: "+strings.Join(known, ", "))
	}
	if s.RequestObjectAlg == "none" && s.RequireRequestObject {
		return bad(invalidMetadata, "require_signed_request_object excludes request_object_signing_alg none (RFC 9101 section 10.5)")
	}
	return nil
}

// checkSettings: the rest of what only some clients have.
func checkSettings(c *Client) *api.OAuthError {
	s := &c.Settings
	switch {
	case s.DefaultMaxAge != nil && (*s.DefaultMaxAge < 0 || *s.DefaultMaxAge > int64(maxLifetime/time.Second)):
		return bad(invalidMetadata, "default_max_age must be a number of seconds")
	case c.AccessTokenExpiresIn < 0 || c.AccessTokenExpiresIn > maxLifetime || c.RefreshTokenExpiresIn < 0 || c.RefreshTokenExpiresIn > maxLifetime:
		return bad(invalidMetadata, "access_token_expires_in and refresh_token_expires_in must be a number of seconds, at most 400 days")
	case s.IDTokenExpiresIn < 0 || s.IDTokenExpiresIn > int64(maxLifetime/time.Second):
		return bad(invalidMetadata, "id_token_expires_in must be a number of seconds, at most 400 days")
	case !slices.Contains([]string{"", "opaque", "jwt"}, s.AccessTokenFormat):
		return bad(invalidMetadata, "access_token_format must be opaque or jwt")
	case s.Profile != "" && s.Profile != profileFAPI2:
		return bad(invalidMetadata, "profile must be fapi2")
	}
	if len(c.Metadata) > 0 {
		var object map[string]any
		if len(c.Metadata) > maxObject || json.Unmarshal(c.Metadata, &object) != nil || object == nil {
			return bad(invalidMetadata, "metadata must be an object of at most 16 kB")
		}
	}
	size := 0
	for name, value := range s.Claims {
		if size += len(name) + len(value); size > maxObject || !json.Valid(value) {
			return bad(invalidMetadata, "claims must be an object of at most 16 kB")
		}
		if slices.Contains(reservedClaims(), name) {
			return bad(invalidMetadata, "claims cannot set "+name)
		}
	}
	return nil
}

// reservedClaims say who a token is about, for whom and for how long: they are
// never a client's to choose (OpenID Connect Core §2, RFC 9068 §2.2).
func reservedClaims() []string {
	return []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash", "s_hash", "sid",
		"events", "cnf", "act", "may_act", "scope", "client_id",
	}
}

// checkPlaces: the other addresses that authd calls or sends browsers to.
func (s *Service) checkPlaces(c *Client) *api.OAuthError {
	for _, one := range []struct{ name, uri string }{
		{"backchannel_logout_uri", c.BackchannelLogoutURI}, {"frontchannel_logout_uri", c.FrontchannelLogoutURI},
	} {
		if one.uri == "" {
			continue
		}
		if wrong := s.checkPlace(c, one.uri); wrong != "" {
			return bad(invalidMetadata, one.name+" "+wrong)
		}
	}
	if c.FrontchannelLogoutURI != "" && !sameOrigin(c.FrontchannelLogoutURI, c.RedirectURIs) {
		return bad(invalidMetadata, "frontchannel_logout_uri must have scheme, host and port of a redirect URI (Front-Channel Logout section 2)")
	}
	for _, uri := range c.Settings.RequestURIs {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return bad(invalidMetadata, "request_uris must be https addresses")
		}
	}
	return nil
}

// checkPlace: https, but http to the person's own machine or where authd itself
// has no TLS; an operator's clients may be on a network of their own.
func (s *Service) checkPlace(c *Client, uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || len(uri) > maxRedirectURI || strings.ContainsAny(uri, " \\\"<>"):
		return "must be a web address"
	case u.User != nil || strings.Contains(uri, "#"):
		return "must have neither a user name nor a fragment"
	case u.Scheme == "https":
		return ""
	case u.Scheme == "http" && c.Registration == madeByOperator && (isLoopback(u.Hostname()) || !c.Public()):
		return ""
	default:
		return "must use https"
	}
}

func sameOrigin(uri string, others []string) bool {
	u, err := url.Parse(uri)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(others, func(other string) bool {
		o, err := url.Parse(other)
		return err == nil && o.Scheme == u.Scheme && strings.EqualFold(o.Host, u.Host)
	})
}

// maxSector bounds a sector's list of redirect URIs.
const maxSector = 64 << 10

// checkSector reads the list at sector_identifier_uri, which must have every
// redirect URI of the client: whoever holds that host says who belongs to it
// (OpenID Connect Registration §5). For a client of the operator's, the operator
// says it. It asks another server: never inside a write.
func (s *Service) checkSector(ctx context.Context, c *Client) error {
	if c.SectorIdentifierURI == "" || c.Registration == madeByOperator {
		return nil
	}
	document, err := s.core.Egress.Fetch(ctx, c.SectorIdentifierURI, egress.Want{
		MaxBody: maxSector, Timeout: 5 * time.Second,
	})
	if err != nil { // the reason stays here: it tells about the network behind this server
		s.core.Log.Info("sector_identifier_uri cannot be read", "error", err)
		return bad(invalidMetadata, "sector_identifier_uri cannot be read")
	}
	var uris []string
	if json.Unmarshal(document.Body, &uris) != nil {
		return bad(invalidMetadata, "sector_identifier_uri must lead to a JSON list of redirect URIs")
	}
	for _, uri := range c.RedirectURIs {
		if !slices.Contains(uris, uri) {
			return bad(invalidMetadata, "a redirect URI is not in the list at sector_identifier_uri")
		}
	}
	return nil
}
