// Command benchkit is the part of tests/bench that needs the server's own packages: it fills a
// data directory with users and sessions, and it runs the password hash by itself.
//
//	benchkit -data DIR -users N      prints the Cookie value of each session, one a line
//	benchkit -hash 2                 prints CPU nanoseconds a hash, two at a time
//
// It is a program and no package, so that nothing of the server can come to need it.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/hashing"
	"authd/auth/internal/store"
	"authd/migrations"
)

func main() {
	data := flag.String("data", "", "data directory that a server has made")
	users := flag.Int("users", 0, "how many users to add, each with one session")
	threads := flag.Int("hash", 0, "hash for a second, this many at a time")
	flag.Parse()
	var err error
	if *threads > 0 {
		err = hashAlone(*threads, time.Second)
	} else {
		err = fill(context.Background(), *data, *users)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchkit:", err)
		os.Exit(1)
	}
}

// fill writes the rows as the server would, many to a transaction, and prints the cookies.
func fill(ctx context.Context, data string, users int) error {
	cfg, err := config.Load(config.Options{Environ: []string{"AUTHD_DATA=" + data}})
	if err != nil {
		return err
	}
	keys, err := core.NewKeyring(cfg.Secrets)
	if err != nil {
		return err
	}
	signer, err := keys.Signer("session cookie")
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Options{Path: filepath.Join(data, config.DatabaseFileName), Migrations: migrations.FS})
	if err != nil {
		return err
	}
	defer db.Close()
	out := bufio.NewWriter(os.Stdout)
	const batch = 5_000
	for from := 0; from < users; from += batch {
		tokens := make([]string, min(batch, users-from))
		for i := range tokens {
			tokens[i] = core.NewToken(32)
		}
		if err := db.Write(ctx, func(tx *store.Tx) error { return insertPeople(ctx, tx, from, tokens) }); err != nil {
			return fmt.Errorf("add users: %w", err)
		}
		for _, token := range tokens {
			signature := base64.StdEncoding.EncodeToString(signer.Sign([]byte(token)))
			fmt.Fprintf(out, "%s.session_token=%s\n", cfg.Advanced.CookiePrefix, url.QueryEscape(token+"."+signature))
		}
	}
	return out.Flush()
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
	var hashes atomic.Int64
	deadline := time.Now().Add(d)
	before, err := ownCPU()
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	failed := make(chan error, threads)
	for range threads {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				if ok, _, err := pool.Verify(ctx, encoded, password); err != nil || !ok {
					failed <- fmt.Errorf("verify: %t, %w", ok, err)
					return
				}
				hashes.Add(1)
			}
		})
	}
	wg.Wait()
	after, err := ownCPU()
	if err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		_, err := fmt.Println(int64(after-before) / hashes.Load())
		return err
	}
}

func ownCPU() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("read my own CPU time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
