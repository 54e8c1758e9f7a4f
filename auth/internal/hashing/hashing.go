// Package hashing turns passwords into strings that are safe to store, and
// checks passwords against such strings.
//
// New passwords are hashed with argon2id. Hashes that came from elsewhere
// (better-auth's scrypt, bcrypt, argon2id with other parameters) verify too,
// and Verify then asks for a rehash, so that an imported account moves over at
// its next sign-in.
//
// A password hash is the most expensive thing that a stranger can make authd
// do. All of it therefore runs on the few threads of one Pool: at most one a
// core, below the request threads in priority, each with one block of memory
// that it reuses, behind a queue of bounded length.
//
// The package must not store anything, know what an account is, or log: what
// passes through it is secret.
package hashing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Options say how a Pool is set up. The zero value is meant for production.
type Options struct {
	// Workers is the number of hashing threads; 0 means one for each core, but
	// not more than maxWorkers.
	Workers int
	// Queue is how many calls may wait for a thread before further ones get
	// ErrBusy; 0 means defaultQueue.
	Queue int
	// Fast makes hashing cheap, for black-box tests. Only a build with
	// -tags testhooks honours it.
	Fast bool
}

const (
	// defaultQueue lets 64 clients sign in without pause on two cores and never
	// see ErrBusy; the last in the queue waits for about 0.6 s.
	defaultQueue = 64
	// maxWorkers keeps the memory of a storm of sign-ins under 160 MB on a
	// machine with many cores; eight threads still check some 400 passwords a
	// second.
	maxWorkers = 8
	saltLength = 16
	keyLength  = 32
)

// standard is what new passwords are hashed with: the OWASP recommendation for
// argon2id, 19 MiB and two passes.
var standard = cost{memory: 19456, time: 2, lanes: 1}

// fast is the cheapest argon2id there is that still has every part.
var fast = cost{memory: 64, time: 1, lanes: 1}

// ErrBusy is returned when as many calls wait as the pool allows. It has a
// method RetryAfter() time.Duration, which says when to try again.
var ErrBusy error = busyError{}

// ErrUnsupported is returned for a stored hash of a kind, or with a cost, that
// this package does not compute.
var ErrUnsupported = errors.New("hashing: stored hash is of an unsupported kind or cost")

// ErrClosed is returned by every call after Close.
var ErrClosed = errors.New("hashing: pool is closed")

type busyError struct{}

func (busyError) Error() string { return "hashing: too many passwords are being hashed" }

// RetryAfter is the time that a full queue takes to drain, rounded up.
func (busyError) RetryAfter() time.Duration { return time.Second }

// New starts the hashing threads. They run until Close. A program that serves
// requests beside them calls Serve.
func New(o Options) *Pool {
	if o.Workers <= 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), runtime.NumCPU(), maxWorkers)
	}
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	c := standard
	if fastAllowed(o.Fast) {
		c = fast
	}
	p := &Pool{
		cost:    c,
		workers: o.Workers,
		limit:   int64(o.Workers + o.Queue),
		jobs:    make(chan *job),
		closed:  make(chan struct{}),
	}
	// Nobody knows a password for these: the key is random too.
	p.dummy = argon2idHash{cost: c, salt: random(saltLength), key: random(keyLength)}
	for range o.Workers {
		p.running.Go(p.work)
	}
	return p
}

// Hash makes the string to store for a password.
func (p *Pool) Hash(ctx context.Context, password string) (string, error) {
	h := argon2idHash{cost: p.cost, salt: random(saltLength)}
	text := norm.NFKC.Bytes([]byte(password))
	err := p.do(ctx, func(m *memory) error {
		var err error
		h.key, err = argon2id(m, h.cost, text, h.salt, keyLength)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return h.String(), nil
}

// Verify says whether password is the one that encoded was made from, and, if
// so, whether it should be hashed anew because encoded is not what Hash would
// make today. A hash that cannot be computed here gives ErrUnsupported, after
// the time that a check takes.
func (p *Pool) Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	h, err := parse(encoded)
	if err != nil {
		return false, false, errors.Join(err, p.Dummy(ctx, password))
	}
	err = p.do(ctx, func(m *memory) error {
		for _, text := range spellings(h, p.cost, password) {
			if ok, err = h.matches(m, text); ok || err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, false, fmt.Errorf("verify a password: %w", err)
	}
	return ok, ok && !h.current(p.cost), nil
}

// Dummy does what Verify does for a hash made by Hash, for an account that does
// not exist: the same queue, the same work, so that the time of the answer does
// not tell who has an account.
func (p *Pool) Dummy(ctx context.Context, password string) error {
	text := norm.NFKC.Bytes([]byte(password))
	err := p.do(ctx, func(m *memory) error {
		_, err := p.dummy.matches(m, text)
		return err
	})
	if err != nil {
		return fmt.Errorf("verify a password: %w", err)
	}
	return nil
}

// spellings are the byte strings that password may have been hashed as. authd
// and better-auth normalise to NFKC, so that a password typed on another
// keyboard or system is the same password; others hash what was typed.
func spellings(h stored, own cost, password string) [][]byte {
	typed := []byte(password)
	normal := norm.NFKC.Bytes(typed)
	if h.normalised() || string(normal) == password {
		return [][]byte{normal}
	}
	if h.current(own) {
		return [][]byte{normal}
	}
	return [][]byte{typed, normal}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: it ends the process instead
	return b
}
