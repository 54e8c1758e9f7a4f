package main

import (
	"context"
	"errors"
	"fmt"

	"authd/tests/authdtest"
)

// passkeys measures signing in with a passkey, the whole of it: the challenge is asked for and
// stored, the assertion verified, the session on disk before it is answered. Each connection
// has a key of its own.
func (b *bench) passkeys(ctx context.Context) error {
	const connections, floor = 32, 1500
	s, _, err := b.authd(ctx, b.release, b.files[b.small].dir)
	if err != nil {
		return err
	}
	defer s.stop()
	keys, err := passkeysOf(s, connections)
	if err != nil {
		return err
	}
	f, err := b.compare(ctx, s, connections, func(i int) operation {
		return func(c *client) error { return passkeySignIn(c, s.host, keys[i]) }
	})
	if err != nil {
		return err
	}
	b.table.add(line{
		what: fmt.Sprintf("passkey assertion verified and session made, %d connections, with the request for its challenge", connections), target: fmt.Sprintf("≥ %d/s", floor),
		measured: fmt.Sprintf("%.0f/s (%.2f ×)", f.perSecond, f.multiple), reached: reached(f.perSecond >= floor),
	}.with(f))
	return nil
}

// passkeysOf signs a person up and gives them so many passkeys.
func passkeysOf(s *server, n int) ([]*authdtest.Passkey, error) {
	c, err := dial(s.addr)
	if err != nil {
		return nil, err
	}
	defer c.close()
	const email = "bench-passkey@example.com"
	if err := c.do(signInRequest(s.host, email)); err != nil {
		return nil, err
	}
	if c.status != 200 {
		body := fmt.Sprintf(`{"name":"Bench","email":%q,"password":%q}`, email, password)
		if err := errors.Join(c.do(postJSON(s.host, "/api/auth/sign-up/email", body)), c.want(200)); err != nil {
			return nil, err
		}
	}
	session := c.cookies()
	keys := make([]*authdtest.Passkey, n)
	for i := range keys {
		if keys[i], err = authdtest.NewPasskey("http://"+s.host, "localhost"); err != nil {
			return nil, err
		}
		if err := errors.Join(c.do(get(s.host, "/api/auth/passkey/generate-register-options", "Cookie: "+session)), c.want(200)); err != nil {
			return nil, err
		}
		made, err := keys[i].Create(c.field("challenge"))
		if err != nil {
			return nil, err
		}
		if err := answerPasskey(c, s.host, "verify-registration", made, session+"; "+c.cookies()); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func passkeySignIn(c *client, host string, key *authdtest.Passkey) error {
	if err := errors.Join(c.do(get(host, "/api/auth/passkey/generate-authenticate-options")), c.want(200)); err != nil {
		return err
	}
	signed, err := key.Get(c.field("challenge"))
	if err != nil {
		return err
	}
	return answerPasskey(c, host, "verify-authentication", signed, c.cookies())
}

func answerPasskey(c *client, host, path string, response []byte, cookies string) error {
	request := postJSON(host, "/api/auth/passkey/"+path, `{"response":`+string(response)+`}`, "Cookie: "+cookies, "Origin: http://"+host)
	return errors.Join(c.do(request), c.want(200))
}
