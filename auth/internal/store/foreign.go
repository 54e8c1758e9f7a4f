package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Foreign is the SQLite database of another program, open for reading only. All that is read
// of it is one state: what its program writes meanwhile does not show.
type Foreign struct {
	c    *conn
	path string
}

// sqliteMagic is what a SQLite file begins with.
const sqliteMagic = "SQLite format 3\x00"

// foreignWait is how long a foreign database may be locked by its own program, in milliseconds.
const foreignWait = 10_000

// IsSQLite tells whether a file begins as SQLite's do.
func IsSQLite(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return bytes.Equal(head[:n], []byte(sqliteMagic)), nil
}

// OpenForeign opens a file that belongs to another program, which may be running. Its content
// is never changed, and its write-ahead log is read where there is one.
func OpenForeign(path string) (*Foreign, error) {
	c, err := openForeignConn(path, false)
	if reason := Reason(err); (reason == "cannot open" || reason == "read-only") && !fileHasContent(path+"-wal") {
		// In a folder that cannot be written SQLite cannot make the files beside a database
		// through which its readers and writers know of each other. With no log to read and
		// nobody who could write there, none are needed.
		c, err = openForeignConn(path, true)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Foreign{c: c, path: path}, nil
}

func openForeignConn(path string, immutable bool) (*conn, error) {
	flags := int32(sqlite3.SQLITE_OPEN_READONLY)
	name := path
	if immutable {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		// https://www.sqlite.org/uri.html: these three are what must be escaped in a path.
		name = "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(absolute) + "?immutable=1"
		flags |= sqlite3.SQLITE_OPEN_URI
	}
	c, err := openConn(name, flags, foreignWait)
	if err != nil {
		return nil, err
	}
	// A foreign schema may hold anything: functions in it are not run, and what is read is
	// checked. BEGIN and the first read fix the state that is seen from here on.
	for _, sql := range []string{
		"PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON",
		"PRAGMA temp_store = MEMORY", "BEGIN", "SELECT COUNT(*) FROM sqlite_schema",
	} {
		if err := c.exec(sql); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

func fileHasContent(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// Close gives the file back.
func (f *Foreign) Close() error {
	f.c.rollback()
	f.c.close()
	return nil
}

// Tables names the tables, SQLite's own left out. Views are not among them.
func (f *Foreign) Tables() ([]string, error) {
	return f.c.text(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`)
}

// Columns names the columns of a table, in their order.
func (f *Foreign) Columns(table string) ([]string, error) {
	s, err := f.c.prepare("SELECT * FROM "+quoteName(table)+" LIMIT 0", 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	defer s.finalize()
	return s.columnNames(), nil
}

func (s *stmt) columnNames() []string {
	names := make([]string, s.columns)
	for i := range names {
		names[i] = libc.GoString(sqlite3.Xsqlite3_column_name(s.c.tls, s.p, int32(i)))
	}
	return names
}

// Count is how many rows a table has.
func (f *Foreign) Count(table string) (int64, error) {
	s, err := f.c.prepare("SELECT COUNT(*) FROM "+quoteName(table), 0)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", f.path, err)
	}
	defer s.finalize()
	if _, err := s.step(); err != nil {
		return 0, fmt.Errorf("%s: %w", f.path, err)
	}
	return s.columnInt(0), nil
}

// Each hands every row of a table to fn, in the same order each time: a value a column, each
// nil, int64, float64, string or []byte. The slice is good only inside fn. A text or blob of
// more than most bytes comes as a TooLong.
func (f *Foreign) Each(ctx context.Context, table string, most int, fn func(values []any) error) error {
	s, err := f.c.prepare("SELECT * FROM "+quoteName(table), 0)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	defer s.finalize()
	values := make([]any, s.columns)
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		more, err := s.step()
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		if !more {
			return nil
		}
		for i := range values {
			values[i] = s.anyColumn(i, most)
		}
		if err := fn(values); err != nil {
			return err
		}
	}
}

// TooLong stands for a value that is longer than was asked for.
type TooLong struct{ Bytes int64 }

func (s *stmt) anyColumn(i, most int) any {
	switch s.columnType(i) {
	case sqlite3.SQLITE_INTEGER:
		return s.columnInt(i)
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(s.c.tls, s.p, int32(i))
	case sqlite3.SQLITE_TEXT:
		if n := int64(sqlite3.Xsqlite3_column_bytes(s.c.tls, s.p, int32(i))); n > int64(most) {
			return TooLong{n}
		}
		return s.columnText(i)
	case sqlite3.SQLITE_BLOB:
		if n := int64(sqlite3.Xsqlite3_column_bytes(s.c.tls, s.p, int32(i))); n > int64(most) {
			return TooLong{n}
		}
		return append([]byte{}, s.columnBytes(i)...)
	default:
		return nil
	}
}

// quoteName writes a foreign name so that it can only be a name.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
