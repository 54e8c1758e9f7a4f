package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// clientFlags are the metadata of a client, each under its standard name
// (RFC 7591 and its relatives) but for the hyphens. A flag that is not given
// says nothing: a client that is changed keeps what it has.
type clientFlags struct {
	RedirectURI           []string `help:"Where the browser may be sent back to; several times for several." placeholder:"URI" sep:"none"`
	PostLogoutRedirectURI []string `help:"Where the browser may be sent after signing out." placeholder:"URI" sep:"none"`
	Scope                 string   `help:"Scopes it may ask for, separated by spaces; default: all." placeholder:"SCOPES"`
	GrantType             []string `help:"Grants it may use: authorization_code, refresh_token, client_credentials, device_code, token-exchange." placeholder:"GRANT"`

	AuthMethod     string `help:"How it proves itself: none, client_secret_basic, client_secret_post or private_key_jwt." placeholder:"METHOD" enum:",none,client_secret_basic,client_secret_post,private_key_jwt" default:""`
	AuthSigningAlg string `name:"token-endpoint-auth-signing-alg" help:"The only algorithm for private_key_jwt." placeholder:"ALG"`
	JWKS           []byte `name:"jwks" help:"File with its public keys (RFC 7517); - reads standard input." placeholder:"FILE" type:"filecontent"`
	JWKSURI        string `name:"jwks-uri" help:"Where its public keys are." placeholder:"URL"`

	URI             string   `name:"uri" help:"Its home page." placeholder:"URL"`
	Icon            string   `help:"Its picture." placeholder:"URL"`
	TOSURI          string   `name:"tos-uri" help:"Its terms of service." placeholder:"URL"`
	PolicyURI       string   `help:"Its privacy policy." placeholder:"URL"`
	Contact         []string `help:"Whom to write to about it." placeholder:"ADDRESS"`
	SoftwareID      string   `help:"Id of its software." placeholder:"ID"`
	SoftwareVersion string   `help:"Version of its software." placeholder:"VERSION"`

	RequirePKCE *bool    `name:"require-pkce" help:"PKCE is required, which is the default; only a client with a secret or keys may do without." negatable:""`
	RequirePAR  *bool    `name:"require-pushed-authorization-requests" help:"Its requests must be pushed first (RFC 9126)." negatable:""`
	RequireJAR  *bool    `name:"require-signed-request-object" help:"Its requests must be signed (RFC 9101)." negatable:""`
	RequestAlg  string   `name:"request-object-signing-alg" help:"The only algorithm for its signed requests." placeholder:"ALG"`
	RequestURI  []string `help:"Where its request objects may be fetched." placeholder:"URL" sep:"none"`
	DPoP        *bool    `name:"dpop-bound-access-tokens" help:"It only gets tokens that are bound to a key (RFC 9449)." negatable:""`
	Profile     string   `help:"fapi2 holds it to the FAPI 2.0 Security Profile." placeholder:"PROFILE" enum:",fapi2" default:""`
	SkipConsent *bool    `help:"A client of your own: people are not asked for consent where the redirect is https." negatable:""`

	DefaultMaxAge     string   `help:"People must have signed in within this time, such as 1h." placeholder:"DURATION"`
	RequireAuthTime   *bool    `help:"Its ID tokens always say when the person signed in." negatable:""`
	DefaultACRValue   []string `help:"Ways to sign in that it prefers." placeholder:"ACR"`
	SubjectType       string   `help:"public, or pairwise: it knows people by names that no other client knows." placeholder:"TYPE" enum:",public,pairwise" default:""`
	SectorURI         string   `name:"sector-identifier-uri" help:"Its host is what clients share that know people by the same pairwise names." placeholder:"URL"`
	IDTokenAlg        string   `name:"id-token-signed-response-alg" help:"Signature of its ID tokens: RS256, ES256, EdDSA or PS256; default: RS256." placeholder:"ALG" enum:",RS256,ES256,EdDSA,PS256" default:""`
	UserinfoAlg       string   `name:"userinfo-signed-response-alg" help:"Signs what it gets at userinfo." placeholder:"ALG"`
	IntrospectionAlg  string   `name:"introspection-signed-response-alg" help:"Signs what it gets at introspection (RFC 9701)." placeholder:"ALG"`
	Claims            string   `help:"JSON object of claims that are added to its ID tokens and JWT access tokens." placeholder:"JSON"`
	AccessTokenFormat string   `help:"opaque or jwt (RFC 9068)." placeholder:"FORMAT" enum:",opaque,jwt" default:""`
	AccessTokenLife   string   `name:"access-token-expires-in" help:"How long its access tokens work, such as 15m." placeholder:"DURATION"`
	IDTokenLife       string   `name:"id-token-expires-in" help:"How long its ID tokens count, at most as long as the server's, such as 10m." placeholder:"DURATION"`
	RefreshTokenLife  string   `name:"refresh-token-expires-in" help:"How long its refresh tokens work without use, such as 30d." placeholder:"DURATION"`

	EnableEndSession *bool  `help:"It may sign people out; on with --post-logout-redirect-uri." negatable:""`
	BackchannelURI   string `name:"backchannel-logout-uri" help:"Where the server tells it that a person signed out." placeholder:"URL"`
	BackchannelSID   *bool  `name:"backchannel-logout-session-required" help:"It must be told which session." negatable:""`
	FrontchannelURI  string `name:"frontchannel-logout-uri" help:"Where the browser tells it." placeholder:"URL"`
	FrontchannelSID  *bool  `name:"frontchannel-logout-session-required" help:"It must be told which session." negatable:""`
	InitiateLoginURI string `name:"initiate-login-uri" help:"Its page that begins a sign-in." placeholder:"URL"`

	ClientCredentialsScope string   `help:"Scopes it may have for itself with client_credentials, separated by spaces." placeholder:"SCOPES"`
	TokenExchange          []string `help:"Ids of the clients whose tokens it may exchange (RFC 8693); * for all." placeholder:"ID"`
	Impersonation          *bool    `name:"token-exchange-impersonation" help:"It may exchange them for tokens that do not say who acts." negatable:""`
	MayAct                 string   `help:"Id of the client that alone may exchange this one's tokens (RFC 8693)." placeholder:"ID"`
}

// longGrant writes out the names that nobody remembers.
func longGrant(grant string) string {
	switch grant {
	case "device_code", "token-exchange":
		return "urn:ietf:params:oauth:grant-type:" + grant
	default:
		return grant
	}
}

// metadata is what the flags say, under the standard names.
func (f *clientFlags) metadata() (map[string]any, error) {
	m := map[string]any{}
	for name, text := range map[string]string{
		"scope": f.Scope, "token_endpoint_auth_method": f.AuthMethod, "token_endpoint_auth_signing_alg": f.AuthSigningAlg, "jwks_uri": f.JWKSURI,
		"client_uri": f.URI, "logo_uri": f.Icon, "tos_uri": f.TOSURI, "policy_uri": f.PolicyURI,
		"software_id": f.SoftwareID, "software_version": f.SoftwareVersion, "request_object_signing_alg": f.RequestAlg, "profile": f.Profile,
		"subject_type": f.SubjectType, "sector_identifier_uri": f.SectorURI, "id_token_signed_response_alg": f.IDTokenAlg,
		"userinfo_signed_response_alg": f.UserinfoAlg, "introspection_signed_response_alg": f.IntrospectionAlg, "access_token_format": f.AccessTokenFormat,
		"may_act": f.MayAct, "backchannel_logout_uri": f.BackchannelURI, "frontchannel_logout_uri": f.FrontchannelURI, "initiate_login_uri": f.InitiateLoginURI,
	} {
		if text != "" {
			m[name] = text
		}
	}
	grants := slices.Clone(f.GrantType)
	for i := range grants {
		grants[i] = longGrant(grants[i])
	}
	for name, list := range map[string][]string{
		"redirect_uris": f.RedirectURI, "post_logout_redirect_uris": f.PostLogoutRedirectURI, "grant_types": grants, "contacts": f.Contact,
		"request_uris": f.RequestURI, "default_acr_values": f.DefaultACRValue, "client_credentials_scopes": strings.Fields(f.ClientCredentialsScope),
		"token_exchange": f.TokenExchange,
	} {
		if len(list) > 0 {
			m[name] = list
		}
	}
	for name, is := range map[string]*bool{
		"require_pkce": f.RequirePKCE, "require_pushed_authorization_requests": f.RequirePAR, "require_signed_request_object": f.RequireJAR,
		"dpop_bound_access_tokens": f.DPoP, "skip_consent": f.SkipConsent, "require_auth_time": f.RequireAuthTime, "enable_end_session": f.EnableEndSession,
		"backchannel_logout_session_required": f.BackchannelSID, "frontchannel_logout_session_required": f.FrontchannelSID,
		"token_exchange_impersonation": f.Impersonation,
	} {
		if is != nil {
			m[name] = *is
		}
	}
	return m, f.addParsed(m)
}

// addParsed adds what has a form of its own at the command line.
func (f *clientFlags) addParsed(m map[string]any) error {
	for _, one := range []struct{ flag, name, text string }{
		{"--default-max-age", "default_max_age", f.DefaultMaxAge},
		{"--access-token-expires-in", "access_token_expires_in", f.AccessTokenLife},
		{"--id-token-expires-in", "id_token_expires_in", f.IDTokenLife},
		{"--refresh-token-expires-in", "refresh_token_expires_in", f.RefreshTokenLife},
	} {
		life, err := duration(one.flag, one.text)
		if err != nil {
			return err
		}
		if life > 0 {
			m[one.name] = int64(life / time.Second)
		}
	}
	for _, one := range []struct{ flag, name, text string }{{"--jwks", "jwks", string(f.JWKS)}, {"--claims", "claims", f.Claims}} {
		if one.text == "" {
			continue
		}
		var object map[string]any
		if json.Unmarshal([]byte(one.text), &object) != nil || object == nil {
			return &usageError{one.flag + " is not a JSON object"}
		}
		m[one.name] = object
	}
	return nil
}
