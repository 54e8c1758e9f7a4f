package config

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Client is one [[client]]: an OAuth client declared as code.
type Client struct {
	ClientID                 string         `toml:"client_id" doc:"The client's id; required."`
	ClientSecret             string         `toml:"client_secret" secret:"true" doc:"Its secret, at least 32 characters; neither secret nor keys make a public client."`
	ClientSecrets            []string       `toml:"client_secrets" secret:"true" doc:"Several secrets that all count, while one replaces the other."`
	Name                     string         `toml:"name" shown:"client_id" doc:"Name that people see when they are asked for consent."`
	URI                      string         `toml:"uri" doc:"Its home page."`
	Icon                     string         `toml:"icon" doc:"URL of its picture."`
	TOS                      string         `toml:"tos_uri" doc:"Its terms of service."`
	Policy                   string         `toml:"policy_uri" doc:"Its privacy policy."`
	Contacts                 []string       `toml:"contacts" doc:"Whom to write to about it."`
	Type                     string         `toml:"type" default:"web" allowed:"web,native" doc:"native for apps and command lines: loopback and custom-scheme redirects (RFC 8252)."`
	TokenEndpointAuthMethod  string         `toml:"token_endpoint_auth_method" allowed:"none,client_secret_basic,client_secret_post,private_key_jwt" shown:"client_secret_basic with a secret, private_key_jwt with keys alone, else none" doc:"How it proves itself at the token endpoint."`
	TokenEndpointAuthAlg     string         `toml:"token_endpoint_auth_signing_alg" shown:"any" doc:"The only algorithm that its assertions may be signed with."`
	JWKS                     jsonObject     `toml:"jwks" doc:"Its public keys, { keys = [ … ] } (RFC 7517), for private_key_jwt and signed requests."`
	JWKSURI                  string         `toml:"jwks_uri" doc:"Where its public keys are, in place of jwks."`
	RedirectURIs             []string       `toml:"redirect_uris" doc:"Where the browser may be sent back to, compared exactly."`
	PostLogoutRedirectURIs   []string       `toml:"post_logout_redirect_uris" doc:"Where the browser may be sent after signing out."`
	EnableEndSession         bool           `toml:"enable_end_session" shown:"true with post_logout_redirect_uris" doc:"It may sign people out (RP-Initiated Logout)."`
	BackchannelLogoutURI     string         `toml:"backchannel_logout_uri" doc:"Where it is told by the server that a person signed out (Back-Channel Logout)."`
	BackchannelLogoutSID     bool           `toml:"backchannel_logout_session_required" default:"false" doc:"It must be told which session ended."`
	FrontchannelLogoutURI    string         `toml:"frontchannel_logout_uri" doc:"Where it is told by the browser (Front-Channel Logout)."`
	FrontchannelLogoutSID    bool           `toml:"frontchannel_logout_session_required" default:"false" doc:"It must be told which session ended."`
	InitiateLoginURI         string         `toml:"initiate_login_uri" doc:"Its page that begins a sign-in (OpenID Connect Core section 4)."`
	Scopes                   []string       `toml:"scopes" shown:"oauth_provider.scopes" doc:"Scopes it may ask for."`
	ClientCredentialsScopes  []string       `toml:"client_credentials_scopes" doc:"Scopes it may have for itself, with client_credentials."`
	GrantTypes               []string       `toml:"grant_types" default:"authorization_code,refresh_token" allowed:"authorization_code,refresh_token,client_credentials,urn:ietf:params:oauth:grant-type:device_code,urn:ietf:params:oauth:grant-type:token-exchange" doc:"Grants it may use."`
	TokenExchange            []string       `toml:"token_exchange" doc:"Ids of the clients whose tokens it may exchange (RFC 8693), * for all."`
	TokenExchangeImpersonate bool           `toml:"token_exchange_impersonation" default:"false" doc:"It may exchange them for tokens that do not say who acts."`
	MayAct                   string         `toml:"may_act" shown:"any that may" doc:"Id of the client that alone may exchange this one's tokens; they say so (RFC 8693 section 4.4)."`
	RequirePKCE              bool           `toml:"require_pkce" default:"true" doc:"PKCE is required; only a client with a secret or keys may do without."`
	RequirePAR               bool           `toml:"require_pushed_authorization_requests" default:"false" doc:"Its requests must be pushed first (RFC 9126)."`
	RequestObjectAlg         string         `toml:"request_object_signing_alg" shown:"any" doc:"The only algorithm that its request objects may be signed with."`
	RequireRequestObject     bool           `toml:"require_signed_request_object" default:"false" doc:"Its requests must be signed (RFC 9101)."`
	RequestURIs              []string       `toml:"request_uris" doc:"Where its request objects may be fetched, if the server fetches any."`
	DPoPBoundAccessTokens    bool           `toml:"dpop_bound_access_tokens" default:"false" doc:"It only gets tokens that are bound to a key (RFC 9449)."`
	Profile                  string         `toml:"profile" allowed:"fapi2" doc:"Holds it to the FAPI 2.0 Security Profile."`
	SkipConsent              bool           `toml:"skip_consent" default:"false" doc:"A client of your own: people are not asked for consent. Only https redirects; others are always asked (RFC 8252 section 8.6)."`
	DefaultMaxAge            *time.Duration `toml:"default_max_age" min:"0s" max:"400d" doc:"People must have signed in within this time, unless it asks otherwise."`
	RequireAuthTime          bool           `toml:"require_auth_time" default:"false" doc:"Its ID tokens always say when the person signed in."`
	DefaultACRValues         []string       `toml:"default_acr_values" doc:"Ways to sign in that it prefers."`
	SubjectType              string         `toml:"subject_type" default:"public" allowed:"public,pairwise" doc:"pairwise: it knows people by names that no other client knows."`
	SectorIdentifierURI      string         `toml:"sector_identifier_uri" doc:"Its host is what clients have in common that are to know people by the same pairwise names."`
	IDTokenSignedResponseAlg string         `toml:"id_token_signed_response_alg" shown:"RS256, or ES256 with profile fapi2" allowed:"RS256,ES256,EdDSA,PS256" doc:"Signature of its ID tokens."`
	UserinfoAlg              string         `toml:"userinfo_signed_response_alg" shown:"none: JSON" doc:"Signs what it gets at userinfo."`
	IntrospectionAlg         string         `toml:"introspection_signed_response_alg" shown:"RS256, when asked for" doc:"Signs what it gets at introspection (RFC 9701)."`
	AccessTokenFormat        string         `toml:"access_token_format" allowed:"opaque,jwt" shown:"opaque, unless the resource wants jwt" doc:"Form of its access tokens; jwt is RFC 9068."`
	Claims                   jsonObject     `toml:"claims" doc:"A table of claims that are added to its ID tokens and to its access tokens that are JWTs."`
	AccessTokenExpiresIn     time.Duration  `toml:"access_token_expires_in" min:"0s" max:"30d" shown:"oauth_provider.access_token_expires_in" doc:"How long its access tokens work."`
	IDTokenExpiresIn         time.Duration  `toml:"id_token_expires_in" min:"0s" max:"30d" shown:"oauth_provider.id_token_expires_in" doc:"How long its ID tokens count, at most as long as the server's."`
	RefreshTokenExpiresIn    time.Duration  `toml:"refresh_token_expires_in" min:"0s" max:"400d" shown:"oauth_provider.refresh_token_expires_in" doc:"How long its refresh tokens work without use."`
}

// jsonObject is a table of which only its reader knows the keys, as JSON.
type jsonObject = json.RawMessage

// Public says that the client has no secret to prove itself with (RFC 6749 section 2.1).
func (c *Client) Public() bool {
	return c.TokenEndpointAuthMethod == "none"
}

// parseClients reads the [[client]] tables.
func (k Key) parseClients(source string, given any) (any, error) {
	list, ok := given.([]any)
	if !ok {
		return nil, k.refuse(source, given)
	}
	clients := []Client{}
	seen := map[string]bool{}
	for i, item := range list {
		table, ok := item.(map[string]any)
		if !ok {
			return nil, k.refuse(source, item)
		}
		client, err := parseClient(fmt.Sprintf("client[%d].", i), source, table)
		if err != nil {
			return nil, err
		}
		if seen[client.ClientID] {
			return nil, &complaint{fmt.Sprintf("client[%d].client_id", i), source, strconv.Quote(client.ClientID) + " twice", "an id of its own for each client"}
		}
		seen[client.ClientID] = true
		clients = append(clients, client)
	}
	return clients, nil
}

// parseClient reads one table; prefix names it in complaints.
func parseClient(prefix, source string, table map[string]any) (Client, error) {
	var client Client
	if err := fill(reflect.ValueOf(&client).Elem(), ClientKeys(), prefix, source, table); err != nil {
		return client, err
	}
	client.resolve()
	return client, client.check(prefix, source)
}

func (c *Client) resolve() {
	if c.Name == "" {
		c.Name = c.ClientID
	}
	if c.ClientSecret != "" {
		c.ClientSecrets = append([]string{c.ClientSecret}, c.ClientSecrets...)
	}
	if len(c.ClientSecrets) > 0 {
		c.ClientSecret = c.ClientSecrets[0]
	}
	if c.TokenEndpointAuthMethod == "" {
		c.TokenEndpointAuthMethod = "none"
		switch {
		case c.ClientSecret != "":
			c.TokenEndpointAuthMethod = "client_secret_basic"
		case c.hasKeys():
			c.TokenEndpointAuthMethod = "private_key_jwt"
		}
	}
	c.EnableEndSession = c.EnableEndSession || len(c.PostLogoutRedirectURIs) > 0
}

func (c *Client) hasKeys() bool { return len(c.JWKS) > 0 || c.JWKSURI != "" }

// maxSecrets is how many secrets a client may have at once.
const maxSecrets = 5

// refusal complains about one key of a client.
type refusal func(key, given, allowed string) error

func (c *Client) check(prefix, source string) error {
	refuse := func(key, given, allowed string) error {
		return &complaint{prefix + key, source, given, allowed}
	}
	if !clientID(c.ClientID) {
		return refuse("client_id", strconv.Quote(c.ClientID), "1 to 128 letters, digits, and -._~:/@")
	}
	for _, check := range []func(refusal) error{c.checkProof, c.checkGrants, c.checkURIs} {
		if err := check(refuse); err != nil {
			return err
		}
	}
	return nil
}

// checkProof: how the client proves itself, and that it has what that takes.
func (c *Client) checkProof(refuse refusal) error {
	method, bySecret := c.TokenEndpointAuthMethod, strings.HasPrefix(c.TokenEndpointAuthMethod, "client_secret_")
	switch {
	case c.Public() && c.ClientSecret != "":
		return refuse("token_endpoint_auth_method", `"none" beside a client_secret`, "client_secret_basic, client_secret_post, or no client_secret")
	case method == "private_key_jwt" && c.ClientSecret != "":
		return refuse("token_endpoint_auth_method", `"private_key_jwt" beside a client_secret`, "jwks or jwks_uri alone, with this method")
	case method == "private_key_jwt" && !c.hasKeys():
		return refuse("jwks", "empty", `its public keys here or at jwks_uri, for token_endpoint_auth_method = "private_key_jwt"`)
	case len(c.JWKS) > 0 && c.JWKSURI != "":
		return refuse("jwks_uri", strconv.Quote(c.JWKSURI)+" beside jwks", "one of them")
	case bySecret && len(c.ClientSecrets) == 0:
		return refuse("client_secret", "0 characters long", fmt.Sprintf("at least %d characters, or token_endpoint_auth_method = \"none\"", minSecret))
	case len(c.ClientSecrets) > maxSecrets:
		return refuse("client_secrets", fmt.Sprintf("%d secrets", len(c.ClientSecrets)), fmt.Sprintf("at most %d at once", maxSecrets))
	case c.Public() && !c.RequirePKCE:
		return refuse("require_pkce", "false", "true, for a client without a secret (RFC 9700 section 2.1.1)")
	}
	for i, secret := range c.ClientSecrets {
		if len(secret) < minSecret && i == 0 {
			return refuse("client_secret", fmt.Sprintf("%d characters long", len(secret)), fmt.Sprintf("at least %d characters, or token_endpoint_auth_method = \"none\"", minSecret))
		}
		if len(secret) < minSecret {
			return refuse("client_secrets", fmt.Sprintf("%d characters long (number %d)", len(secret), i+1), fmt.Sprintf("at least %d characters each", minSecret))
		}
	}
	return nil
}

// checkGrants: what a grant needs, and what needs a grant.
func (c *Client) checkGrants(refuse refusal) error {
	machine := slices.Contains(c.GrantTypes, "client_credentials")
	exchange := slices.Contains(c.GrantTypes, "urn:ietf:params:oauth:grant-type:token-exchange")
	switch {
	case slices.Contains(c.GrantTypes, "authorization_code") && len(c.RedirectURIs) == 0:
		return refuse("redirect_uris", "empty", "at least one URI, for a client with the authorization_code grant")
	case c.Public() && machine:
		return refuse("grant_types", `"client_credentials" of a client without a secret`, "it with a client_secret, jwks or jwks_uri (RFC 6749 section 4.4)")
	case c.Public() && exchange:
		return refuse("grant_types", `token-exchange of a client without a secret`, "it with a client_secret, jwks or jwks_uri")
	case !machine && len(c.ClientCredentialsScopes) > 0:
		return refuse("client_credentials_scopes", "set", `it with "client_credentials" among grant_types`)
	case !exchange && (len(c.TokenExchange) > 0 || c.TokenExchangeImpersonate):
		return refuse("token_exchange", "set", `it with "urn:ietf:params:oauth:grant-type:token-exchange" among grant_types`)
	case c.BackchannelLogoutSID && c.BackchannelLogoutURI == "":
		return refuse("backchannel_logout_session_required", "true", "it with backchannel_logout_uri")
	case c.FrontchannelLogoutSID && c.FrontchannelLogoutURI == "":
		return refuse("frontchannel_logout_session_required", "true", "it with frontchannel_logout_uri")
	}
	return nil
}

func (c *Client) checkURIs(refuse refusal) error {
	for _, uri := range c.RedirectURIs {
		if !absoluteURI(uri) {
			return refuse("redirect_uris", strconv.Quote(uri), "absolute URIs without fragment (RFC 6749 section 3.1.2)")
		}
	}
	for _, uri := range c.PostLogoutRedirectURIs {
		if !absoluteURI(uri) {
			return refuse("post_logout_redirect_uris", strconv.Quote(uri), "absolute URIs without fragment")
		}
	}
	for _, one := range []struct{ key, uri string }{
		{"uri", c.URI},
		{"icon", c.Icon},
		{"tos_uri", c.TOS},
		{"policy_uri", c.Policy},
		{"jwks_uri", c.JWKSURI},
		{"backchannel_logout_uri", c.BackchannelLogoutURI},
		{"frontchannel_logout_uri", c.FrontchannelLogoutURI},
		{"initiate_login_uri", c.InitiateLoginURI},
		{"sector_identifier_uri", c.SectorIdentifierURI},
	} {
		if one.uri != "" && !webURL(one.uri) {
			return refuse(one.key, strconv.Quote(one.uri), "an http or https URL")
		}
	}
	return nil
}

func clientID(text string) bool {
	return len(text) >= 1 && len(text) <= 128 && strings.IndexFunc(text, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("-._~:/@", r)
	}) < 0
}

func absoluteURI(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && parsed.IsAbs() && !strings.Contains(text, "#") && !strings.ContainsAny(text, " *\\") &&
		!slices.Contains([]string{"javascript", "data", "vbscript", "file"}, parsed.Scheme) &&
		(parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host != "")
}

func webURL(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != "" && parsed.User == nil
}
