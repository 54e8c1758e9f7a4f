package config

import (
	"slices"
	"time"
)

// TwoFactor is a second proof at sign-in.
type TwoFactor struct {
	Enabled           bool          `toml:"enabled" default:"true" doc:"People may protect their account with a second factor: an authenticator app, codes by mail, backup codes."`
	Issuer            string        `toml:"issuer" shown:"the host of url" doc:"Name under which an authenticator app shows the account."`
	AllowPasswordless bool          `toml:"allow_passwordless" default:"false" doc:"Who has no password may turn a second factor on and off through the API without one. The pages ask everybody for a recent proof in its place, whatever this says."`
	SkipVerification  bool          `toml:"skip_verification_on_enable" default:"false" doc:"An authenticator app counts before it has shown a code. Who mistypes its key is locked out."`
	CookieMaxAge      time.Duration `toml:"two_factor_cookie_max_age" default:"10m" min:"1m" max:"1h" doc:"How long a sign-in waits for the second factor."`
	TrustDeviceMaxAge time.Duration `toml:"trust_device_max_age" default:"30d" min:"1h" max:"400d" doc:"How long a browser that people told to trust is not asked again; each sign-in begins that time anew."`
	AfterSocial       bool          `toml:"after_social" default:"false" doc:"A sign-in through a provider is asked for the second factor too."`
	RequireTwoFactor  []string      `toml:"require_two_factor" allowedtext:"true, false, or names of roles" doc:"Who must have a second factor: true for everybody, or roles. Who has none sets one up at the next sign-in. A sign-in through a provider is exempt unless after_social is on."`
	TOTPOptions       TOTPOptions   `toml:"totp_options"`
	OTPOptions        OTPOptions    `toml:"otp_options"`
	BackupCodeOptions BackupCodes   `toml:"backup_code_options"`
	AccountLockout    Lockout       `toml:"account_lockout"`
}

// TOTPOptions is authenticator apps (RFC 6238).
type TOTPOptions struct {
	Disable bool          `toml:"disable" default:"false" doc:"No authenticator apps."`
	Digits  int           `toml:"digits" default:"6" min:"6" max:"8" doc:"Length of their codes; some apps know only 6."`
	Period  time.Duration `toml:"period" default:"30s" min:"15s" max:"2m" doc:"How often a code changes; some apps know only 30s. It must not change while people use apps."`
}

// OTPOptions is codes that are sent.
type OTPOptions struct {
	Enabled         bool          `toml:"enabled" default:"true" doc:"Codes may be sent to the person's address."`
	Digits          int           `toml:"digits" default:"6" min:"6" max:"12" doc:"Length of such a code."`
	Period          time.Duration `toml:"period" default:"3m" min:"1m" max:"1h" doc:"How long it works."`
	AllowedAttempts int           `toml:"allowed_attempts" default:"5" min:"1" max:"20" doc:"Wrong tries that it survives."`
	StoreOTP        string        `toml:"store_otp" default:"hashed" allowed:"hashed" doc:"Codes are kept as keyed hashes; they always are."`
}

// BackupCodes are codes on paper.
type BackupCodes struct {
	Amount  int    `toml:"amount" default:"10" min:"1" max:"50" doc:"How many backup codes people get."`
	Length  int    `toml:"length" default:"10" min:"10" max:"40" doc:"Length of one, without its dash."`
	Storage string `toml:"store_backup_codes" default:"hashed" allowed:"hashed" doc:"They are kept as keyed hashes; they always are."`
}

// Lockout ends guessing from many addresses.
type Lockout struct {
	Enabled           bool          `toml:"enabled" default:"true" doc:"Too many wrong second factors in a row lock an account for a while. Trusted browsers, which are not asked, still get in."`
	MaxFailedAttempts int           `toml:"max_failed_attempts" default:"10" min:"3" max:"1000" doc:"How many that are."`
	Duration          time.Duration `toml:"duration" default:"15m" min:"1m" max:"1d" doc:"How long that is."`
}

// requireTwoFactor is the one list that is also a plain yes or no.
const requireTwoFactor = "two_factor.require_two_factor"

// Requires tells whether somebody with one of these roles must have a second factor.
func (t *TwoFactor) Requires(hasRole func(role string) bool) bool {
	return slices.ContainsFunc(t.RequireTwoFactor, func(role string) bool { return role == "true" || role != "false" && hasRole(role) })
}
