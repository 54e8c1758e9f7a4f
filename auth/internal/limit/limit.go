// Package limit counts requests, so that nobody makes more than so many in a
// window of time.
//
// It lives in memory of bounded size and forgets everything with the process:
// what must survive (lockouts, attempts at a code) is a row of whoever owns it.
// The package must not know what a key means, nor answer requests.
package limit

import (
	"hash/maphash"
	"time"
)

// Rule allows Max requests in a Window that begins with the first of them.
//
// better-auth lets the window begin anew with each allowed request, so that a
// client that asks once a second, well below 100 in 10 s, is shut out after 100
// seconds. Here it is not; a burst meets the same limit and the same wait.
type Rule struct {
	Window time.Duration
	Max    int
}

// Options say how a Limiter is set up. The zero value is meant for production.
type Options struct {
	// Entries is how many keys are counted at once; 0 means 65,536, some 4 MB
	// when all are in use. It is rounded up to a multiple of shards.
	Entries int
}

const (
	defaultEntries = 1 << 16
	shards         = 16
)

// Limiter counts by key. It is safe for concurrent use.
//
// When it is full, a new key takes the place of the one that was unused for
// longest among those below their limit. A key at its limit is never forgotten
// before its window ends, for else a flood of other keys would buy more guesses.
// When all are at their limit, new keys share one count for each rule and shard.
// That is looser than a count of their own would be for a crowd that owns more
// addresses than there are entries, whom a limit by address does not stop
// anyway, and it does not let such a crowd shut everybody else out.
type Limiter struct {
	seed   maphash.Seed
	shards [shards]shard
}

// New makes a Limiter.
func New(o Options) *Limiter {
	if o.Entries <= 0 {
		o.Entries = defaultEntries
	}
	l := &Limiter{seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].capacity = (o.Entries + shards - 1) / shards
		l.shards[i].clear()
	}
	return l
}

// Allow counts a request and says whether rule allows it; if not, also how long
// the window still lasts. A request that is not allowed does not count.
func (l *Limiter) Allow(key string, rule Rule, now time.Time) (ok bool, retryAfter time.Duration) {
	if rule.Window <= 0 {
		return true, 0
	}
	// The hash stands for the key: 64 bits with a secret seed, so that two keys
	// share a count by chance only, once in a billion full tables.
	hash := maphash.String(l.seed, key)
	s := &l.shards[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.allow(hash, rule, now.UnixNano())
}
