package oidc

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/core"
	"authd/auth/internal/egress"
)

const (
	keysFresh   = 10 * time.Minute // how long a key set counts without another look
	keysStale   = time.Hour        // how long when the other look fails
	keysEvery   = 10 * time.Second // nobody can make us call somebody in a loop:
	keysLooks   = 3                // one is read no more often than this in that time
	keysTimeout = 5 * time.Second
	keysMaxBody = 128 << 10
	keysMaxSets = 1000
)

// remoteKeys are the key sets that clients publish at an address of theirs
// (RFC 7591 §2, jwks_uri).
type remoteKeys struct {
	core *core.Core

	mu   sync.Mutex
	sets map[string]*remoteSet
}

type remoteSet struct {
	mu    sync.Mutex // held while it is read: others who need it wait for the same answer
	keys  []jose.JSONWebKey
	read  time.Time // when it was last read with success
	since time.Time // when the time began in which looks are counted
	looks int
}

// mayLook counts a look. There is more than one at once for a client that has just
// changed its keys, and signs with the new one (OpenID Connect Core §10.1.1).
func (set *remoteSet) mayLook(now time.Time) bool {
	if age := now.Sub(set.since); age >= keysEvery || age < 0 {
		set.since, set.looks = now, 0
	}
	set.looks++
	return set.looks <= keysLooks
}

func newRemoteKeys(c *core.Core) *remoteKeys {
	return &remoteKeys{core: c, sets: map[string]*remoteSet{}}
}

var errNoKeySet = errors.New("the client's jwks_uri cannot be read at the moment")

// keys is the set at an address. again asks for another look, because no key
// fitted; it is not taken more often than keysLooks in keysEvery.
func (r *remoteKeys) keys(ctx context.Context, uri string, trusted, again bool) ([]jose.JSONWebKey, error) {
	now := r.core.Now(ctx)
	set := r.set(uri, trusted, now)
	set.mu.Lock()
	defer set.mu.Unlock()
	age := now.Sub(set.read)
	if (again || age >= keysFresh) && set.mayLook(now) {
		keys, err := r.read(ctx, uri, trusted)
		if err == nil {
			set.keys, set.read, age = keys, now, 0
		} else {
			r.core.Log.WarnContext(ctx, "a client's keys were not read", "jwks_uri", uri, "error", err)
		}
	}
	if age >= keysStale {
		return nil, errNoKeySet
	}
	return set.keys, nil
}

func (r *remoteKeys) read(ctx context.Context, uri string, trusted bool) ([]jose.JSONWebKey, error) {
	document, err := r.core.Egress.Fetch(ctx, uri, egress.Want{
		Trusted: trusted, Accept: "application/jwk-set+json, application/json;q=0.9", MaxBody: keysMaxBody, Timeout: keysTimeout,
	})
	if err != nil {
		return nil, err
	}
	return parseKeySet(document.Body)
}

// set finds what is kept of an address. The door is part of its name: what was
// read for an operator's client is not handed to a stranger's.
func (r *remoteKeys) set(uri string, trusted bool, now time.Time) *remoteSet {
	name := uri
	if trusted {
		name = "trusted " + uri
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if set := r.sets[name]; set != nil {
		return set
	}
	if len(r.sets) >= keysMaxSets { // strangers may register; memory is bounded
		r.sets = map[string]*remoteSet{}
	}
	set := &remoteSet{read: now.Add(-keysStale)}
	r.sets[name] = set
	return set
}
