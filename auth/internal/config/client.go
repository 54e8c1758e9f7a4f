package config

import (
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
	ClientID                 string        `toml:"client_id" doc:"The client's id; required."`
	ClientSecret             string        `toml:"client_secret" secret:"true" doc:"Its secret, at least 32 characters; none makes a public client."`
	Name                     string        `toml:"name" shown:"client_id" doc:"Name that people see when they are asked for consent."`
	URI                      string        `toml:"uri" doc:"Its home page."`
	Icon                     string        `toml:"icon" doc:"URL of its picture."`
	Type                     string        `toml:"type" default:"web" allowed:"web,native" doc:"native for apps and command lines: loopback and custom-scheme redirects (RFC 8252)."`
	TokenEndpointAuthMethod  string        `toml:"token_endpoint_auth_method" allowed:"none,client_secret_basic,client_secret_post" shown:"client_secret_basic with a secret, else none" doc:"How it proves itself at the token endpoint."`
	RedirectURIs             []string      `toml:"redirect_uris" doc:"Where the browser may be sent back to, compared exactly."`
	PostLogoutRedirectURIs   []string      `toml:"post_logout_redirect_uris" doc:"Where the browser may be sent after signing out."`
	Scopes                   []string      `toml:"scopes" shown:"oauth_provider.scopes" doc:"Scopes it may ask for."`
	GrantTypes               []string      `toml:"grant_types" default:"authorization_code,refresh_token" allowed:"authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:device_code" doc:"Grants it may use."`
	RequirePKCE              bool          `toml:"require_pkce" default:"true" doc:"PKCE is required; only a client with a secret may do without."`
	SkipConsent              bool          `toml:"skip_consent" default:"false" doc:"A client of your own: people are not asked for consent. Only https redirects; others are always asked (RFC 8252 section 8.6)."`
	IDTokenSignedResponseAlg string        `toml:"id_token_signed_response_alg" default:"RS256" allowed:"RS256,ES256,EdDSA" doc:"Signature of its ID tokens."`
	AccessTokenExpiresIn     time.Duration `toml:"access_token_expires_in" min:"0s" max:"30d" shown:"oauth_provider.access_token_expires_in" doc:"How long its access tokens work."`
	RefreshTokenExpiresIn    time.Duration `toml:"refresh_token_expires_in" min:"0s" max:"400d" shown:"oauth_provider.refresh_token_expires_in" doc:"How long its refresh tokens work without use."`
}

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
	keys := ClientKeys()
	var client Client
	values := map[string]any{}
	for _, key := range keys {
		if key.Default != "" {
			values[key.Path] = key.Default
		}
	}
	for _, name := range sortedNames(table) {
		base, isFile := strings.CutSuffix(name, "_file")
		key, known := find(keys, name)
		if known {
			values[key.Path] = table[name]
			continue
		}
		key, known = find(keys, base)
		file, isText := table[name].(string)
		if !known || !isFile || !key.Secret || !isText {
			return client, unknownKey(keys, name, "", source+" "+strings.TrimSuffix(prefix, "."))
		}
		secret, err := secretFromFile(prefix+name, source, file)
		if err != nil {
			return client, err
		}
		values[base] = secret
	}
	for _, key := range keys {
		given, set := values[key.Path]
		if !set {
			continue
		}
		field := reflect.ValueOf(&client).Elem().FieldByIndex(key.index)
		key.Path = prefix + key.Path
		if err := key.set(field, source, given); err != nil {
			return client, err
		}
	}
	client.resolve()
	return client, client.check(prefix, source)
}

func (c *Client) resolve() {
	if c.Name == "" {
		c.Name = c.ClientID
	}
	if c.TokenEndpointAuthMethod == "" {
		c.TokenEndpointAuthMethod = "none"
		if c.ClientSecret != "" {
			c.TokenEndpointAuthMethod = "client_secret_basic"
		}
	}
}

func (c *Client) check(prefix, source string) error {
	refuse := func(key, given, allowed string) error {
		return &complaint{prefix + key, source, given, allowed}
	}
	if !clientID(c.ClientID) {
		return refuse("client_id", strconv.Quote(c.ClientID), "1 to 128 letters, digits, and -._~:/@")
	}
	if c.Public() && c.ClientSecret != "" {
		return refuse("token_endpoint_auth_method", `"none" beside a client_secret`, "client_secret_basic, client_secret_post, or no client_secret")
	}
	if !c.Public() && len(c.ClientSecret) < minSecret {
		return refuse("client_secret", fmt.Sprintf("%d characters long", len(c.ClientSecret)), fmt.Sprintf("at least %d characters, or token_endpoint_auth_method = \"none\"", minSecret))
	}
	if c.Public() && !c.RequirePKCE {
		return refuse("require_pkce", "false", "true, for a client without a secret (RFC 9700 section 2.1.1)")
	}
	if slices.Contains(c.GrantTypes, "authorization_code") && len(c.RedirectURIs) == 0 {
		return refuse("redirect_uris", "empty", "at least one URI, for a client with the authorization_code grant")
	}
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
	if c.URI != "" && !webURL(c.URI) {
		return refuse("uri", strconv.Quote(c.URI), "an http or https URL")
	}
	if c.Icon != "" && !webURL(c.Icon) {
		return refuse("icon", strconv.Quote(c.Icon), "an http or https URL")
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
