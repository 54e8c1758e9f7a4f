package upstream

import (
	"context"
	"net/url"
)

// Definition is what is known of a provider. Texts may hold {key} for a setting
// of its own.
type Definition struct {
	ID   string
	Name string

	Authorize string // endpoints
	Exchange  string // of codes and refresh tokens
	UserInfo  string
	Discovery string // says the endpoints that are not set

	Scopes    []string // asked for unless disable_default_scope
	Separator string   // between scopes; "" is a space
	NoPKCE    bool     // the provider is known not to take it
	Auth      string   // at the token endpoint: authPost when ""
	Public    bool     // works without a secret
	// Params of the authorization request; one that comes to "" is left out.
	Params map[string]string
	// TokenParams and RefreshParams are further parameters of those requests.
	TokenParams, RefreshParams map[string]string
	// TokenHeader and APIHeader are headers that those endpoints want.
	TokenHeader, APIHeader map[string]string
	DiscoveryHeader        map[string]string
	AccessTokenExpiresIn   int64 // seconds, where the provider does not say

	Settings []Setting                      // keys that it takes beside the common ones
	Defaults func(values map[string]string) // of settings that follow from others

	// Identity says where the profile comes from.
	Identity Source
	Fields   Fields

	// ID tokens. Issuers "" with CheckClaims is for a provider with many.
	Issuers      []string
	JWKS         string
	Nonce        bool     // ID tokens carry the nonce of their request
	HashedNonce  bool     // or its SHA-256, as Apple's native apps send it
	SecretSigned bool     // HS256 with the client's secret (OpenID Connect Core §10.1)
	Direct       bool     // publishes no keys: ID tokens count because of where they come from (§3.1.3.7, 6)
	NoApps       bool     // ID tokens count only from its token endpoint
	Opaque       bool     // apps may send an access token as ID token, which Fetch verifies
	Audiences    []string // of apps' ID tokens, in place of the client's ids
	MaxAge       bool     // ID tokens of apps count for an hour
	CheckClaims  func(p *Provider, claims map[string]any) error

	// Placeholder: it has no addresses, people get one that leads nowhere.
	Placeholder bool

	// Where a provider really differs.
	Prepare   func(p *Provider, setting func(key string) string) error
	Authorise func(p *Provider, query url.Values) (fragment string)
	Request   func(p *Provider, r *tokenRequest)
	Fetch     func(ctx context.Context, p *Provider, t *Tokens) (map[string]any, error)
	Complete  func(ctx context.Context, p *Provider, t *Tokens, profile *Profile) error
	FromForm  func(form url.Values, profile *Profile)
}

// Setting is a key of a provider's own.
type Setting struct {
	Key      string
	Default  string
	Required bool
}

// Source says where a profile comes from.
type Source int

const (
	fromUserInfo Source = iota
	fromIDToken
	fromEither // the ID token when there is one that has an address
)

// Ways to prove oneself at the token endpoint.
const (
	authPost       = "post"
	authBasic      = "basic"
	authNone       = "none"
	authPrivateKey = "private_key_jwt"
)

// Fields say where a profile keeps what. Each is a path: names separated by
// spaces, a number being a place in a list; alternatives are separated by a bar.
type Fields struct {
	Root     string // the part that is the profile
	ID       string
	Name     string
	Email    string
	Verified string // "" when the provider does not say: then never
	Image    string
}

// Definitions lists every provider that authd knows by name, in their order.
func Definitions() []Definition {
	return []Definition{
		apple(), atlassian(), cloudflare(), cognito(), discord(), dropbox(), facebook(), figma(), github(), gitlab(), google(),
		huggingface(), kakao(), kick(), line(), linear(), linkedin(), microsoft(), naver(), notion(), paybin(), paypal(),
		polar(), railway(), reddit(), roblox(), salesforce(), slack(), spotify(), tiktok(), twitch(), twitter(), vercel(),
		vk(), wechat(), zoom(),
	}
}
