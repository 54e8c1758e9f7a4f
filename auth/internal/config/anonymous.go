package config

import "time"

// GuestDomain is where the addresses of anonymous users are, unless another is configured:
// it leads nowhere (RFC 2606).
const GuestDomain = "anonymous.placeholder.invalid"

// Anonymous is people who say nothing of themselves yet.
type Anonymous struct {
	Enabled                    bool          `toml:"enabled" default:"false" doc:"People may begin without an account, and get one later in the same browser."`
	EmailDomainName            string        `toml:"email_domain_name" shown:"anonymous.placeholder.invalid" doc:"Domain of the addresses that fill the place: temp- and 32 characters before it. No mail goes there."`
	Name                       string        `toml:"name" default:"Anonymous" doc:"What they are called; {id} in it is six random characters."`
	DisableDeleteAnonymousUser bool          `toml:"disable_delete_anonymous_user" default:"false" doc:"Anonymous users stay when they have become another user, and cannot delete themselves."`
	DeleteAfter                time.Duration `toml:"delete_after" default:"0s" min:"0s" max:"3650d" doc:"Anonymous users who were made longer ago than this, and whose sessions are over, are deleted; 0s: never."`
}

// SIWE is signing in with a key of Ethereum (EIP-4361).
type SIWE struct {
	Enabled         bool   `toml:"enabled" default:"false" doc:"People sign in with an Ethereum account (EIP-4361)."`
	Domain          string `toml:"domain" shown:"the host and port of url" doc:"The domain that the messages must name: that of the app which has them signed."`
	EmailDomainName string `toml:"email_domain_name" shown:"siwe.placeholder.invalid" doc:"Domain of the addresses that fill the place of one: the account before it. No mail goes there."`
	Anonymous       bool   `toml:"anonymous" default:"true" doc:"New users need no e-mail address. When false, /siwe/verify takes one."`
}

// checkPlaceholders: these domains stand behind an @.
func (c *Config) checkPlaceholders() error {
	for key, domain := range map[string]string{"anonymous.email_domain_name": c.Anonymous.EmailDomainName, "siwe.email_domain_name": c.SIWE.EmailDomainName} {
		if ascii, ok := AsciiDomain(domain); domain != "" && (!ok || ascii != domain) {
			return c.refuse(key, domain, "a domain in small letters, such as guests.example.com")
		}
	}
	guests := c.Anonymous.EmailDomainName
	if guests == "" {
		guests = GuestDomain
	}
	if c.Anonymous.Enabled && !c.SignUp.mayBe(guests) {
		return c.refuse("anonymous.enabled", true, "false, or sign_up.allowed_domains and blocked_domains that let in "+guests+", which stands in the place of an address")
	}
	if c.Anonymous.Name == "" || len(c.Anonymous.Name) > 100 {
		return c.refuse("anonymous.name", c.Anonymous.Name, "1 to 100 characters")
	}
	if !authority(c.SIWE.Domain) {
		return c.refuse("siwe.domain", c.SIWE.Domain, "a host in small letters, with a port where it has one, such as app.example.com or localhost:3000")
	}
	return nil
}

// authority is host and port as a browser's origin has them, without the scheme.
func authority(text string) bool { return origin("https://"+text) || origin("http://"+text) }
