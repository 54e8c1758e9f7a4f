package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// machine is a client that asks for tokens of its own (RFC 6749 §4.4).
type machine struct {
	what, id, resource string
	multiple           float64       // of the baseline's CPU time it may take, or
	cpu                time.Duration // of CPU time, for a signature costs the same on any server
}

// machines are the rows of client_credentials: an opaque token is on disk before it is answered,
// a JWT costs a signature and no write.
func machines() []machine {
	return []machine{
		{what: "client_credentials, opaque, durable", id: machineOpaque, multiple: 8},
		{what: "client_credentials, JWT by EdDSA", id: machineEdDSA, resource: apiEdDSA, multiple: 8},
		{what: "client_credentials, JWT by RS256", id: machineRS256, resource: apiRS256, cpu: 1700 * time.Microsecond},
	}
}

func (b *bench) clientCredentials(ctx context.Context) error {
	s, _, err := b.authd(ctx, b.release, b.files[b.small].dir)
	if err != nil {
		return err
	}
	defer s.stop()
	for _, m := range machines() {
		f, err := b.compare(ctx, s, connections, m.worker(s.host))
		if err != nil {
			return err
		}
		b.results[m.what] = f
		if m.cpu == 0 {
			b.table.addMultiple(m.what, m.multiple, f)
			continue
		}
		l := line{what: m.what, target: "≤ " + short(m.cpu), measured: fmt.Sprintf("%s (%.2f ×)", short(f.cpu), f.multiple), reached: reached(f.cpu <= m.cpu)}
		b.table.add(l.with(f))
	}
	return nil
}

// worker asks for one token after the other.
func (m machine) worker(host string) func(int) operation {
	form := url.Values{"grant_type": {"client_credentials"}}
	if m.resource != "" {
		form.Set("resource", m.resource)
	}
	request := relyingParty{host: host, id: m.id, secret: clientSecret}.token(form)
	return func(int) operation {
		return func(c *client) error {
			if err := errors.Join(c.do(request), c.want(200)); err != nil {
				return err
			}
			return c.expect(`"access_token":"`)
		}
	}
}
