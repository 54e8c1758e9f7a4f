package config

import (
	"reflect"
	"strconv"
	"strings"
)

// SocialProviders are the providers whose endpoints authd knows. The table of
// auth/internal/upstream says which of the keys below each takes.
type SocialProviders struct {
	Apple       SocialProvider `toml:"apple"`
	Atlassian   SocialProvider `toml:"atlassian"`
	Cloudflare  SocialProvider `toml:"cloudflare"`
	Cognito     SocialProvider `toml:"cognito"`
	Discord     SocialProvider `toml:"discord"`
	Dropbox     SocialProvider `toml:"dropbox"`
	Facebook    SocialProvider `toml:"facebook"`
	Figma       SocialProvider `toml:"figma"`
	GitHub      SocialProvider `toml:"github"`
	GitLab      SocialProvider `toml:"gitlab"`
	Google      SocialProvider `toml:"google"`
	HuggingFace SocialProvider `toml:"huggingface"`
	Kakao       SocialProvider `toml:"kakao"`
	Kick        SocialProvider `toml:"kick"`
	Line        SocialProvider `toml:"line"`
	Linear      SocialProvider `toml:"linear"`
	LinkedIn    SocialProvider `toml:"linkedin"`
	Microsoft   SocialProvider `toml:"microsoft"`
	Naver       SocialProvider `toml:"naver"`
	Notion      SocialProvider `toml:"notion"`
	Paybin      SocialProvider `toml:"paybin"`
	PayPal      SocialProvider `toml:"paypal"`
	Polar       SocialProvider `toml:"polar"`
	Railway     SocialProvider `toml:"railway"`
	Reddit      SocialProvider `toml:"reddit"`
	Roblox      SocialProvider `toml:"roblox"`
	Salesforce  SocialProvider `toml:"salesforce"`
	Slack       SocialProvider `toml:"slack"`
	Spotify     SocialProvider `toml:"spotify"`
	TikTok      SocialProvider `toml:"tiktok"`
	Twitch      SocialProvider `toml:"twitch"`
	Twitter     SocialProvider `toml:"twitter"`
	Vercel      SocialProvider `toml:"vercel"`
	VK          SocialProvider `toml:"vk"`
	WeChat      SocialProvider `toml:"wechat"`
	Zoom        SocialProvider `toml:"zoom"`
}

// SocialProvider is one [social_providers.NAME]. The keys after Prompt are for
// those providers that know them; set elsewhere they stop the start.
type SocialProvider struct {
	Enabled                  *bool    `toml:"enabled" shown:"true with client_id" doc:"Whether the provider is offered."`
	ClientID                 []string `toml:"client_id" doc:"Id of your app there; further ones are those of your other apps whose ID tokens count too."`
	ClientSecret             string   `toml:"client_secret" secret:"true" doc:"Its secret."`
	Scope                    []string `toml:"scope" doc:"Scopes to ask for beside the usual ones."`
	DisableDefaultScope      bool     `toml:"disable_default_scope" doc:"The usual scopes are not asked for."`
	RedirectURI              string   `toml:"redirect_uri" shown:"url and /api/auth/callback/NAME" doc:"Where the provider sends people back to, when it is another address."`
	DisableSignUp            bool     `toml:"disable_sign_up" doc:"Only people who have an account get in."`
	DisableImplicitSignUp    bool     `toml:"disable_implicit_sign_up" doc:"A new account is made only when the app asks for it (requestSignUp)."`
	OverrideUserInfoOnSignIn bool     `toml:"override_user_info_on_sign_in" doc:"Each sign-in takes over name, picture and address from the provider."`
	RequireEmailVerification bool     `toml:"require_email_verification" doc:"Nobody signs in before their address is verified, by the provider or by mail."`
	DisableIDTokenSignIn     bool     `toml:"disable_id_token_sign_in" doc:"Apps may not sign in with an ID token that they got themselves."`
	Prompt                   string   `toml:"prompt" doc:"What the provider asks: none, consent, login, select_account."`

	ClientKey            string   `toml:"client_key" doc:"TikTok's word for client_id."`
	TenantID             string   `toml:"tenant_id" doc:"Directory whose people may sign in; or common, organizations, consumers."`
	Authority            string   `toml:"authority" doc:"Address of a national cloud, or of an External ID tenant."`
	Issuer               string   `toml:"issuer" doc:"Address of an installation of your own."`
	Domain               string   `toml:"domain" doc:"Domain of the user pool."`
	Region               string   `toml:"region" doc:"Region of the user pool."`
	UserPoolID           string   `toml:"user_pool_id" doc:"Id of the user pool."`
	IdentityProvider     string   `toml:"identity_provider" doc:"Name of the provider that Cognito sends people to at once."`
	TeamID               string   `toml:"team_id" doc:"Apple's id of your team, with key_id and private_key in place of client_secret."`
	KeyID                string   `toml:"key_id" doc:"Apple's id of the key."`
	PrivateKey           string   `toml:"private_key" secret:"true" lines:"true" doc:"The key itself (the .p8 file)."`
	AppBundleIdentifier  string   `toml:"app_bundle_identifier" doc:"Your app's id, as whose ID tokens count."`
	Audience             []string `toml:"audience" doc:"Audiences of ID tokens that count, in place of the client's id."`
	HD                   string   `toml:"hd" doc:"Google Workspace domain that people must belong to; * for any."`
	AccessType           string   `toml:"access_type" doc:"offline for a refresh token."`
	Display              string   `toml:"display" doc:"How Google's page is shown: page, popup, touch, wap."`
	IncludeGrantedScopes *bool    `toml:"include_granted_scopes" shown:"true" doc:"Scopes given earlier are kept."`
	ConfigID             string   `toml:"config_id" doc:"Configuration of Facebook Login for Business."`
	Fields               []string `toml:"fields" doc:"Fields of the profile to ask for beside the usual ones."`
	Permissions          string   `toml:"permissions" doc:"Permissions of the bot, with the scope bot."`
	Duration             string   `toml:"duration" allowed:"temporary,permanent" doc:"permanent for a refresh token."`
	Environment          string   `toml:"environment" allowed:"sandbox,production" doc:"Which of its two worlds."`
	LoginURL             string   `toml:"login_url" doc:"Host of your own domain there, such as acme.my.salesforce.com."`
	Lang                 string   `toml:"lang" doc:"Language of its page: cn or en."`
	DisableProfilePhoto  bool     `toml:"disable_profile_photo" doc:"The picture is not fetched."`
}

// SocialProviderKeys lists what stands in a [social_providers.NAME].
func SocialProviderKeys() []Key {
	return keysOf(reflect.TypeFor[SocialProvider](), "", nil)
}

// NamedProvider is a provider and its name.
type NamedProvider struct {
	Name string
	SocialProvider
}

// All lists every provider by name, configured or not.
func (s *SocialProviders) All() []NamedProvider {
	var all []NamedProvider
	value := reflect.ValueOf(*s)
	for i := range value.NumField() {
		all = append(all, NamedProvider{
			Name:           value.Type().Field(i).Tag.Get("toml"),
			SocialProvider: value.Field(i).Interface().(SocialProvider),
		})
	}
	return all
}

// Text is the value of a key as text, "" when it is not set or not in its zero form.
func (p *SocialProvider) Text(key string) string {
	value := reflect.ValueOf(*p)
	for i := range value.NumField() {
		if value.Type().Field(i).Tag.Get("toml") != key {
			continue
		}
		switch v := value.Field(i).Interface().(type) {
		case string:
			return v
		case []string:
			return strings.Join(v, ",")
		case bool:
			if v {
				return "true"
			}
		case *bool:
			if v != nil {
				return strconv.FormatBool(*v)
			}
		}
	}
	return ""
}

// Set lists the keys that are set, in the order of the struct.
func (p *SocialProvider) Set() []string {
	var set []string
	value := reflect.ValueOf(*p)
	for i := range value.NumField() {
		if !value.Field(i).IsZero() {
			set = append(set, value.Type().Field(i).Tag.Get("toml"))
		}
	}
	return set
}
