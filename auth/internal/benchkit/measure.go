package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"authd/auth/internal/clock"
	"authd/auth/internal/core"
	"authd/auth/internal/hashing"
	"authd/auth/internal/store"
)

// during has so many goroutines do something over and over, and counts how often it was done.
func during(d time.Duration, writers int, do func() error) (int64, error) {
	var done atomic.Int64
	failed := make([]error, writers)
	deadline := time.Now().Add(d)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for failed[i] == nil && time.Now().Before(deadline) {
				failed[i] = do()
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return done.Load(), errors.Join(failed...)
}

// hashAlone keeps so many hashes going for a while, on the pool that the server uses.
func hashAlone(threads int, d time.Duration) error {
	ctx := context.Background()
	pool := hashing.New(hashing.Options{Workers: threads})
	defer pool.Close()
	const password = "correct horse battery staple"
	encoded, err := pool.Hash(ctx, password)
	if err != nil {
		return err
	}
	before, err := ownCPU()
	if err != nil {
		return err
	}
	hashes, err := during(d, threads, func() error {
		ok, _, err := pool.Verify(ctx, encoded, password)
		if err == nil && !ok {
			err = errors.New("the right password was refused")
		}
		return err
	})
	if err != nil {
		return err
	}
	after, err := ownCPU()
	if err != nil {
		return err
	}
	_, err = fmt.Println(int64(after-before) / hashes)
	return err
}

// insertSessions signs people in below HTTP and without a password: the gates, then one
// session row that is on disk before the next.
func insertSessions(ctx context.Context, data string, writers int, d time.Duration) error {
	cfg, keys, db, err := open(ctx, data)
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := core.New(db, cfg, keys, clock.System, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	user := core.NewUser{Name: "Writer", Email: core.NewID() + "@example.com"}
	var u *core.User
	if err := db.Write(ctx, func(tx *store.Tx) (err error) { u, err = c.CreateUser(ctx, tx, user); return err }); err != nil {
		return err
	}
	inserts, err := during(d, writers, func() error {
		_, err := c.Begin(ctx, &core.SignIn{User: u, Method: "bench", Remember: true, IP: "203.0.113.7", UserAgent: "bench"}, nil)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%.0f\n", float64(inserts)/d.Seconds())
	return err
}

func ownCPU() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("read my own CPU time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
