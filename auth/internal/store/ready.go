package store

import (
	"context"
	"time"
)

// probeLife is how long an answer of Ready is good: a prober that asks all the time costs one
// write a second.
const probeLife = time.Second

// probe is the last answer of Ready; who holds turn may look and renew it.
type probe struct {
	turn chan struct{}
	at   time.Time
	err  error
}

func newProbe() *probe { return &probe{turn: make(chan struct{}, 1)} }

// Ready says whether the database can be written, by writing.
func (db *DB) Ready(ctx context.Context) error {
	p := db.probe
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !p.at.IsZero() && time.Since(p.at) < probeLife {
		return p.err
	}
	err := db.Write(ctx, func(tx *Tx) error {
		// The header's user_version means nothing to authd. Setting it writes one page, even to
		// the value that it has.
		return tx.c.exec("PRAGMA user_version = 1")
	})
	if err == nil || ctx.Err() == nil {
		p.at, p.err = time.Now(), err
	}
	return err
}
