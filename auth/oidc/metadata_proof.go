package oidc

import "authd/auth/internal/config"

// proofMetadata is what the metadata document says of how clients prove themselves
// and their requests.
type proofMetadata struct {
	TokenEndpointAuthSigningAlgs         []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectionEndpointAuthSigningAlgs []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevocationEndpointAuthSigningAlgs    []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
}

func newProofMetadata(_ string, _ config.OauthProvider) proofMetadata {
	return proofMetadata{
		TokenEndpointAuthSigningAlgs: clientAlgs(), IntrospectionEndpointAuthSigningAlgs: clientAlgs(), RevocationEndpointAuthSigningAlgs: clientAlgs(),
	}
}
