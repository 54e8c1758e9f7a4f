package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"authd/auth/internal/store"
	"authd/migrations"
)

func open(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Options{Path: path, Migrations: migrations.FS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func newDB(t testing.TB) *store.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "data", "authd.db"))
}

type setting struct {
	Name, Value string
	UpdatedAt   time.Time
}

func scanSetting(r *store.Row) setting {
	return setting{Name: r.Text(), Value: r.Text(), UpdatedAt: r.Time()}
}

func put(ctx context.Context, tx *store.Tx, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3)`, name, value, time.UnixMilli(7))
	return err
}

func get(t testing.TB, db *store.DB, name string) (setting, error) {
	t.Helper()
	return store.One(context.Background(), db, scanSetting, `SELECT name, value, updated_at FROM setting WHERE name = $1`, name)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	if err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, "a", "1") }); err != nil {
		t.Fatal(err)
	}
	got, err := get(t, db, "a")
	if want := (setting{"a", "1", time.UnixMilli(7).UTC()}); err != nil || got != want {
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
	if _, err := get(t, db, "b"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("a missing row gives %v", err)
	}
	if err := db.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(ctx, filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Fatal(err)
	}
}
