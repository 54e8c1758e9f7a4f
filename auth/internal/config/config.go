// Package config reads what the person who runs authd decided: the defaults,
// then authd.toml, then the environment, then flags; the later wins.
//
// The struct below is the whole list. Its tags give each key its name in
// authd.toml, its default, what is allowed and the sentence that stands in the
// documentation, and the table in the README is generated from it.
//
// The package must not open the database, listen, or log: it turns text into
// checked values, or into one line that says which key is wrong. The only file
// it ever writes is the secret, when asked to.
package config

//go:generate go run ./configtable ../../../README.md

import (
	"time"
)

// Config is one resolved and checked configuration.
type Config struct {
	Addr           string   `toml:"addr" default:":8080" doc:"Address to listen on."`
	URL            string   `toml:"url" shown:"http://localhost: and the port of addr" doc:"Public URL: the OAuth issuer and the origin of every page. No path, no trailing slash."`
	Data           string   `toml:"data" default:"./data" doc:"Directory of the database, the secret and mail that is not sent."`
	Secrets        []string `toml:"secret" secret:"true" shown:"made at first start in the data directory" doc:"One or more secrets of at least 32 characters, separated by commas. The first signs and seals, all verify and open."`
	TrustedOrigins []string `toml:"trusted_origins" doc:"Further origins whose pages may call the API and be returned to, such as https://app.example.com, https://*.example.com or myapp://."`
	TrustedProxies []string `toml:"trusted_proxies" default:"loopback" allowedtext:"addresses, networks such as 10.0.0.0/8, loopback, private, cloudflare, fly, or none" doc:"Proxies whose X-Forwarded-* headers count: addresses, networks (10.0.0.0/8), or loopback, private, cloudflare, fly (reads Fly-Client-IP), none."`

	EmailAndPassword    EmailAndPassword    `toml:"email_and_password"`
	PasswordRules       PasswordRules       `toml:"password_rules"`
	HaveIBeenPwned      HaveIBeenPwned      `toml:"have_i_been_pwned"`
	Lockout             SignInLockout       `toml:"lockout"`
	Captcha             Captcha             `toml:"captcha"`
	EmailVerification   EmailVerification   `toml:"email_verification"`
	Account             Account             `toml:"account"`
	SignUp              SignUp              `toml:"sign_up"`
	Session             Session             `toml:"session"`
	User                User                `toml:"user"`
	Notices             Notices             `toml:"notices"`
	RateLimit           RateLimit           `toml:"rate_limit"`
	Advanced            Advanced            `toml:"advanced"`
	OauthProvider       OauthProvider       `toml:"oauth_provider"`
	DeviceAuthorization DeviceAuthorization `toml:"device_authorization"`
	JWT                 JWT                 `toml:"jwt"`
	TwoFactor           TwoFactor           `toml:"two_factor"`
	SocialProviders     SocialProviders     `toml:"social_providers"`
	GenericOAuth        GenericOAuth        `toml:"generic_oauth"`
	Bearer              Bearer              `toml:"bearer"`
	MultiSession        MultiSession        `toml:"multi_session"`
	OneTimeToken        OneTimeToken        `toml:"one_time_token"`
	LastLoginMethod     LastLoginMethod     `toml:"last_login_method"`
	Anonymous           Anonymous           `toml:"anonymous"`
	SIWE                SIWE                `toml:"siwe"`
	MagicLink           MagicLink           `toml:"magic_link"`
	EmailOTP            EmailOTP            `toml:"email_otp"`
	Client              []Client            `toml:"client" doc:"OAuth clients declared as code, one [[client]] each (keys below)."`
	OneTap              OneTap              `toml:"one_tap"`
	Passkey             Passkey             `toml:"passkey"`
	PATSignin           PATSignin           `toml:"pat_signin"`
	Expo                Expo                `toml:"expo"`
	Username            Username            `toml:"username"`
	PhoneNumber         PhoneNumber         `toml:"phone_number"`
	SMS                 SMS                 `toml:"sms"`
	Webhook             []Webhook           `toml:"webhook" doc:"Who is told what happens, one [[webhook]] each (keys below)."`
	PolicyWebhook       PolicyWebhook       `toml:"policy_webhook"`
	Operator            Operator            `toml:"operator"`
	Mail                Mail                `toml:"mail"`
	Log                 Log                 `toml:"log"`
	Metrics             Metrics             `toml:"metrics"`

	// File is the configuration file that was read, or empty.
	File string

	sources map[string]string
}

// EmailAndPassword is sign-up and sign-in with a password.
type EmailAndPassword struct {
	Enabled                       bool          `toml:"enabled" default:"true" doc:"Sign-up and sign-in with e-mail address and password."`
	RequireEmailVerification      bool          `toml:"require_email_verification" shown:"true when mail.smtp_url is set" doc:"Nobody signs in before the e-mail address is verified; a sign-up with a known address answers like a new one."`
	MinPasswordLength             int           `toml:"min_password_length" default:"8" min:"1" max:"1024" doc:"Shortest password, in characters."`
	MaxPasswordLength             int           `toml:"max_password_length" default:"128" min:"1" max:"1024" doc:"Longest password, in characters."`
	DisableSignUp                 bool          `toml:"disable_sign_up" shown:"as answered on /setup" doc:"Only invited people get an account with a password. Without sign_up.mode that holds for every method, and wins over the answer given on /setup."`
	AutoSignIn                    bool          `toml:"auto_sign_in" default:"true" doc:"A sign-up also signs in."`
	RevokeSessionsOnPasswordReset bool          `toml:"revoke_sessions_on_password_reset" default:"true" doc:"A password reset ends the person's sessions."`
	ResetPasswordTokenExpiresIn   time.Duration `toml:"reset_password_token_expires_in" default:"1h" min:"1m" max:"7d" doc:"How long a reset link works."`
}

// EmailVerification is the proof that an address belongs to its person.
type EmailVerification struct {
	SendOnSignUp                bool          `toml:"send_on_sign_up" shown:"email_and_password.require_email_verification" doc:"A sign-up sends the verification mail."`
	SendOnSignIn                bool          `toml:"send_on_sign_in" default:"false" doc:"A sign-in with an unverified address sends it again."`
	AutoSignInAfterVerification bool          `toml:"auto_sign_in_after_verification" default:"false" doc:"Following the link also signs in."`
	ExpiresIn                   time.Duration `toml:"expires_in" default:"1h" min:"1m" max:"30d" doc:"How long a verification link works."`
}

// Account is the identities at providers that people sign in with.
type Account struct {
	UpdateAccountOnSignIn bool           `toml:"update_account_on_sign_in" default:"true" doc:"A sign-in through a provider keeps the tokens that came with it."`
	EncryptOauthTokens    bool           `toml:"encrypt_oauth_tokens" default:"true" allowedtext:"true" doc:"Providers' tokens are sealed in the database; they always are."`
	AccountLinking        AccountLinking `toml:"account_linking"`
}

// AccountLinking decides which identities become a way in of a user who exists.
type AccountLinking struct {
	Enabled                   bool     `toml:"enabled" default:"true" doc:"People may have several ways in. When false, an identity at a provider is never linked to a user who exists."`
	TrustedProviders          []string `toml:"trusted_providers" doc:"Providers whose addresses count although they do not say that they verified them. Such an address still proves no mailbox."`
	AllowDifferentEmails      bool     `toml:"allow_different_emails" default:"false" doc:"Who is signed in may connect an identity with another address than their own."`
	AllowUnlinkingAll         bool     `toml:"allow_unlinking_all" default:"false" doc:"People may disconnect their last way in."`
	DisableImplicitLinking    bool     `toml:"disable_implicit_linking" default:"false" doc:"A sign-in never links: only who is signed in may connect an identity."`
	RequireLocalEmailVerified bool     `toml:"require_local_email_verified" default:"false" doc:"A sign-in never links to a user whose address is not verified. Otherwise an address that the provider verified makes the user its owner's: passwords, identities and sessions of who registered it before are deleted first."`
	UpdateUserInfoOnLink      bool     `toml:"update_user_info_on_link" default:"false" doc:"A newly linked identity's name and picture become the user's; never its address."`
}

// Session is how long people stay signed in.
type Session struct {
	ExpiresIn   time.Duration `toml:"expires_in" default:"7d" min:"1m" max:"400d" doc:"How long a session lasts without use."`
	UpdateAge   time.Duration `toml:"update_age" default:"1d" min:"0s" doc:"A session older than this is extended when used."`
	FreshAge    time.Duration `toml:"fresh_age" default:"1d" min:"0s" doc:"How long after signing in sensitive things may be done without signing in again; 0s means always."`
	CookieCache CookieCache   `toml:"cookie_cache"`

	BetterAuthSecret string `toml:"better_auth_secret" secret:"true" doc:"Secret of the better-auth server whose sessions were imported (--sessions): what it signed of them counts, and its cookies are replaced when they are used."`

	AdditionalFields AdditionalFields `toml:"additional_fields" doc:"Fields of your own of every session, one [session.additional_fields.NAME] each (keys below)."`
}

// User is what people have beside name and address, and may do with it.
type User struct {
	ChangeEmail ChangeEmail `toml:"change_email"`
	DeleteUser  DeleteUser  `toml:"delete_user"`

	AdditionalFields AdditionalFields `toml:"additional_fields" doc:"Fields of your own of every user, one [user.additional_fields.NAME] each (keys below)."`
}

// CookieCache lets get-session answer from a signed cookie.
type CookieCache struct {
	Enabled  bool          `toml:"enabled" default:"false" doc:"Keeps the session in a short-lived cookie, so that reading it needs no database."`
	MaxAge   time.Duration `toml:"max_age" default:"5m" min:"1s" max:"1d" doc:"How long that cookie counts: a revoked session ends within it."`
	Strategy string        `toml:"strategy" default:"compact" allowed:"compact,jwt,jwe" doc:"Form of the cookie: compact and jwt are signed, jwe is encrypted."`
	Secret   string        `toml:"secret" secret:"true" shown:"the first secret" doc:"Signs and opens this cookie and nothing else: the only key ever given to an app."`
}

// ChangeEmail is replacing one's e-mail address.
type ChangeEmail struct {
	Enabled                   bool `toml:"enabled" default:"true" doc:"People may change their e-mail address."`
	SendConfirmation          bool `toml:"send_change_email_confirmation" default:"true" doc:"A verified address first confirms that it is to be replaced; then the new one is verified."`
	UpdateWithoutVerification bool `toml:"update_email_without_verification" default:"false" doc:"An address that was never verified is replaced at once; the new one is verified afterwards."`
}

// DeleteUser is deleting one's own account.
type DeleteUser struct {
	Enabled              bool          `toml:"enabled" default:"true" doc:"People may delete their account."`
	SendVerification     bool          `toml:"send_delete_account_verification" default:"false" doc:"Deleting takes a link that is sent by mail."`
	DeleteTokenExpiresIn time.Duration `toml:"delete_token_expires_in" default:"1d" min:"1m" max:"30d" doc:"How long that link works."`
}

// Notices are mails that tell people what happened to their account.
type Notices struct {
	PasswordChanged bool `toml:"password_changed" default:"true" doc:"People are told by mail that their password was changed or reset."`
	EmailChanged    bool `toml:"email_changed" default:"true" doc:"The old and the new address are told when one took the other's place."`
	PasskeyAdded    bool `toml:"passkey_added" default:"true" doc:"People are told by mail that their account has another passkey."`
	PasskeyRemoved  bool `toml:"passkey_removed" default:"true" doc:"People are told by mail that a passkey was taken from their account."`
	PhoneNumber     bool `toml:"phone_number" default:"true" doc:"People are told by mail that a phone number was added to their account, replaced or removed."`
	NewDevice       bool `toml:"new_device" default:"true" doc:"People are told by mail of a sign-in in a browser that they have not used before. One without cookies is known by its kind and network."`
	SignInLocked    bool `toml:"sign_in_locked" default:"true" doc:"People are told by mail, at most once a day, that somebody guesses their password."`
	TwoFactor       bool `toml:"two_factor" default:"true" doc:"People are told by mail that two-step sign-in was turned on or off, and of every backup code that was used."`
}

// RateLimit bounds what one address or session may ask for.
type RateLimit struct {
	Enabled     bool                     `toml:"enabled" default:"true" doc:"Limits requests by address, or by session where there is one."`
	Window      time.Duration            `toml:"window" default:"10s" min:"1s" max:"1d" doc:"Length of the window."`
	Max         int                      `toml:"max" default:"100" min:"1" doc:"Requests in a window, for paths without a rule of their own."`
	CustomRules map[string]RateLimitRule `toml:"custom_rules" doc:"Rules by path below /api/auth, * matching the rest: { \"/sign-in/*\" = { window = \"10s\", max = 5 } }, or false for no limit."`
}

// RateLimitRule is one entry of custom_rules.
type RateLimitRule struct {
	Disabled bool
	Window   time.Duration
	Max      int
}

// Advanced is about cookies.
type Advanced struct {
	CookiePrefix            string                  `toml:"cookie_prefix" default:"better-auth" doc:"First part of every cookie's name."`
	UseSecureCookies        bool                    `toml:"use_secure_cookies" shown:"true when url is https" doc:"Cookies are Secure and carry the __Secure- prefix."`
	CrossSubDomainCookies   CrossSubDomainCookies   `toml:"cross_sub_domain_cookies"`
	DefaultCookieAttributes DefaultCookieAttributes `toml:"default_cookie_attributes"`
}

// CrossSubDomainCookies shares the session with the subdomains of a domain.
type CrossSubDomainCookies struct {
	Enabled bool   `toml:"enabled" default:"false" doc:"Cookies are sent to every subdomain of domain."`
	Domain  string `toml:"domain" shown:"the host of url" doc:"The domain they are set for."`
}

// DefaultCookieAttributes changes what every cookie is set with.
type DefaultCookieAttributes struct {
	SameSite    string `toml:"same_site" default:"lax" allowed:"lax,strict,none" doc:"SameSite of every cookie; none (with https) for apps on another site."`
	Secure      bool   `toml:"secure" shown:"advanced.use_secure_cookies" doc:"Secure on every cookie, whatever its name."`
	Partitioned bool   `toml:"partitioned" default:"false" doc:"Partitioned on every cookie (CHIPS)."`
}

// OauthProvider is authd as OAuth 2.1 and OpenID Connect server.
type OauthProvider struct {
	LoginPage                 string        `toml:"login_page" shown:"authd's own /login" doc:"Page of yours where people sign in; it gets better-auth's signed query."`
	ConsentPage               string        `toml:"consent_page" shown:"authd's own /consent" doc:"Page of yours that asks for consent; it gets better-auth's signed query."`
	Scopes                    []string      `toml:"scopes" default:"openid,profile,email,offline_access" doc:"Scopes that clients may ask for."`
	ScopeClaims               []string      `toml:"scope_claims" doc:"Claims that a scope gives access to, beside the standard ones, in userinfo, ID tokens and access tokens that are JWTs: SCOPE CLAIM FIELD, such as \"groups roles role\". Fields: id, name, email, email_verified, image, role, created_at, updated_at, given_name, family_name, username, phone_number."`
	ACRSingleFactor           string        `toml:"acr_single_factor" default:"0" doc:"acr of a sign-in with one factor, such as a password."`
	ACRMultiFactor            string        `toml:"acr_multi_factor" default:"1" doc:"acr of a sign-in with several factors."`
	CodeExpiresIn             time.Duration `toml:"code_expires_in" default:"1m" min:"10s" max:"10m" doc:"How long an authorization code works."`
	AccessTokenExpiresIn      time.Duration `toml:"access_token_expires_in" default:"1h" min:"1m" max:"30d" doc:"How long an access token works."`
	IDTokenExpiresIn          time.Duration `toml:"id_token_expires_in" default:"10h" min:"1m" max:"30d" doc:"How long an ID token counts."`
	RefreshTokenExpiresIn     time.Duration `toml:"refresh_token_expires_in" default:"30d" min:"1m" max:"400d" doc:"How long a refresh token works without use."`
	AllowPublicClientPrelogin bool          `toml:"allow_public_client_prelogin" default:"false" doc:"Login pages of yours may read a client's name and picture before the person has signed in."`
	MaxClientsPerPerson       int           `toml:"max_clients_per_person" default:"10" min:"0" max:"10000" doc:"How many clients a person may make; 0: only you make clients. People are told that such a client was not looked at, unless an administrator made it."`
	PairwiseSecret            string        `toml:"pairwise_secret" secret:"true" shown:"the oldest secret" doc:"Makes the pairwise subjects of clients with subject_type pairwise, at least 32 characters. It must never change: people would be strangers to those clients."`
	EnforcePerClientResources bool          `toml:"enforce_per_client_resources" default:"true" doc:"Clients may ask only for the resources they are linked to, not for all."`
	Resources                 []Resource    `toml:"resources" doc:"APIs that tokens are asked for by name, one [[oauth_provider.resources]] each (keys below)."`
	RefreshTokenReuseInterval time.Duration `toml:"refresh_token_reuse_interval" default:"0s" min:"0s" max:"5m" doc:"How long a refresh token that was just used may be sent again, for clients that retry."`
	AssertionMaxLifetime      time.Duration `toml:"assertion_max_lifetime" default:"5m" min:"10s" max:"1d" doc:"How long the assertion that a client proves itself with (private_key_jwt) may last."`

	ClientRegistrationAllowedResources []string `toml:"client_registration_allowed_resources" doc:"Resources that such clients may name in their metadata, to be let ask for them."`
	ClientRegistrationDefaultResources []string `toml:"client_registration_default_resources" doc:"Resources that every client may ask for that registered itself, or that is known by its metadata document: for MCP."`

	RequestURI                         bool `toml:"request_uri" default:"false" doc:"Request objects may come by reference, from addresses that the client registered, and without a signature."`
	DPoPNonce                          bool `toml:"dpop_nonce" default:"false" doc:"DPoP proofs must have a nonce of this server's; proofs made in advance are of no use then."`
	RequirePushedAuthorizationRequests bool `toml:"require_pushed_authorization_requests" default:"false" doc:"Every client must push its authorization requests (PAR)."`

	AllowDynamicClientRegistration         bool          `toml:"allow_dynamic_client_registration" default:"false" doc:"Clients may register themselves (RFC 7591): for people who are signed in, and for who has a token of authd client registration-token create."`
	AllowUnauthenticatedClientRegistration bool          `toml:"allow_unauthenticated_client_registration" default:"false" doc:"With the former: for everybody. Such clients are unverified: people are told so when they are asked for consent."`
	ClientRegistrationAllowedScopes        []string      `toml:"client_registration_allowed_scopes" shown:"oauth_provider.scopes" doc:"Scopes that clients may register themselves for."`
	ClientRegistrationDefaultScopes        []string      `toml:"client_registration_default_scopes" shown:"the allowed ones" doc:"Scopes of a client that registers itself without naming any."`
	ClientRegistrationRequirePKCE          bool          `toml:"client_registration_require_pkce" default:"true" doc:"Clients that register themselves need PKCE, also those with a secret."`
	ClientRegistrationMaxUnverified        int           `toml:"client_registration_max_unverified" default:"1000" min:"1" max:"1000000" doc:"How many clients that nobody has looked at there may be at once."`
	ClientRegistrationUnusedExpiresIn      time.Duration `toml:"client_registration_unused_expires_in" default:"90d" min:"1d" max:"3650d" doc:"How long such a client stays after it was last used; one that never was goes after a day."`
	ClientIDMetadataDocuments              bool          `toml:"client_id_metadata_documents" default:"false" doc:"A client id may be the https address of a document that describes the client, as MCP has it. Such clients are unverified, too."`
}

// JWT is tokens about a signed-in person, for services of one's own, and the keys
// that sign all tokens.
type JWT struct {
	Enabled      bool          `toml:"enabled" default:"true" doc:"GET /api/auth/token gives a signed-in person's app a JWT about them, for services of yours."`
	Issuer       string        `toml:"issuer" shown:"url" doc:"iss of these tokens."`
	Audience     string        `toml:"audience" shown:"url" doc:"aud of these tokens."`
	Expiration   time.Duration `toml:"expiration_time" default:"15m" min:"1m" max:"30d" doc:"How long these tokens count."`
	Alg          string        `toml:"alg" default:"EdDSA" allowed:"EdDSA,ES256,RS256,PS256,HS256" doc:"Signature of these tokens: HS256 for services that have hs256_secret, else a key of /.well-known/jwks.json."`
	HS256Secret  string        `toml:"hs256_secret" secret:"true" doc:"Signs these tokens when alg is HS256, and nothing else: at least 32 characters, shared with the services that check them."`
	SetJWTHeader bool          `toml:"set_jwt_header" default:"false" doc:"Every get-session answer carries such a token in set-auth-jwt, which costs a signature each time."`
	JWKS         JWKS          `toml:"jwks"`
}

// JWKS is how the signing keys change.
type JWKS struct {
	RotationInterval time.Duration `toml:"rotation_interval" default:"90d" min:"0s" max:"3650d" doc:"How long a key signs before the next one does; 0s means until authd key rotate."`
	GracePeriod      time.Duration `toml:"grace_period" default:"30d" min:"0s" max:"3650d" doc:"How long a key is published after it stopped signing; never shorter than the longest token lives."`
}

// DeviceAuthorization is signing in on devices without a browser (RFC 8628).
type DeviceAuthorization struct {
	Enabled           bool          `toml:"enabled" default:"true" doc:"Signing in on devices that show a code (RFC 8628)."`
	ExpiresIn         time.Duration `toml:"expires_in" default:"30m" min:"1m" max:"1d" doc:"How long such a code works."`
	Interval          time.Duration `toml:"interval" default:"5s" min:"1s" max:"5m" doc:"How often a device may ask whether it was let in."`
	VerificationURI   string        `toml:"verification_uri" shown:"authd's own /device" doc:"Page of yours where people enter the code; it calls /api/auth/device."`
	AllowUnregistered bool          `toml:"allow_unregistered_clients" default:"true" doc:"Apps that are no registered client may ask too, for a session of the person (better-auth's plain mode)."`
}

// Operator is the server-to-server API of the person who runs authd.
type Operator struct {
	Token string `toml:"token" secret:"true" env:"AUTHD_OPERATOR_TOKEN" doc:"Token for /api/operator, at least 32 characters. Tokens can also be made with authd operator token create."`
}

// Mail is the way out for mail.
type Mail struct {
	SMTPURL string `toml:"smtp_url" secret:"true" env:"AUTHD_SMTP_URL" shown:"none: mail is written to outbox/*.eml in the data directory" doc:"SMTP server: smtp://user:pass@host:587 (STARTTLS) or smtps://user:pass@host:465 (TLS)."`
	From    string `toml:"from" env:"AUTHD_MAIL_FROM" shown:"no-reply@ and the host of url" doc:"Sender of every mail: an address, or Name <address>."`
	// MaxPerAddress counts what strangers can cause, not what the server has to tell.
	MaxPerAddress int `toml:"max_per_address" default:"20" min:"3" doc:"Most mails in an hour to an address that somebody typed: links, codes, notices of a sign-up. Further ones are not sent; the answer is the same."`
}

// Log is what is written to standard error.
type Log struct {
	Level  string `toml:"level" env:"AUTHD_LOG_LEVEL" default:"info" allowed:"debug,info,warn,error" doc:"Least important level that is written."`
	Format string `toml:"format" env:"AUTHD_LOG_FORMAT" allowed:"text,json" shown:"text on a terminal, else json" doc:"Form of the log lines."`
}

// Metrics is for Prometheus.
type Metrics struct {
	Enabled bool   `toml:"enabled" default:"false" doc:"Serves /metrics."`
	Addr    string `toml:"addr" shown:"the listen address" doc:"Serves /metrics on an address of its own and nowhere else, such as 127.0.0.1:9090."`
}

// IsSet says whether a key, such as "email_and_password.disable_sign_up", was
// set by the file, the environment or a flag.
func (c *Config) IsSet(key string) bool {
	_, set := c.sources[key]
	return set
}

// Source says where a key was set (authd.toml, a variable, a flag), or "default".
func (c *Config) Source(key string) string {
	if source, set := c.sources[key]; set {
		return source
	}
	return "default"
}
