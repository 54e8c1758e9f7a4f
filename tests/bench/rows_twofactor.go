package main

import (
	"context"
	"errors"
	"fmt"
)

// totp measures checking a code of an authenticator app: the session is read, the key unsealed and
// the code compared with those of three steps. The code is a wrong one, because a right one counts
// once; the app is still being set up, where wrong codes are not held against the account.
func (b *bench) totp(ctx context.Context) error {
	const connections, floor = 32, 3000
	s, _, err := b.authd(ctx, b.release, b.files[b.small].dir)
	if err != nil {
		return err
	}
	defer s.stop()
	people, err := b.people(s, connections)
	if err != nil {
		return err
	}
	requests := make([][]byte, len(people))
	for i, email := range people {
		if requests[i], err = wrongCode(s, email); err != nil {
			return err
		}
	}
	f, err := b.compare(ctx, s, connections, func(i int) operation {
		return func(c *client) error { return errors.Join(c.do(requests[i%len(requests)]), c.want(401)) }
	})
	if err != nil {
		return err
	}
	b.table.add(line{
		what: fmt.Sprintf("TOTP code checked, %d connections", connections), target: fmt.Sprintf("≥ %d/s", floor),
		measured: fmt.Sprintf("%.0f/s (%.2f ×)", f.perSecond, f.multiple), reached: reached(f.perSecond >= floor),
	}.with(f))
	return nil
}

// wrongCode begins with an app for somebody who is there, and gives the request of a code that is not its.
func wrongCode(s *server, email string) ([]byte, error) {
	c, err := dial(s.addr)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := errors.Join(c.do(signInRequest(s.host, email)), c.want(200)); err != nil {
		return nil, err
	}
	headers := []string{"Cookie: " + c.cookies(), "Origin: http://" + s.host}
	enable := postJSON(s.host, "/api/auth/two-factor/enable", fmt.Sprintf(`{"password":%q}`, password), headers...)
	if err := errors.Join(c.do(enable), c.want(200)); err != nil {
		return nil, err
	}
	return postJSON(s.host, "/api/auth/two-factor/verify-totp", `{"code":"no one"}`, headers...), nil
}
