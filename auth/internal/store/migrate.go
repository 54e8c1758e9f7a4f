package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	sqlite3 "modernc.org/sqlite/lib"

	_ "modernc.org/sqlite" // goose speaks database/sql
)

// migrate brings the file to the newest migration. Reading the version takes a millisecond;
// goose is only started when there is something to do.
func migrate(ctx context.Context, file string, migrations fs.FS, existed bool, log *slog.Logger) error {
	newest, err := newestMigration(migrations)
	if err != nil {
		return err
	}
	current := int64(0)
	if existed {
		if current, err = versionOf(file); err != nil {
			return err
		}
	}
	if current == newest {
		return nil
	}
	if current > newest {
		return fmt.Errorf("%s has schema version %d, newer than this authd's %d: run the newer authd, or restore a backup made before it", file, current, newest)
	}
	if current > 0 {
		backup, err := snapshot(ctx, file, current)
		if err != nil {
			return fmt.Errorf("no migration without a snapshot: %w", err)
		}
		log.Info("migrating the database", "from", current, "to", newest, "snapshot", backup)
	}
	return runGoose(ctx, file, migrations)
}

// newestMigration is the highest version among the files.
func newestMigration(migrations fs.FS) (int64, error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	newest := int64(0)
	for _, name := range names {
		prefix, _, _ := strings.Cut(path.Base(name), "_")
		version, err := strconv.ParseInt(prefix, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s: its name does not start with a version", name)
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// versionOf reads the schema version of a file; 0 when it has none yet.
func versionOf(file string) (int64, error) {
	c, err := openConn(file, sqlite3.SQLITE_OPEN_READWRITE, readerWait)
	if err != nil {
		return 0, err
	}
	defer c.close()
	return c.schemaVersion()
}

func (c *conn) schemaVersion() (int64, error) {
	tables, err := c.text("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'")
	if err != nil || len(tables) == 0 {
		return 0, err
	}
	versions, err := c.text("SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied")
	if err != nil || len(versions) == 0 {
		return 0, err
	}
	return strconv.ParseInt(versions[0], 10, 64)
}

func runGoose(ctx context.Context, file string, migrations fs.FS) error {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath()}
	dsn.RawQuery = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_txlock=immediate"
	pool, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return fmt.Errorf("open %s: %w", file, err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", file, err)
	}
	return nil
}

// snapshot keeps the file as it is before a migration, beside it.
func snapshot(ctx context.Context, file string, version int64) (string, error) {
	target := fmt.Sprintf("%s.before-%d.bak", file, version)
	if err := os.Remove(target); err != nil && !os.IsNotExist(err) {
		return "", fmt.Errorf("replace an older snapshot: %w", err)
	}
	return target, copyInto(ctx, file, target)
}
