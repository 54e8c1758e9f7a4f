package upstream

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/egress"
)

const (
	keysFresh   = 10 * time.Minute // how long a key set counts without another look
	keysStale   = 24 * time.Hour   // how long when the other look fails
	keysEvery   = 10 * time.Second // how often strangers' tokens can have it read
	keysTimeout = 5 * time.Second
	keysMaxBody = 256 << 10
	keysMax     = 100
)

// keySet is what a provider signs with, one set a provider: its memory is bounded
// by the configuration.
type keySet struct {
	mu     sync.Mutex // held while it is read: others wait for the same answer
	keys   []jose.JSONWebKey
	from   string
	read   time.Time
	looked time.Time
}

// get gives the keys; again asks for another look, because no key fitted. Errors: ErrUnreachable.
func (s *keySet) get(ctx context.Context, p *Provider, uri string, again bool) ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := p.now(ctx)
	if s.from != uri {
		s.keys, s.from, s.read, s.looked = nil, uri, time.Time{}, time.Time{}
	}
	if stale := now.Sub(s.read) >= keysFresh; (stale || again) && now.Sub(s.looked) >= keysEvery {
		keys, err := p.readKeys(ctx, uri)
		if ctx.Err() == nil { // one who hangs up must not spend the look of all
			s.looked = now
		}
		switch {
		case err == nil:
			s.keys, s.read = keys, now
		case s.keys == nil:
			return nil, fmt.Errorf("%w: the keys of %s: %w", ErrUnreachable, p.ID, err)
		}
	}
	if s.keys == nil || now.Sub(s.read) >= keysStale {
		return nil, fmt.Errorf("%w: the keys of %s could not be read", ErrUnreachable, p.ID)
	}
	return s.keys, nil
}

func (p *Provider) readKeys(ctx context.Context, uri string) ([]jose.JSONWebKey, error) {
	found, err := p.out.Fetch(ctx, uri, egress.Want{
		Trusted: true, Accept: "application/jwk-set+json, application/json;q=0.9", MaxBody: keysMaxBody, Timeout: keysTimeout,
	})
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(found.Body, &set); err != nil {
		return nil, err
	}
	keys := []jose.JSONWebKey{}
	for _, raw := range set.Keys {
		// One that is of an unknown kind is left out (RFC 7517 §5).
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil && usable(key) && len(keys) < keysMax {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// usable keys verify signatures and are public; short RSA is none.
func usable(key jose.JSONWebKey) bool {
	if key.Use != "" && key.Use != "sig" {
		return false
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= 2048
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

// fitting are the keys that may have signed a token with that header: each key is
// for one kind of algorithm, whatever the token says of itself (RFC 8725 §3.1).
func fitting(keys []jose.JSONWebKey, id, alg string) []jose.JSONWebKey {
	var fit []jose.JSONWebKey
	for _, key := range keys {
		if id != "" && key.KeyID != "" && key.KeyID != id || key.Algorithm != "" && key.Algorithm != alg {
			continue
		}
		family := ""
		switch key.Key.(type) {
		case *rsa.PublicKey:
			family = "RS PS"
		case *ecdsa.PublicKey:
			family = "ES"
		case ed25519.PublicKey:
			family = "Ed"
		}
		if strings.Contains(family, alg[:2]) {
			fit = append(fit, key)
		}
	}
	return fit
}
