package account

import (
	"context"
	"sync"
	"time"

	"authd/auth/internal/core"
)

// refreshTimeout bounds how long askers wait for a provider.
const refreshTimeout = 30 * time.Second

// flights has what many ask for at once done once.
type flights struct {
	mu     sync.Mutex
	flying map[string]*flight
}

type flight struct {
	landed  chan struct{}
	account *core.Account
	err     error
}

// do runs fn, unless it runs for that key: then it waits for what comes of it.
// The first asker's going away does not stop it, for the others wait, and a
// refresh token that was spent must be kept whoever wanted it.
func (f *flights) do(ctx context.Context, key string, fn func(ctx context.Context) (*core.Account, error)) (*core.Account, error) {
	f.mu.Lock()
	if one, flies := f.flying[key]; flies {
		f.mu.Unlock()
		select {
		case <-one.landed:
			return one.account, one.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	one := &flight{landed: make(chan struct{}), err: context.Canceled}
	if f.flying == nil {
		f.flying = map[string]*flight{}
	}
	f.flying[key] = one
	f.mu.Unlock()
	defer func() { // also when fn panics
		f.mu.Lock()
		delete(f.flying, key)
		f.mu.Unlock()
		close(one.landed)
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
	defer cancel()
	one.account, one.err = fn(ctx)
	return one.account, one.err
}
