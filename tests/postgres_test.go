//go:build postgres

package tests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestPostgresTakesMigrationsAndStatements keeps the second dialect alive: every migration
// runs up, down and up again on a real PostgreSQL, and every statement of every store.go is
// prepared there, which checks its syntax, its tables and its types.
//
//	go test -tags postgres ./tests/ -run Postgres
func TestPostgresTakesMigrationsAndStatements(t *testing.T) {
	ctx := context.Background()
	db := startPostgres(ctx, t)
	ups, downs := readMigrations(t)
	apply(ctx, t, db, ups)
	apply(ctx, t, db, downs)
	apply(ctx, t, db, ups)

	statements := collectStatements(t)
	if len(statements) < 20 {
		t.Fatalf("found only %d statements: the collector looks at the wrong place", len(statements))
	}
	for i, s := range statements {
		if _, err := db.Prepare(ctx, "s"+strconv.Itoa(i), s.text); err != nil {
			t.Errorf("%s: PostgreSQL does not take this statement: %v\n%s", s.at, err, s.text)
		}
	}
	t.Logf("%d migrations and %d statements", len(ups), len(statements))
}

func apply(ctx context.Context, t *testing.T, db *pgx.Conn, scripts []script) {
	t.Helper()
	for _, s := range scripts {
		if _, err := db.Exec(ctx, s.text); err != nil {
			t.Fatalf("PostgreSQL does not take %s: %v", s.name, err)
		}
	}
}

// startPostgres runs Debian's PostgreSQL on an empty directory, reachable by its socket only.
func startPostgres(ctx context.Context, t *testing.T) *pgx.Conn {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Fatal("no PostgreSQL: apt-get install postgresql")
	}
	bin := found[len(found)-1]
	dir, err := os.MkdirTemp("", "authd-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	owner := serverUser(t, dir)
	data := filepath.Join(dir, "data")
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: owner}
		return cmd
	}
	if out, err := run("initdb", "-D", data, "-U", "authd", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	server := run("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	if err := server.Start(); err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	})
	return connect(ctx, t, dir)
}

// serverUser is who PostgreSQL runs as: it refuses to be root.
func serverUser(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("PostgreSQL refuses to run as root: %v", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2, os.Chown(dir, uid, gid)); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func connect(ctx context.Context, t *testing.T, socket string) *pgx.Conn {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		db, err := pgx.Connect(ctx, fmt.Sprintf("host=%s user=authd dbname=postgres", socket))
		if err == nil {
			t.Cleanup(func() { _ = db.Close(ctx) })
			return db
		}
		if time.Now().After(deadline) {
			t.Fatalf("PostgreSQL did not start: %v", err)
		}
	}
}
