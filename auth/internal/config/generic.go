package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// GenericOAuth are upstream providers that authd does not know by name.
type GenericOAuth struct {
	Config []GenericProvider `toml:"config" doc:"OAuth 2.0 and OpenID Connect providers that people sign in with, one [[generic_oauth.config]] each (keys below)."`
}

// GenericProvider is one [[generic_oauth.config]].
type GenericProvider struct {
	ProviderID   string `toml:"provider_id" doc:"Its name in addresses and in the database; required."`
	Name         string `toml:"name" shown:"provider_id" doc:"Its name on the button."`
	DiscoveryURL string `toml:"discovery_url" doc:"Its OpenID configuration, https://…/.well-known/openid-configuration: says all addresses that are not set here."`
	Issuer       string `toml:"issuer" shown:"what discovery says" doc:"iss of its answers and ID tokens."`

	AuthorizationURL string `toml:"authorization_url" doc:"Where people are sent to sign in."`
	TokenURL         string `toml:"token_url" doc:"Where codes become tokens."`
	UserInfoURL      string `toml:"user_info_url" doc:"Where the profile is read."`
	JWKSURI          string `toml:"jwks_uri" doc:"Keys that its ID tokens are signed with."`

	ClientID       string   `toml:"client_id" doc:"Id of your app there; required."`
	ClientSecret   string   `toml:"client_secret" secret:"true" doc:"Its secret."`
	Authentication string   `toml:"authentication" allowed:"basic,post,private_key_jwt,none" shown:"post with a secret, private_key_jwt with a key, else none" doc:"How authd proves itself at the token endpoint."`
	PrivateKey     string   `toml:"private_key" secret:"true" lines:"true" doc:"Key (PEM) that signs authd's assertions, for private_key_jwt."`
	KeyID          string   `toml:"key_id" doc:"kid of those assertions."`
	Scopes         []string `toml:"scopes" doc:"Scopes to ask for; openid is added for an OpenID provider."`
	RedirectURI    string   `toml:"redirect_uri" shown:"url and /api/auth/callback/PROVIDER_ID" doc:"Where people are sent back to, when it is another address."`
	PKCE           bool     `toml:"pkce" default:"true" doc:"Requests are bound to their answers by PKCE (RFC 7636)."`
	ResponseType   string   `toml:"response_type" default:"code" allowed:"code,code id_token" doc:"What is asked for."`
	ResponseMode   string   `toml:"response_mode" allowed:"query,form_post" doc:"How the answer comes."`
	Prompt         string   `toml:"prompt" doc:"What the provider asks: none, login, create, consent, select_account."`
	AccessType     string   `toml:"access_type" doc:"offline for a refresh token, where the provider wants it said so."`

	AuthorizationURLParams map[string]string `toml:"authorization_url_params" doc:"Further parameters of the authorization request."`
	TokenURLParams         map[string]string `toml:"token_url_params" doc:"Further parameters of the token request."`
	RefreshTokenParams     map[string]string `toml:"refresh_token_params" doc:"Further parameters of the refresh request."`
	AuthorizationHeaders   map[string]string `toml:"authorization_headers" doc:"Further headers of the token request."`
	DiscoveryHeaders       map[string]string `toml:"discovery_headers" doc:"Headers of the discovery request."`
	AccessTokenExpiresIn   time.Duration     `toml:"access_token_expires_in" min:"0s" max:"400d" doc:"How long access tokens work, when the provider does not say."`

	IDClaim            string `toml:"id_claim" shown:"sub or id" doc:"Claim, or path of names separated by spaces, that is the person's id there; it must never change. Alternatives are separated by a bar."`
	NameClaim          string `toml:"name_claim" shown:"name" doc:"That is the name."`
	EmailClaim         string `toml:"email_claim" shown:"email" doc:"That is the address."`
	EmailVerifiedClaim string `toml:"email_verified_claim" shown:"email_verified" doc:"That says whether the address is verified."`
	ImageClaim         string `toml:"image_claim" shown:"picture" doc:"That is the picture."`

	RequireIssuerValidation    bool `toml:"require_issuer_validation" default:"false" doc:"Answers without iss are refused (RFC 9207)."`
	RequireIDTokenVerification bool `toml:"require_id_token_verification" default:"false" doc:"Answers without an ID token are refused."`
	DisableIDTokenNonceBinding bool `toml:"disable_id_token_nonce_binding" default:"false" doc:"For providers that leave nonce out of their ID tokens."`
	DisableIDTokenSignIn       bool `toml:"disable_id_token_sign_in" default:"false" doc:"Apps may not sign in with an ID token that they got themselves."`
	DisableSignUp              bool `toml:"disable_sign_up" default:"false" doc:"Only people who have an account get in."`
	DisableImplicitSignUp      bool `toml:"disable_implicit_sign_up" default:"false" doc:"A new account is made only when the app asks for it (requestSignUp)."`
	OverrideUserInfo           bool `toml:"override_user_info" default:"false" doc:"Each sign-in takes over name, picture and address from the provider."`
	RequireEmailVerification   bool `toml:"require_email_verification" default:"false" doc:"Nobody signs in before their address is verified, by the provider or by mail."`
}

// GenericProviderKeys lists what stands in a [[generic_oauth.config]].
func GenericProviderKeys() []Key {
	return keysOf(reflect.TypeFor[GenericProvider](), "", nil)
}

// parseGeneric reads the [[generic_oauth.config]] tables.
func (k Key) parseGeneric(source string, given any) (any, error) {
	list, ok := given.([]any)
	if !ok {
		return nil, k.refuse(source, given)
	}
	providers := []GenericProvider{}
	seen := map[string]bool{}
	for i, item := range list {
		table, ok := item.(map[string]any)
		if !ok {
			return nil, k.refuse(source, item)
		}
		var p GenericProvider
		prefix := fmt.Sprintf("%s[%d].", k.Path, i)
		if err := fill(reflect.ValueOf(&p).Elem(), GenericProviderKeys(), prefix, source, table); err != nil {
			return nil, err
		}
		if err := p.check(prefix, source); err != nil {
			return nil, err
		}
		if seen[p.ProviderID] {
			return nil, &complaint{prefix + "provider_id", source, strconv.Quote(p.ProviderID) + " twice", "a name of its own for each provider"}
		}
		seen[p.ProviderID] = true
		providers = append(providers, p)
	}
	return providers, nil
}

// check says what is missing and fills in what follows from the rest.
func (p *GenericProvider) check(prefix, source string) error {
	refuse := func(key, given, allowed string) error { return &complaint{prefix + key, source, given, allowed} }
	if !clientID(p.ProviderID) || strings.ContainsAny(p.ProviderID, ":/@") {
		return refuse("provider_id", strconv.Quote(p.ProviderID), "1 to 128 letters, digits, and -._~")
	}
	if p.ClientID == "" {
		return refuse("client_id", "not set", "the id of your app there")
	}
	if p.DiscoveryURL == "" && (p.AuthorizationURL == "" || p.TokenURL == "") {
		return refuse("discovery_url", "not set", "it, or authorization_url and token_url")
	}
	for _, one := range []struct{ key, uri string }{
		{"discovery_url", p.DiscoveryURL},
		{"authorization_url", p.AuthorizationURL},
		{"token_url", p.TokenURL},
		{"user_info_url", p.UserInfoURL},
		{"jwks_uri", p.JWKSURI},
		{"redirect_uri", p.RedirectURI},
	} {
		if one.uri != "" && !webURL(one.uri) {
			return refuse(one.key, strconv.Quote(one.uri), "an http or https URL")
		}
	}
	if p.Name == "" {
		p.Name = p.ProviderID
	}
	return p.checkProof(refuse)
}

func (p *GenericProvider) checkProof(refuse refusal) error {
	if p.Authentication == "" {
		switch {
		case p.ClientSecret != "":
			p.Authentication = "post"
		case p.PrivateKey != "":
			p.Authentication = "private_key_jwt"
		default:
			p.Authentication = "none"
		}
	}
	switch bySecret := p.Authentication == "basic" || p.Authentication == "post"; {
	case bySecret && p.ClientSecret == "":
		return refuse("client_secret", "not set", "a secret, for authentication = \""+p.Authentication+`"`)
	case !bySecret && p.ClientSecret != "":
		return refuse("authentication", strconv.Quote(p.Authentication)+" beside a client_secret", "basic or post, or no client_secret")
	case p.Authentication == "private_key_jwt" && p.PrivateKey == "":
		return refuse("private_key", "not set", "a key in PEM, for private_key_jwt")
	case p.Authentication == "none" && !p.PKCE:
		return refuse("pkce", "false", "true, for a client without a secret (RFC 9700 section 2.1.1)")
	}
	return nil
}

// fill reads a table into a struct with tags; prefix names it in complaints.
func fill(into reflect.Value, keys []Key, prefix, source string, table map[string]any) error {
	values := map[string]any{}
	for _, key := range keys {
		if key.Default != "" {
			values[key.Path] = key.Default
		}
	}
	for _, name := range sortedNames(table) {
		if _, known := find(keys, name); known {
			values[name] = table[name]
			continue
		}
		base, isFile := strings.CutSuffix(name, "_file")
		key, known := find(keys, base)
		file, isText := table[name].(string)
		if !known || !isFile || !key.Secret || !isText {
			return unknownKey(keys, name, "", source+" "+strings.TrimSuffix(prefix, "."))
		}
		secret, err := secretFromFile(prefix+name, source, file)
		if err != nil {
			return err
		}
		values[base] = secret
	}
	for _, key := range keys {
		given, set := values[key.Path]
		if !set {
			continue
		}
		field := into.FieldByIndex(key.index)
		key.Path = prefix + key.Path
		if err := key.set(field, source, given); err != nil {
			return err
		}
	}
	return nil
}

// parseTexts reads a table whose values are strings, or the JSON of one.
func (k Key) parseTexts(source string, given any) (any, error) {
	table, err := k.object(source, given)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for name, value := range table {
		text, ok := value.(string)
		if !ok || strings.ContainsAny(text, "\r\n\x00") {
			return nil, Key{Path: k.Path + "." + name, Secret: k.Secret}.refuse(source, value)
		}
		texts[name] = text
	}
	return texts, nil
}
