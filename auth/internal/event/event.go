// Package event lets one capability act on what another did, inside the same
// transaction: typed, synchronous, in the order of registration. It must not be
// used for what leaves the process; that is a row in the outbox.
package event

import (
	"context"

	"authd/auth/internal/store"
)

// Topic is a kind of event with a payload of type T. Listeners are added while
// the server is built, before the first Emit. The zero value is ready.
type Topic[T any] struct {
	listeners []func(ctx context.Context, tx *store.Tx, e T) error
}

// On adds a listener.
func (t *Topic[T]) On(fn func(ctx context.Context, tx *store.Tx, e T) error) {
	t.listeners = append(t.listeners, fn)
}

// Heard tells whether anybody listens, where making an event costs something.
func (t *Topic[T]) Heard() bool { return len(t.listeners) > 0 }

// Emit runs the listeners inside tx. The first error stops it and, returned
// from the transaction, undoes all that was done: a listener can veto.
func (t *Topic[T]) Emit(ctx context.Context, tx *store.Tx, e T) error {
	for _, fn := range t.listeners {
		if err := fn(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}
