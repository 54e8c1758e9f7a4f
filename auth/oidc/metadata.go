package oidc

import (
	"encoding/json"
	"fmt"

	"authd/auth/internal/config"
)

// metadata is what the provider says about itself, written once.
type metadata struct {
	discovery []byte
}

// provider is the metadata document: OpenID Connect Discovery §3, RFC 8414 §2,
// RFC 9207 §3. It says what is on, and nothing else.
type provider struct {
	proofMetadata
	registrationMetadata

	Issuer                                     string   `json:"issuer"`
	AuthorizationEndpoint                      string   `json:"authorization_endpoint"`
	TokenEndpoint                              string   `json:"token_endpoint"`
	JWKSURI                                    string   `json:"jwks_uri"`
	UserinfoEndpoint                           string   `json:"userinfo_endpoint"`
	IntrospectionEndpoint                      string   `json:"introspection_endpoint"`
	RevocationEndpoint                         string   `json:"revocation_endpoint"`
	ScopesSupported                            []string `json:"scopes_supported"`
	ResponseTypesSupported                     []string `json:"response_types_supported"`
	ResponseModesSupported                     []string `json:"response_modes_supported"`
	GrantTypesSupported                        []string `json:"grant_types_supported"`
	TokenEndpointAuthMethodsSupported          []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectionEndpointAuthMethodsSupported  []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationEndpointAuthMethodsSupported     []string `json:"revocation_endpoint_auth_methods_supported"`
	CodeChallengeMethodsSupported              []string `json:"code_challenge_methods_supported"`
	AuthorizationResponseIssParameterSupported bool     `json:"authorization_response_iss_parameter_supported"`
	SubjectTypesSupported                      []string `json:"subject_types_supported"`
	IDTokenSigningAlgValuesSupported           []string `json:"id_token_signing_alg_values_supported"`
	ACRValuesSupported                         []string `json:"acr_values_supported"`
	ClaimsSupported                            []string `json:"claims_supported"`
	ClaimsParameterSupported                   bool     `json:"claims_parameter_supported"`
	PromptValuesSupported                      []string `json:"prompt_values_supported"`
	UserinfoSigningAlgValuesSupported          []string `json:"userinfo_signing_alg_values_supported"`
	IntrospectionSigningAlgValuesSupported     []string `json:"introspection_signing_alg_values_supported"` // RFC 9701 §7
	deviceMetadata
	logoutMetadata
}

func newMetadata(issuer string, cfg config.OauthProvider, device bool, names []string) (metadata, error) {
	secrets := []string{authBasic, authPost, authPrivateKeyJWT}
	at := issuer + "/api/auth/oauth2/"
	document, err := json.Marshal(&provider{
		proofMetadata: newProofMetadata(issuer, cfg), registrationMetadata: newRegistrationMetadata(issuer, cfg),
		Issuer: issuer, AuthorizationEndpoint: at + "authorize", TokenEndpoint: at + "token", JWKSURI: issuer + "/.well-known/jwks.json",
		UserinfoEndpoint: at + "userinfo", IntrospectionEndpoint: at + "introspect", RevocationEndpoint: at + "revoke",
		ScopesSupported: cfg.Scopes, ResponseTypesSupported: []string{"code"}, ResponseModesSupported: responseModes(),
		GrantTypesSupported:                       append(grantTypes(), deviceGrants(device)...),
		TokenEndpointAuthMethodsSupported:         append([]string{authNone}, secrets...),
		IntrospectionEndpointAuthMethodsSupported: secrets, RevocationEndpointAuthMethodsSupported: append([]string{authNone}, secrets...),
		CodeChallengeMethodsSupported: []string{"S256"}, AuthorizationResponseIssParameterSupported: true,
		SubjectTypesSupported: []string{subjectPublic, subjectPairwise}, IDTokenSigningAlgValuesSupported: signingAlgs(), ACRValuesSupported: levels(cfg, nil),
		ClaimsSupported:          claimsSupported(cfg, names),
		ClaimsParameterSupported: true, PromptValuesSupported: promptValues(), deviceMetadata: newDeviceMetadata(issuer, device), logoutMetadata: newLogoutMetadata(at),
		UserinfoSigningAlgValuesSupported: signingAlgs(), IntrospectionSigningAlgValuesSupported: signingAlgs(),
	})
	if err != nil {
		return metadata{}, fmt.Errorf("write discovery document: %w", err)
	}
	return metadata{discovery: document}, nil
}
