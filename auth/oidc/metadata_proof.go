package oidc

import "authd/auth/internal/config"

// proofMetadata is what the metadata document says of how clients prove themselves
// and their requests.
type proofMetadata struct {
	TokenEndpointAuthSigningAlgs         []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectionEndpointAuthSigningAlgs []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevocationEndpointAuthSigningAlgs    []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`

	PushedAuthorizationRequestEndpoint string   `json:"pushed_authorization_request_endpoint"` // RFC 9126 §5
	RequirePushedAuthorizationRequests bool     `json:"require_pushed_authorization_requests"`
	RequestObjectSigningAlgs           []string `json:"request_object_signing_alg_values_supported"`
	DPoPSigningAlgs                    []string `json:"dpop_signing_alg_values_supported"` // RFC 9449 §5.1
	RequestParameterSupported          bool     `json:"request_parameter_supported"`
	RequestURIParameterSupported       bool     `json:"request_uri_parameter_supported"`
	RequireRequestURIRegistration      bool     `json:"require_request_uri_registration"` // OpenID Connect Discovery §3
}

func newProofMetadata(issuer string, cfg config.OauthProvider) proofMetadata {
	return proofMetadata{
		TokenEndpointAuthSigningAlgs: clientAlgs(), IntrospectionEndpointAuthSigningAlgs: clientAlgs(), RevocationEndpointAuthSigningAlgs: clientAlgs(),
		PushedAuthorizationRequestEndpoint: issuer + "/api/auth/oauth2/par", RequirePushedAuthorizationRequests: cfg.RequirePushedAuthorizationRequests,
		RequestObjectSigningAlgs: requestObjectAlgs(cfg.RequestURI), RequestParameterSupported: true, DPoPSigningAlgs: clientAlgs(),
		RequestURIParameterSupported: cfg.RequestURI, RequireRequestURIRegistration: cfg.RequestURI,
	}
}
