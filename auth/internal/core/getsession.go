package core

import "authd/auth/internal/api"

// cached is a session answered from the browser's own cache.
type cached []byte

// AppendJSON implements [api.Appender].
func (c cached) AppendJSON(b []byte) []byte { return append(b, c...) }

// nobody is the answer without a session.
type nobody struct{}

// AppendJSON implements [api.Appender].
func (nobody) AppendJSON(b []byte) []byte { return append(b, "null"...) }

// Read answers what get-session answers: from the cookie cache when it is on
// and may be used, else from the database. This is the hot path of the server.
func (c *Core) Read(r *api.Request, useCache bool) (api.Appender, error) {
	if c.cache != nil && useCache {
		if token, _ := c.token(r); token != "" {
			if value := c.cacheValue(r); value != "" {
				if body, ok := c.cache.answer(value, token, r.Now()); ok {
					return cached(body), nil
				}
			}
		}
	}
	a, err := c.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nobody{}, nil
	}
	c.SetCache(r, a)
	return a, nil
}
