// Package avatar keeps the pictures that people upload of themselves. What is
// kept and served is never what came: it is decoded, cut square, made small and
// encoded anew, so that nothing hidden in a file reaches anybody.
//
// The package must not decode before it has looked at the size that a file
// claims, and must not do so inside a transaction.
package avatar

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Prefix is where pictures are served, before their hash.
const Prefix = "/avatar/"

// Service is this capability.
type Service struct {
	core *core.Core
	// busy lets one picture at a time be decoded: each takes memory.
	busy chan struct{}
}

// New connects the capability.
func New(c *core.Core) *Service {
	s := &Service{core: c, busy: make(chan struct{}, 1)}
	c.UserLinked.On(s.linked)
	return s
}

// linked: a picture goes over with the profile that shows it.
func (s *Service) linked(ctx context.Context, tx *store.Tx, e *core.UserLinked) error {
	from, to := e.Anonymous, e.User
	if from.ID == to.ID || from.Image == nil || to.Image == nil || *from.Image != *to.Image {
		return nil
	}
	return moveImage(ctx, tx, from.ID, to.ID)
}

// Set makes an uploaded file the caller's picture. Errors: ErrNotAnImage, ErrTooManyPixels.
func (s *Service) Set(r *api.Request, caller *core.Auth, file []byte) error {
	ctx := r.Context()
	p, err := s.make(ctx, file)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte(caller.User.ID+"\x00"), p.data...))
	hash := base64.RawURLEncoding.EncodeToString(sum[:24])
	address := s.core.Config.URL + Prefix + hash
	return s.save(r, caller, &address, func(tx *store.Tx) error {
		return saveImage(ctx, tx, caller.User.ID, hash, p.kind, base64.StdEncoding.EncodeToString(p.data), s.core.Now(ctx))
	})
}

// Remove takes the caller's picture away.
func (s *Service) Remove(r *api.Request, caller *core.Auth) error {
	return s.save(r, caller, nil, func(tx *store.Tx) error { return deleteImage(r.Context(), tx, caller.User.ID) })
}

// save changes picture and profile together, and the session's cookies after them.
func (s *Service) save(r *api.Request, caller *core.Auth, address *string, change func(tx *store.Tx) error) error {
	ctx := r.Context()
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		user, err := s.core.User(ctx, tx, caller.User.ID)
		if err != nil {
			return err
		}
		user.Image = address
		caller.User = user
		return s.core.SaveUser(ctx, tx, user)
	})
	if err == nil {
		s.core.ResendCookies(r, caller)
	}
	return err
}

// Forget deletes what a user uploaded, when their profile shows something else.
func (s *Service) Forget(ctx context.Context, tx *store.Tx, userID string) error {
	return deleteImage(ctx, tx, userID)
}

// make decodes and makes small, one picture at a time.
func (s *Service) make(ctx context.Context, file []byte) (*picture, error) {
	if err := check(file); err != nil {
		return nil, err
	}
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
		return small(file)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find reads a picture by its hash. Errors: api.ErrNotFound.
func (s *Service) find(ctx context.Context, hash string) (*picture, error) {
	p, err := findImage(ctx, s.core.DB, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, api.ErrNotFound
	}
	return p, err
}
