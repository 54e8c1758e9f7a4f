package upstream

import (
	"fmt"
	"slices"
	"strings"

	"authd/auth/internal/config"
)

// common are the keys that every provider takes.
func common() []string {
	return []string{
		"enabled", "client_id", "client_secret", "scope", "disable_default_scope", "redirect_uri", "disable_sign_up",
		"disable_implicit_sign_up", "override_user_info_on_sign_in", "require_email_verification", "disable_id_token_sign_in", "prompt",
	}
}

// social makes a provider that authd knows by name, nil when it is not configured.
func social(cfg *config.Config, given config.NamedProvider) (*Provider, error) {
	set := given.Set()
	if len(set) == 0 || given.Enabled != nil && !*given.Enabled {
		return nil, nil
	}
	refuse := func(key, is, allowed string) error {
		path := "social_providers." + given.Name + "." + key
		return fmt.Errorf("%s (%s) is %s; allowed: %s", path, cfg.Source(path), is, allowed)
	}
	all := Definitions()
	at := slices.IndexFunc(all, func(d Definition) bool { return d.ID == given.Name })
	if at < 0 {
		return nil, fmt.Errorf("social_providers.%s is not known", given.Name)
	}
	d := all[at]
	for _, key := range set {
		if !slices.Contains(d.keys(), key) {
			return nil, refuse(key, "set, and this provider has no use for it", strings.Join(d.keys(), ", "))
		}
	}
	p := &Provider{
		ID: d.ID, Name: d.Name, Icon: d.ID,
		DisableSignUp: given.DisableSignUp, DisableImplicitSignUp: given.DisableImplicitSignUp,
		OverrideUserInfo: given.OverrideUserInfoOnSignIn, RequireEmailVerification: given.RequireEmailVerification,
		clientIDs: given.ClientID, secret: given.ClientSecret, redirectURI: given.RedirectURI,
		noIDTokens: given.DisableIDTokenSignIn, prompt: given.Prompt, def: d,
	}
	if !given.DisableDefaultScope {
		p.scopes = slices.Clone(d.Scopes)
	}
	p.scopes = append(p.scopes, given.Scope...)
	return p, p.settle(&given.SocialProvider, refuse)
}

// keys are those that the provider takes.
func (d *Definition) keys() []string {
	keys := common()
	for _, s := range d.Settings {
		if s.Key == "client_key" { // its word for client_id
			keys = slices.DeleteFunc(keys, func(k string) bool { return k == "client_id" })
		}
		keys = append(keys, s.Key)
	}
	return keys
}

// settle checks what must be set and puts the settings where the definition has
// a place for them.
func (p *Provider) settle(given *config.SocialProvider, refuse func(key, is, allowed string) error) error {
	values := map[string]string{}
	for _, s := range p.def.Settings {
		value := given.Text(s.Key)
		if value == "" {
			value = s.Default
		}
		if value == "" && s.Required {
			return refuse(s.Key, "not set", "a value, for this provider")
		}
		values[s.Key] = value
	}
	if key := values["client_key"]; key != "" {
		p.clientIDs = []string{key}
	}
	if len(p.clientIDs) == 0 {
		return refuse("client_id", "not set", "the id of your app there")
	}
	if p.def.Defaults != nil {
		p.def.Defaults(values)
	}
	p.def.expand(values)
	if p.def.Prepare != nil {
		if err := p.def.Prepare(p, func(key string) string { return values[key] }); err != nil {
			return fmt.Errorf("social_providers.%s.%w", p.ID, err)
		}
	}
	if p.secret == "" && p.sign == nil && !p.def.Public {
		return refuse("client_secret", "not set", "the secret of your app there")
	}
	if p.def.Auth == "" {
		p.def.Auth = authPost
	}
	if p.secret == "" && p.sign == nil {
		p.def.Auth = authNone
	}
	return nil
}

// expand replaces {key} by the settings, in copies: the table stays as it is.
func (d *Definition) expand(values map[string]string) {
	var pairs []string
	for key, value := range values {
		pairs = append(pairs, "{"+key+"}", value)
	}
	replace := strings.NewReplacer(pairs...).Replace
	for _, text := range []*string{&d.Authorize, &d.Exchange, &d.UserInfo, &d.Discovery, &d.JWKS} {
		*text = replace(*text)
	}
	params := map[string]string{}
	for name, value := range d.Params {
		params[name] = replace(value)
	}
	d.Params = params
	d.Issuers = slices.Clone(d.Issuers)
	for i := range d.Issuers {
		d.Issuers[i] = replace(d.Issuers[i])
	}
}
