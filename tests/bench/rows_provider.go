package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
)

// introspecter gives a worker that asks about one access token of its own again and again.
func (r relyingParty) introspecter() operation {
	return r.withToken(func(token string) []byte {
		basic := base64.StdEncoding.EncodeToString([]byte(r.id + ":" + r.secret))
		return postForm(r.host, "/api/auth/oauth2/introspect", url.Values{"token": {token}}.Encode(), "Authorization: Basic "+basic)
	}, `"active":true`)
}

// userinfoReader gives a worker that asks who the person behind its access token is.
func (r relyingParty) userinfoReader() operation {
	return r.withToken(func(token string) []byte {
		return get(r.host, "/api/auth/oauth2/userinfo", "Authorization: Bearer "+token)
	}, `"sub":`)
}

// withToken gets an access token first, then sends the same request about it.
func (r relyingParty) withToken(request func(token string) []byte, expect string) operation {
	var about []byte
	authorize := r.authorize()
	return func(c *client) error {
		if about == nil {
			if err := r.flow(authorize, c); err != nil {
				return err
			}
			about = request(c.field("access_token"))
		}
		if err := errors.Join(c.do(about), c.want(200)); err != nil {
			return err
		}
		return c.expect(expect)
	}
}

// oauthLarge does the provider's work in a file with a million users, refresh tokens and
// consents, and compares with the same in the small one.
func (b *bench) oauthLarge(ctx context.Context) error {
	file := b.files[b.large]
	s, _, err := b.authd(ctx, b.release, file.dir)
	if err != nil {
		return err
	}
	defer s.stop()
	for _, r := range []struct {
		what string
		do   func(relyingParty) operation
	}{
		{rowFlow, relyingParty.flows},
		{rowRefresh, relyingParty.refresher},
		{rowIntrospect, relyingParty.introspecter},
		{rowUserinfo, relyingParty.userinfoReader},
	} {
		f, err := b.compare(ctx, s, connections, asParties(s.host, file.cookies, r.do))
		if err != nil {
			return err
		}
		b.addGrown(r.what, f)
	}
	for _, m := range machines() {
		f, err := b.compare(ctx, s, connections, m.worker(s.host))
		if err != nil {
			return err
		}
		b.addGrown(m.what, f)
	}
	return nil
}

// addGrown adds a row of the large file beside that of the small one.
func (b *bench) addGrown(what string, f figures) {
	l := line{what: fmt.Sprintf("%s, %d grants in the file", what, b.large), measured: fmt.Sprintf("%.2f ×", f.multiple)}
	if small, ok := b.results[what]; ok {
		growth := f.multiple / small.multiple
		l.target, l.reached = "≤ 1.25 × of the small file's", reached(growth <= 1.25)
		l.measured += fmt.Sprintf(" (%.2f × of it)", growth)
	}
	b.table.add(l.with(f))
}
