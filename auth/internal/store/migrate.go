package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // goose speaks database/sql
)

// migrate brings the file to the newest migration. Reading the version takes a millisecond;
// goose is only started when there is something to do.
func migrate(ctx context.Context, file string, c *conn, migrations fs.FS, log *slog.Logger) error {
	versions, err := versionsOf(migrations)
	if err != nil {
		return err
	}
	newest := int64(0)
	if len(versions) > 0 {
		newest = versions[len(versions)-1]
	}
	current, err := c.schemaVersion()
	if err != nil {
		return fmt.Errorf("read the schema version of %s: %w", file, err)
	}
	if current == newest {
		return nil
	}
	if current < newest {
		release, err := claim(ctx, file)
		if err != nil {
			return err
		}
		defer release()
		if current, err = c.schemaVersion(); err != nil || current == newest { // another was faster
			return err
		}
	}
	if current > newest {
		return fmt.Errorf("%s has schema version %d, and this authd knows only %d: run the newer authd, or restore a backup made before it", file, current, newest)
	}
	if current > 0 {
		i := slices.IndexFunc(versions, func(v int64) bool { return v > current })
		backup := fmt.Sprintf("%s.before-%d.bak", file, versions[i])
		if err := snapshot(ctx, file, backup); err != nil {
			return fmt.Errorf("no migration without a snapshot: %w", err)
		}
		log.Info("migrating the database", "from", current, "to", newest, "snapshot", backup)
	}
	return runGoose(ctx, file, migrations)
}

// versionsOf lists the versions that the file names begin with, in ascending order.
func versionsOf(migrations fs.FS) ([]int64, error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list the migrations: %w", err)
	}
	var versions []int64
	for _, name := range names {
		prefix, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(prefix, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: its name does not start with a version", name)
		}
		versions = append(versions, version)
	}
	slices.Sort(versions)
	return versions, nil
}

// schemaVersion is the newest migration that the file has; 0 when it has none.
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

// snapshot keeps the file as it is before a migration, beside it. An older one of the same name
// is replaced only when the new one is sound.
func snapshot(ctx context.Context, file, target string) error {
	part := target + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what is left of an earlier one: %w", err)
	}
	if err := copyInto(ctx, file, part); err != nil {
		return err
	}
	if err := os.Rename(part, target); err != nil {
		return fmt.Errorf("name the snapshot: %w", err)
	}
	return flushDir(target)
}
