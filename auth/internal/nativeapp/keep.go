package nativeapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
	"github.com/zalando/go-keyring"
	"golang.org/x/oauth2"
)

// Tokens is what one login gave, and what is needed to renew it.
type Tokens struct {
	Issuer       string    `json:"issuer"`
	ClientID     string    `json:"client_id"`
	Scope        string    `json:"scope"`
	Resource     string    `json:"resource,omitempty"`
	Subject      string    `json:"sub,omitempty"`
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	ExpiresAt    time.Time `json:"expires_at,omitzero"`
}

// take puts what the token endpoint answered in place. A server that does not
// rotate sends no refresh token, and the old one stays (RFC 6749 section 6).
func (t *Tokens) take(answer *oauth2.Token) {
	t.AccessToken = answer.AccessToken
	t.ExpiresAt = answer.Expiry.UTC()
	if answer.Expiry.IsZero() {
		t.ExpiresAt = time.Time{}
	}
	if answer.RefreshToken != "" {
		t.RefreshToken = answer.RefreshToken
	}
	if scope, ok := answer.Extra("scope").(string); ok && scope != "" {
		t.Scope = scope
	}
}

// Keyring is where the system keeps secrets.
type Keyring interface {
	Set(service, user, secret string) error
	Get(service, user string) (string, error)
	Delete(service, user string) error
}

// system is the keyring of the system that authd runs on.
type system struct{}

func (system) Set(service, user, secret string) error   { return keyring.Set(service, user, secret) }
func (system) Get(service, user string) (string, error) { return keyring.Get(service, user) }
func (system) Delete(service, user string) error        { return keyring.Delete(service, user) }

const (
	keyringService = "authd"
	keyringUser    = "login"
	// A locked keyring asks its owner for a password; where nobody answers, the file takes over.
	keyringPatience = 30 * time.Second
)

// Store keeps the tokens of one login: in the file, when there is one, else in the keyring.
type Store struct {
	// File takes the tokens where there is no keyring.
	File string
	// FileOnly leaves the keyring alone.
	FileOnly bool
	Keyring  Keyring
}

// NewStore looks for the place: named, from AUTHD_TOKEN_FILE, or the person's configuration directory.
func NewStore(named string) (*Store, error) {
	if named != "" {
		return &Store{File: named, FileOnly: true}, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("find a place for the tokens (or set AUTHD_TOKEN_FILE): %w", err)
	}
	return &Store{File: filepath.Join(dir, "authd", "tokens.json"), Keyring: system{}}, nil
}

// Where says in words where the tokens are kept.
func (s *Store) Where() string {
	if _, err := os.Stat(s.File); err == nil || s.FileOnly {
		return s.File
	}
	return "the system keyring"
}

// Load reads the tokens; ErrSignedOut when there are none.
func (s *Store) Load() (*Tokens, error) {
	text, err := os.ReadFile(s.File)
	if errors.Is(err, os.ErrNotExist) && !s.FileOnly {
		text, err = s.fromKeyring()
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrSignedOut
	}
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	var tokens Tokens
	if err := json.Unmarshal(text, &tokens); err != nil || tokens.Issuer == "" {
		return nil, fmt.Errorf("%s does not hold tokens of authd; run authd login", s.Where())
	}
	return &tokens, nil
}

func (s *Store) fromKeyring() ([]byte, error) {
	var secret string
	err := patiently(func() (err error) {
		secret, err = s.Keyring.Get(keyringService, keyringUser)
		return err
	})
	if err != nil {
		// Without a keyring nothing can be in it.
		return nil, os.ErrNotExist
	}
	return []byte(secret), nil
}

// replace keeps the tokens of a new login, in the keyring when there is one.
func (s *Store) replace(t *Tokens) error {
	unlock, err := s.lock(context.Background())
	if err != nil {
		return err
	}
	defer unlock()
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("keep the tokens: %w", err)
	}
	if !s.FileOnly && patiently(func() error { return s.Keyring.Set(keyringService, keyringUser, string(text)) }) == nil {
		if err := os.Remove(s.File); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the tokens of an earlier login: %w", err)
		}
		return nil
	}
	return s.write(text)
}

// save keeps renewed tokens where the old ones are. The caller holds the lock.
func (s *Store) save(t *Tokens) error {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("keep the tokens: %w", err)
	}
	_, missing := os.Stat(s.File)
	if !s.FileOnly && missing != nil && patiently(func() error { return s.Keyring.Set(keyringService, keyringUser, string(text)) }) == nil {
		return nil
	}
	return s.write(text)
}

// write replaces the file whole: a reader sees the old tokens or the new ones.
func (s *Store) write(text []byte) error {
	made, err := os.CreateTemp(filepath.Dir(s.File), ".tokens-*") // mode 0600
	if err != nil {
		return fmt.Errorf("keep the tokens: %w", err)
	}
	defer func() { _ = os.Remove(made.Name()) }()
	_, writeErr := made.Write(text)
	if err := errors.Join(writeErr, made.Sync(), made.Close()); err != nil {
		return fmt.Errorf("keep the tokens: %w", err)
	}
	if err := os.Rename(made.Name(), s.File); err != nil {
		return fmt.Errorf("keep the tokens: %w", err)
	}
	return nil
}

// forget deletes the tokens wherever they are. The caller holds the lock.
func (s *Store) forget() error {
	if !s.FileOnly {
		// There may be no keyring, or nothing in it.
		_ = patiently(func() error { return s.Keyring.Delete(keyringService, keyringUser) })
	}
	if err := os.Remove(s.File); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete the tokens: %w", err)
	}
	return nil
}

// lock keeps other processes from using the same refresh token meanwhile.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(s.File), 0o700); err != nil {
		return nil, fmt.Errorf("make a place for the tokens: %w", err)
	}
	type result struct {
		unlock func()
		err    error
	}
	locked := make(chan result, 1)
	go func() {
		unlock, err := lockedfile.MutexAt(s.File + ".lock").Lock()
		locked <- result{unlock, err}
	}()
	select {
	case got := <-locked:
		if got.err != nil {
			return nil, fmt.Errorf("lock the tokens: %w", got.err)
		}
		return got.unlock, nil
	case <-ctx.Done():
		go func() {
			if late := <-locked; late.err == nil {
				late.unlock()
			}
		}()
		return nil, fmt.Errorf("wait for another authd that renews the tokens: %w", context.Cause(ctx))
	}
}

// patiently gives up on a keyring that does not answer.
func patiently(ask func() error) error {
	answered := make(chan error, 1)
	go func() { answered <- ask() }()
	select {
	case err := <-answered:
		return err
	case <-time.After(keyringPatience):
		return errors.New("the keyring does not answer")
	}
}
