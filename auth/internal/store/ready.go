package store

import (
	"context"
	"sync"
	"time"
)

// probeLife is how long an answer of Ready is good: a prober that asks all the time costs one
// write a second.
const probeLife = time.Second

type probe struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Ready says whether the database can be written, by writing.
func (db *DB) Ready(ctx context.Context) error {
	p := &db.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.at.IsZero() && time.Since(p.at) < probeLife {
		return p.err
	}
	err := db.Write(ctx, func(tx *Tx) error {
		// Setting the header's user_version writes one page whatever the tables are.
		return tx.c.exec("PRAGMA user_version = 1")
	})
	if ctx.Err() != nil {
		return err
	}
	p.at, p.err = time.Now(), err
	return err
}
