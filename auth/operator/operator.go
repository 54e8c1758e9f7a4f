// Package operator lets the person who runs the server, and their back ends,
// call it with a token of their own. It checks tokens; the operations belong to
// the capabilities, which declare them beside their endpoints.
package operator

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Token is an operator token as it is listed: never the token itself.
type Token struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

// tokenPrefix makes an operator token known for what it is, to people and to
// scanners for leaked secrets.
const tokenPrefix = "authd_op_"

// Service is this capability.
type Service struct{ core *core.Core }

// New connects the capability.
func New(c *core.Core) *Service { return &Service{core: c} }

// Create makes a token; it is shown this once.
func (s *Service) Create(ctx context.Context, name string) (*Token, string, error) {
	secret := tokenPrefix + core.NewToken(40)
	t := &Token{ID: core.NewID(), Name: name, CreatedAt: s.core.Now(ctx)}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertToken(ctx, tx, t, core.HashToken(secret)) })
	if err != nil {
		return nil, "", err
	}
	return t, secret, nil
}

// List reads the tokens in the order of their making.
func (s *Service) List(ctx context.Context) ([]*Token, error) { return listTokens(ctx, s.core.DB) }

// Revoke ends a token. Errors: store.ErrNotFound.
func (s *Service) Revoke(ctx context.Context, id string) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error { return deleteToken(ctx, tx, id) })
}

// presented is the operator token of a request, "" without one.
func presented(r *api.Request) string {
	if t := r.HTTP.Header.Get("X-Authd-Operator-Token"); t != "" {
		return t
	}
	scheme, t, ok := strings.Cut(r.HTTP.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(t)
}

// check tells whether a token is good. The configured one is compared in
// constant time; the others are looked up by hash.
func (s *Service) check(ctx context.Context, token string) (bool, error) {
	if token == "" {
		return false, nil
	}
	if own := s.core.Config.Operator.Token; own != "" && subtle.ConstantTimeCompare([]byte(core.HashToken(own)), []byte(core.HashToken(token))) == 1 {
		return true, nil
	}
	_, err := findToken(ctx, s.core.DB, core.HashToken(token))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Exempt tells the limiter that a request comes from an operator. Only a request
// that claims so costs a look.
func (s *Service) Exempt(r *api.Request) bool {
	token := r.HTTP.Header.Get("X-Authd-Operator-Token")
	if token == "" {
		return false
	}
	ok, err := s.check(r.Context(), token)
	return ok && err == nil
}

// Guard lets a request pass that carries an operator token. While no token
// exists, neither does the path.
func (s *Service) Guard() api.Guard {
	return api.Guard{Name: "operator", Check: func(r *api.Request) error {
		ctx := r.Context()
		ok, err := s.check(ctx, presented(r))
		if err != nil {
			return err
		}
		if ok {
			r.Security("operator", "operation", r.Endpoint().ID)
			return nil
		}
		if s.core.Config.Operator.Token == "" {
			tokens, err := s.List(ctx)
			if err != nil {
				return err
			}
			if len(tokens) == 0 {
				return api.ErrNotFound
			}
		}
		r.Security("operator-refused", "operation", r.Endpoint().ID)
		return api.ErrUnauthorized
	}}
}
