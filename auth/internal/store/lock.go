package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// errHeld says that another holds the lock.
var errHeld = errors.New("the lock is held")

// LockServe claims the database for one serving process: a second one would deliver jobs twice
// and count attempts apart. Commands that work beside a server do not take it. The lock ends
// with the process, however that ends.
func LockServe(path string) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	f, err := os.OpenFile(lockName(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if err := lockFile(f); err != nil {
		_ = f.Close()
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("another authd already serves %s: %w", path, err)
		}
		return nil, fmt.Errorf("lock %s: %w", lockName(path), err)
	}
	// Who holds it is only read to know oneself again; see claim.
	if err := errors.Join(f.Truncate(0), writeAt(f, self())); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", lockName(path), err)
	}
	return func() { _ = f.Close() }, nil
}

func lockName(path string) string { return path + ".lock" }

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

// self names this process among all that may share a volume.
func self() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%d@%s\n", os.Getpid(), host)
}

// claimWait is how long a migration waits for a process that may be about to finish the same.
const claimWait = 5 * time.Second

// claim keeps everybody else from migrating, and a migration away from under a server that
// knows only the older schema. The serving process itself holds the lock already.
func claim(ctx context.Context, path string) (release func(), err error) {
	for deadline := time.Now().Add(claimWait); ; {
		release, err = LockServe(path)
		if !errors.Is(err, errHeld) {
			return release, err
		}
		if holder, readErr := os.ReadFile(lockName(path)); readErr == nil && string(holder) == self() {
			return func() {}, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w: stop it before this version migrates the file", err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
