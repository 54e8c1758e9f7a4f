package config

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// SignUp is who may get an account of their own accord, by whatever method.
type SignUp struct {
	Mode                  string        `toml:"mode" allowed:"anyone,invited,approval,nobody" shown:"as answered on /setup" doc:"Who gets an account: anyone, invited people, people whom an administrator lets in (approval), or nobody. When set here it wins over the answer given on /setup."`
	DisableImplicitSignUp bool          `toml:"disable_implicit_sign_up" default:"false" doc:"A sign-in with a provider makes no account: only who asks for one gets it."`
	AllowedDomains        []string      `toml:"allowed_domains" doc:"E-mail domains whose people may sign up, such as example.com or *.example.com; all when empty."`
	BlockedDomains        []string      `toml:"blocked_domains" doc:"E-mail domains whose people may not sign up."`
	BlockDisposable       bool          `toml:"block_disposable" default:"false" doc:"Nobody signs up with an address of a service that gives them away for minutes."`
	DisposableDomainsFile string        `toml:"disposable_domains_file" doc:"Further such domains, one a line; those below one of them count too."`
	InvitationExpiresIn   time.Duration `toml:"invitation_expires_in" default:"7d" min:"1m" max:"400d" doc:"How long an invitation works."`
}

// AsciiDomain is the one form of a domain that comparisons use: small letters, and
// the A-labels of RFC 5890 for what is not ASCII. ok is false for what is no domain.
func AsciiDomain(domain string) (ascii string, ok bool) {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
	if err != nil || ascii == "" || len(ascii) > 253 || strings.Contains(ascii, "..") {
		return "", false
	}
	return ascii, true
}

// DomainIn tells whether a domain is among patterns: "example.com" is that domain alone,
// "*.example.com" every one below it.
func DomainIn(patterns []string, domain string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		below, wild := strings.CutPrefix(pattern, "*")
		if wild {
			return strings.HasSuffix(domain, below)
		}
		return domain == pattern
	})
}

// mayBe tells whether the rules of sign_up let in who has an address at a domain.
func (s *SignUp) mayBe(domain string) bool {
	return !DomainIn(s.BlockedDomains, domain) && (len(s.AllowedDomains) == 0 || DomainIn(s.AllowedDomains, domain))
}

// checkSignUp brings the domains into their one form.
func (c *Config) checkSignUp() error {
	for key, list := range map[string][]string{"sign_up.allowed_domains": c.SignUp.AllowedDomains, "sign_up.blocked_domains": c.SignUp.BlockedDomains} {
		for i, pattern := range list {
			domain, subdomains := strings.CutPrefix(pattern, "*.")
			ascii, ok := AsciiDomain(domain)
			if !ok || !strings.Contains(ascii, ".") {
				return c.refuse(key, pattern, "domains such as example.com, or *.example.com for those below it")
			}
			if subdomains {
				ascii = "*." + ascii
			}
			list[i] = ascii
		}
	}
	return nil
}
