package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

// Backup writes a checked copy of the database to a file that must not exist yet. Reads and
// writes go on meanwhile.
func (db *DB) Backup(ctx context.Context, path string) error {
	return copyInto(ctx, db.path, path)
}

// copyInto copies a database in use into a new file, checks the copy and flushes it to disk. A
// copy that failed is not left behind.
func copyInto(ctx context.Context, file, target string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	// SQLite takes an empty file for a new one, and this way its mode is ours from the start.
	f, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the copy: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(target)
		}
	}()
	if err := f.Close(); err != nil {
		return fmt.Errorf("make the copy: %w", err)
	}
	if err := vacuumInto(ctx, file, target); err != nil {
		return fmt.Errorf("copy %s: %w", file, err)
	}
	if _, err := Check(ctx, target); err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	return flush(target)
}

func vacuumInto(ctx context.Context, file, target string) error {
	c, err := openConn(file, sqlite3.SQLITE_OPEN_READWRITE, writerWait)
	if err != nil {
		return err
	}
	defer c.close()
	s, err := c.prepare("VACUUM INTO $1", 0)
	if err != nil {
		return err
	}
	defer s.done()
	if err := s.bind([]any{target}); err != nil {
		return err
	}
	return c.until(ctx, func() error {
		_, err := s.step()
		return err
	})
}

// flush puts the file and its name on disk.
func flush(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("flush the copy: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("flush the copy: %w", err)
	}
	return flushDir(path)
}

// flushDir puts the name of the file on disk.
func flushDir(path string) error {
	if runtime.GOOS == "windows" { // where a directory cannot be flushed, and need not be
		return nil
	}
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("flush the directory: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("flush the directory: %w", err)
	}
	return nil
}

// Check says whether the file is a sound database of authd, and its schema version. It
// changes nothing and works on a file that no server has open.
func Check(ctx context.Context, path string) (version int64, err error) {
	c, err := openConn(path, sqlite3.SQLITE_OPEN_READONLY, readerWait)
	if err != nil {
		return 0, err
	}
	defer c.close()
	var findings []string
	err = c.until(ctx, func() (err error) {
		findings, err = c.text("PRAGMA integrity_check")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("check %s: %w", path, err)
	}
	if len(findings) != 1 || findings[0] != "ok" {
		return 0, fmt.Errorf("%s is damaged: %s", path, strings.Join(findings[:min(3, len(findings))], "; "))
	}
	if version, err = c.schemaVersion(); err != nil {
		return 0, fmt.Errorf("check %s: %w", path, err)
	}
	if version == 0 {
		return 0, fmt.Errorf("%s is not a database of authd: it has no schema version", path)
	}
	return version, nil
}
