package access

import (
	"strings"

	"authd/auth/internal/config"
)

// domains are the rules on e-mail domains, as config brought them into their one form.
type domains struct {
	allowed, blocked []string
	disposable       disposable
}

func (d domains) limited() bool { return len(d.allowed)+len(d.blocked) > 0 }

// check refuses an address whose domain is blocked, or not among the allowed ones.
// Where there is a rule, what is no domain is refused too. Errors: ErrDomain,
// ErrDisposable.
func (d domains) check(email string) error {
	if !d.limited() && d.disposable == nil {
		return nil
	}
	domain, ok := config.AsciiDomain(email[strings.LastIndexByte(email, '@')+1:])
	if d.disposable.has(domain) && !config.DomainIn(d.allowed, domain) {
		return ErrDisposable
	}
	if !ok || config.DomainIn(d.blocked, domain) || len(d.allowed) > 0 && !config.DomainIn(d.allowed, domain) {
		return ErrDomain
	}
	return nil
}
