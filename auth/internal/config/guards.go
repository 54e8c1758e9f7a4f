package config

import (
	"time"
)

// HaveIBeenPwned is the check of passwords against those known from breaches.
type HaveIBeenPwned struct {
	Enabled bool          `toml:"enabled" default:"false" doc:"New passwords that are known from breaches are refused. Only the first five digits of a SHA-1 leave the server, and nothing with path."`
	URL     string        `toml:"url" default:"https://api.pwnedpasswords.com" doc:"Where the range API of Have I Been Pwned is asked. It may be a private address."`
	Path    string        `toml:"path" doc:"A list of your own that is asked in place of the API: a file of SHA-1 in order, or a directory of range files."`
	Timeout time.Duration `toml:"timeout" default:"2s" min:"50ms" max:"10s" doc:"How long people wait for its answer at most; without one the password is taken."`
}

// PasswordRules are what a new password must not be, beyond its length.
type PasswordRules struct {
	RefusePersonal bool   `toml:"refuse_personal" default:"true" doc:"A password that is little more than the person's name or address, or the name of this server, is refused."`
	ListFile       string `toml:"list_file" doc:"File of passwords that are refused, one a line, whatever their case."`
}

// SignInLockout has those wait who guess passwords.
type SignInLockout struct {
	Enabled         bool          `toml:"enabled" default:"true" doc:"Who guesses passwords waits: at one account, or at many from one network. Browsers that the person has signed in with before do not."`
	Window          time.Duration `toml:"window" default:"1h" min:"1m" max:"7d" doc:"For how long failed sign-ins are counted together."`
	AccountFailures int           `toml:"account_failures" default:"20" min:"3" max:"100" doc:"Failed sign-ins at one account in that time, from browsers that are not known, until those wait."`
	AccountNetworks int           `toml:"account_networks" default:"8" min:"2" max:"60" doc:"From how many networks they come until the same happens earlier."`
	NetworkAccounts int           `toml:"network_accounts" default:"30" min:"3" max:"200" doc:"At how many accounts sign-ins from one network fail in that time, until it waits. Private networks never do: behind a proxy that is not in trusted_proxies, everybody would be one."`
	LockFor         time.Duration `toml:"lock_for" default:"15m" min:"10s" max:"1d" doc:"How long the first waiting lasts; each further one lasts twice as long, at most a day."`
}

// checkGuards looks at what stands between strangers and accounts.
func (c *Config) checkGuards() error {
	if c.HaveIBeenPwned.Enabled && c.HaveIBeenPwned.Path == "" && !webURL(c.HaveIBeenPwned.URL) {
		return c.refuse("have_i_been_pwned.url", c.HaveIBeenPwned.URL, "an http or https URL, without user and password")
	}
	return nil
}
