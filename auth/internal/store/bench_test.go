package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"authd/auth/internal/store"
)

const insertSession = `INSERT INTO session (id, token_hash, user_id, expires_at, created_at, updated_at, ip_address, user_agent)
	VALUES ($1, $2, $3, $4, $5, $5, $6, $7)`

const selectSession = `SELECT s.id, s.user_id, s.expires_at, s.created_at, s.updated_at, s.ip_address, s.user_agent, s.remember, s.amr, s.extra,
	u.name, u.email, u.email_verified, u.image, u.created_at, u.updated_at, u.role, u.banned, u.ban_reason, u.ban_expires, u.extra
	FROM session s JOIN "user" u ON u.id = s.user_id WHERE s.token_hash = $1`

type sessionUser struct {
	id, userID, ip, agent, amr, extra, name, email, userExtra string
	expires, created, updated, userCreated, userUpdated       time.Time
	remember, verified, banned                                bool
	image, role, banReason                                    *string
	banExpires                                                *time.Time
}

func scanSession(r *store.Row) sessionUser {
	return sessionUser{
		id: r.Text(), userID: r.Text(), expires: r.Time(), created: r.Time(), updated: r.Time(), ip: r.Text(),
		agent: r.Text(), remember: r.Bool(), amr: r.Text(), extra: r.Text(),
		name: r.Text(), email: r.Text(), verified: r.Bool(), image: r.NullText(), userCreated: r.Time(),
		userUpdated: r.Time(), role: r.NullText(), banned: r.Bool(), banReason: r.NullText(), banExpires: r.NullTime(),
		userExtra: r.Text(),
	}
}

const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

func userID(i int) string { return fmt.Sprintf("0192f0c1-%04x-7%03x-8000-%012x", i>>12, i&0xfff, i) }

func tokenHash(i int) string {
	h := sha256.Sum256([]byte(fmt.Sprint("token", i)))
	return hex.EncodeToString(h[:])
}

// fill makes n users with a session each.
func fill(tb testing.TB, db *store.DB, n int) {
	tb.Helper()
	ctx := context.Background()
	for from := 0; from < n; from += 5000 {
		err := db.Write(ctx, func(tx *store.Tx) error {
			for i := from; i < min(n, from+5000); i++ {
				id := userID(i)
				if _, err := tx.Exec(ctx, `INSERT INTO "user" (id, name, email, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)`,
					id, fmt.Sprint("Person ", i), fmt.Sprintf("person%d@example.com", i), 1_790_000_000_000); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, insertSession, "s"+id, tokenHash(i), id, 1_800_000_000_000, 1_790_000_000_000, "203.0.113.7", agent); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// cpu is the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSessionLookup reads a random session with its user, as get-session does.
// AUTHD_BENCH_DIR keeps the files between runs.
func BenchmarkSessionLookup(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := os.Getenv("AUTHD_BENCH_DIR")
			if dir == "" {
				dir = b.TempDir()
			}
			path := filepath.Join(dir, fmt.Sprint("sessions", n, ".db"))
			_, err := os.Stat(path)
			db := open(b, path)
			if err != nil {
				fill(b, db, n)
			}
			hashes := make([]string, 1<<16)
			for i := range hashes {
				hashes[i] = tokenHash(rand.IntN(n))
			}
			ctx := context.Background()
			b.ReportAllocs()
			start := cpu()
			for i := 0; b.Loop(); i++ {
				if _, err := store.One(ctx, db, scanSession, selectSession, hashes[i&(1<<16-1)]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu()-start).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkDurableInserts writes sessions from 64 callers, each insert on disk before the next.
func BenchmarkDurableInserts(b *testing.B) {
	db, ctx := newDB(b), context.Background()
	fill(b, db, 1000)
	var n atomic.Int64
	n.Store(1_000_000)
	b.SetParallelism(32) // for each of two cores
	start, began := cpu(), time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			err := db.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, insertSession, "s"+userID(i), tokenHash(i), userID(i%1000), 1_800_000_000_000, 1_790_000_000_000, "203.0.113.7", agent)
				return err
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64((cpu()-start).Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "inserts/s")
}
