package store_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"authd/auth/internal/store"
)

const (
	first  = "-- +goose Up\nCREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at BIGINT NOT NULL);\n-- +goose Down\nDROP TABLE setting;\n"
	second = "-- +goose Up\nALTER TABLE setting ADD COLUMN note TEXT;\n-- +goose Down\nALTER TABLE setting DROP COLUMN note;\n"
	broken = "-- +goose Up\nALTER TABLE nowhere ADD COLUMN note TEXT;\n"
)

func files(contents ...string) fs.FS {
	names := []string{"20260101000000_a.sql", "20260201000000_b.sql", "20260301000000_c.sql"}
	m := fstest.MapFS{}
	for i, text := range contents {
		m[names[i]] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func openWith(path string, migrations fs.FS) (*store.DB, error) {
	return store.Open(context.Background(), store.Options{Path: path, Migrations: migrations})
}

// migrated is a file made by the first migration, with one row in it.
func migrated(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "data", "authd.db")
	db, err := openWith(path, files(first))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, "a", "1") }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func directory(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestTheFilesAreTheirOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // whose files have no such mode
	}
	path := migrated(t)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := openWith(path, files(first, second))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, name := range []string{"", "-wal", "-shm", ".before-20260201000000.bak"} {
		info, err := os.Stat(path + name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
}

func TestANewFileOrAnUpToDateOneHasNoSnapshot(t *testing.T) {
	path := migrated(t)
	db, err := openWith(path, files(first))
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	if got := directory(t, path); got != "authd.db authd.db.lock" {
		t.Fatalf("the directory has %s", got)
	}
}

func TestAMigrationLeavesACheckedSnapshot(t *testing.T) {
	ctx, path := context.Background(), migrated(t)
	db, err := openWith(path, files(first, second))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if version, err := store.Check(ctx, path+".before-20260201000000.bak"); err != nil || version != 20260101000000 {
		t.Fatalf("the snapshot has version %d, %v", version, err)
	}
	if _, err := get(t, db, "a"); err != nil {
		t.Fatal(err)
	}
}

func TestAMigrationThatFailsLeavesFileAndSnapshotAsTheyWere(t *testing.T) {
	ctx, path := context.Background(), migrated(t)
	for range 2 { // a service manager starts it again
		if _, err := openWith(path, files(first, second, broken)); err == nil {
			t.Fatal("it is said to have worked")
		}
	}
	if version, err := store.Check(ctx, path+".before-20260201000000.bak"); err != nil || version != 20260101000000 {
		t.Fatalf("the snapshot of the beginning has version %d, %v", version, err)
	}
	db, err := openWith(path, files(first, second))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := get(t, db, "a"); err != nil {
		t.Fatal(err)
	}
}

func TestAFileFromANewerVersionIsRefusedAndNotChanged(t *testing.T) {
	path := migrated(t)
	db, err := openWith(path, files(first, second))
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	before, _ := os.ReadFile(path)
	_, err = openWith(path, files(first))
	if err == nil || !strings.Contains(err.Error(), "20260201000000") || !strings.Contains(err.Error(), "20260101000000") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Fatal("the file was changed")
	}
}

func TestAMigrationNeverRunsUnderAnotherServer(t *testing.T) {
	path := migrated(t)
	// The lock of a process that is not this one.
	release, err := store.LockServe(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".lock", []byte("1@elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.Open(ctx, store.Options{Path: path, Migrations: files(first, second)}); err == nil {
		t.Fatal("it migrated")
	}
	db, err := openWith(path, files(first))
	if err != nil {
		t.Fatalf("the version that the server has: %v", err)
	}
	_ = db.Close()
	release()
	db, err = openWith(path, files(first, second))
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
}

func TestTheServerItselfMigrates(t *testing.T) {
	path := migrated(t)
	release, err := store.LockServe(path)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	db, err := openWith(path, files(first, second))
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
}

func TestManyProcessesMayMakeTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authd.db")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), crashFile+"="+path)
			if out, err := child.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
}

func TestBackupCopiesWhatIsCommittedWhileWritesGoOn(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	fill(t, db, 2000)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		for i := 2000; ; i++ {
			select {
			case <-stop:
				stopped <- i
				return
			default:
			}
			err := db.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, insertSession, "s"+userID(i), tokenHash(i), userID(0), 1, 1, "", "")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}()
	target := filepath.Join(t.TempDir(), "copy.db")
	err := db.Backup(ctx, target)
	close(stop)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Check(ctx, target); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(ctx, target); err == nil {
		t.Fatal("a backup overwrote a file")
	}
	copied := open(t, target)
	if _, err := store.One(ctx, copied, scanSession, selectSession, tokenHash(1999)); err != nil {
		t.Fatal(err)
	}
}

func TestABackupThatIsBrokenOffLeavesNothing(t *testing.T) {
	db := newDB(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	target := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Backup(ctx, target); err == nil {
		t.Fatal("it is said to have worked")
	}
	if _, err := os.Stat(target); err == nil {
		t.Fatal("a file is left")
	}
}

func TestCheckRefusesWhatIsNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	if _, err := store.Check(context.Background(), path); err == nil {
		t.Fatal("a missing file is said to be sound")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Check(context.Background(), path); err == nil {
		t.Fatal("an empty file is said to be sound")
	}
}
