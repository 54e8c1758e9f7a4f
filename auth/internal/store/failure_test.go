package store_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/internal/store"
	"authd/migrations"
)

// pragma sets something on the writer's connection.
func pragma(t *testing.T, db *store.DB, text string) {
	t.Helper()
	if err := db.Write(context.Background(), func(tx *store.Tx) error { return tx.Pragma(text) }); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseThatCannotBeWrittenIsReadAndRecovers(t *testing.T) {
	cases := []struct {
		name, reason string
		breakIt      func(t *testing.T, db *store.DB, path string) (mend func())
	}{
		{"full", "disk full", func(t *testing.T, db *store.DB, _ string) func() {
			pragma(t, db, "max_page_count = 1") // SQLite takes the pages there are for the bound
			return func() { pragma(t, db, "max_page_count = 1000000") }
		}},
		{"read-only", "read-only", func(t *testing.T, db *store.DB, _ string) func() {
			pragma(t, db, "query_only = ON")
			return func() {} // a new connection is opened after the first failure
		}},
		{"locked by another process", "locked", func(t *testing.T, db *store.DB, path string) func() {
			pragma(t, db, "busy_timeout = 10")
			release, err := store.LockFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return release
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, path := context.Background(), filepath.Join(t.TempDir(), "authd.db")
			db := open(t, path)
			fill(t, db, 10)
			mend := c.breakIt(t, db, path)
			big := strings.Repeat("x", 100_000)
			err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, "big", big) })
			if !errors.Is(err, store.ErrUnavailable) || store.Reason(err) != c.reason {
				t.Fatalf("a write gives %v (%s)", err, store.Reason(err))
			}
			if strings.Contains(err.Error(), "xxx") {
				t.Fatal("the error shows what was to be written")
			}
			if _, err := store.One(ctx, db, scanSession, selectSession, tokenHash(3)); err != nil {
				t.Fatalf("a read gives %v", err)
			}
			mend()
			if err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, "big", big) }); err != nil {
				t.Fatalf("a write afterwards gives %v", err)
			}
			if got, err := get(t, db, "big"); err != nil || got.Value != big {
				t.Fatalf("it is not kept: %v", err)
			}
		})
	}
}

func TestReadySaysWhetherWritingWorks(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "authd.db")
	db := open(t, path)
	if err := db.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	pragma(t, db, "busy_timeout = 10")
	release, err := store.LockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(ctx); err != nil {
		t.Fatalf("an answer is good for a second, but the next one is %v", err)
	}
	db.Forget()
	if err := db.Ready(ctx); store.Reason(err) != "locked" {
		t.Fatalf("got %v", err)
	}
	release()
	db.Forget()
	if err := db.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestAFunctionThatHidesAFullDiskDoesNotCommit(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	pragma(t, db, "max_page_count = 1")
	err := db.Write(ctx, func(tx *store.Tx) error {
		_ = put(ctx, tx, "big", strings.Repeat("x", 100_000))
		return nil
	})
	if err == nil {
		if _, err = get(t, db, "big"); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("half of it is there: %v", err)
		}
	} else if !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authd.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(context.Background(), store.Options{Path: path, Migrations: migrations.FS, Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, store.ErrUnavailable) || store.Reason(err) != "not a database" {
		t.Fatalf("got %v", err)
	}
}

func TestADamagedPageFailsOnlyWhatReadsIt(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "authd.db")
	db := open(t, path)
	fill(t, db, 5000)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	if _, err := f.WriteAt([]byte(strings.Repeat("\xff", 4096*20)), info.Size()/4096/2*4096); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	db = open(t, path)
	bad := 0
	for i := range 5000 {
		_, err := store.One(ctx, db, scanSession, selectSession, tokenHash(i))
		if err != nil && store.Reason(err) != "damaged file" && !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("got %v", err)
		}
		if err != nil {
			bad++
		}
	}
	if bad == 0 || bad == 5000 {
		t.Fatalf("%d of 5000 reads failed", bad)
	}
	if err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, "a", "1") }); err != nil {
		t.Fatalf("a write elsewhere gives %v", err)
	}
	if _, err := store.Check(ctx, path); err == nil {
		t.Fatal("Check finds nothing")
	}
}

func TestOnlyOneServerHasTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authd.db")
	release, err := store.LockServe(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.LockServe(path); err == nil || !strings.Contains(err.Error(), "another authd already serves "+path) {
		t.Fatalf("a second server is told %v", err)
	}
	release()
	release, err = store.LockServe(path)
	if err != nil {
		t.Fatal(err)
	}
	release()
}
