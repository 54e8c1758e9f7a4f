package importer

import (
	"context"
	"fmt"
	"os"
	"strings"

	"authd/auth/internal/store"
)

// maxValue bounds one value of a foreign row: a longer one is never read.
const maxValue = 256 << 10

// Source is what another server left behind: tables of rows. Every reading of a
// table gives the same rows in the same order.
type Source struct {
	Path   string
	Format string // sqlite, json or postgres
	tables map[string]string
	names  []string
	counts map[string]int64
	each   func(ctx context.Context, table string, fn func(*row) error) error
	close  func() error
}

// Open opens a file, a SQLite database or an export as JSON, or the PostgreSQL
// database of a postgres:// URL. It is only read.
func Open(ctx context.Context, place string) (*Source, error) {
	var s *Source
	var err error
	if store.IsPostgresURL(place) {
		s, err = openPostgres(ctx, place)
	} else {
		s, err = openFile(ctx, place)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case s.tables["setting"] != "" && s.tables["oauthgrant"] != "":
		err = fmt.Errorf("%s is a database of authd's: authd backup and authd restore move it", s.Path)
	case s.tables["user"] == "":
		err = fmt.Errorf("%s has no table of users; it has: %s", s.Path, listed(s.names))
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func openFile(ctx context.Context, path string) (*Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file: a pipe cannot be read twice", path)
	}
	if info.Size() == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	sqlite, err := store.IsSQLite(path)
	if err != nil {
		return nil, err
	}
	if sqlite {
		return openSQLite(path)
	}
	return openJSON(ctx, path)
}

// Close gives the file back.
func (s *Source) Close() error { return s.close() }

// Rows is how many rows a table has.
func (s *Source) rows(table string) int64 { return s.counts[s.tables[table]] }

// Each hands the rows of a table to fn; a table that is not there has none.
func (s *Source) rowsOf(ctx context.Context, table string, fn func(*row) error) error {
	name := s.tables[table]
	if name == "" {
		return nil
	}
	return s.each(ctx, name, fn)
}

// addTable remembers a table under the name that better-auth gives it.
func (s *Source) addTable(name string, rows int64) {
	s.names = append(s.names, name)
	s.counts[name] = rows
	known := fold(name)
	for _, plural := range []string{known, strings.TrimSuffix(known, "s")} {
		if s.tables[plural] == "" {
			s.tables[plural] = name
		}
	}
}

// fold is a table's or column's name without what adapters change of it: case,
// and underscores between the words.
func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func listed(names []string) string {
	if len(names) == 0 {
		return "no tables"
	}
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

func openSQLite(path string) (*Source, error) {
	f, err := store.OpenForeign(path)
	if err != nil {
		return nil, sayWhy(err)
	}
	s := &Source{Path: path, Format: "sqlite", tables: map[string]string{}, counts: map[string]int64{}, close: f.Close}
	names, err := f.Tables()
	for i := 0; err == nil && i < len(names); i++ {
		var n int64
		n, err = f.Count(names[i])
		s.addTable(names[i], n)
	}
	if err != nil {
		_ = f.Close()
		return nil, sayWhy(err)
	}
	s.each = func(ctx context.Context, table string, fn func(*row) error) error {
		columns, err := f.Columns(table)
		if err != nil {
			return sayWhy(err)
		}
		r := newRow(columns)
		return sayWhy(f.Each(ctx, table, maxValue, func(values []any) error {
			r.number++
			r.values = values
			return fn(r)
		}))
	}
	return s, nil
}

// sayWhy adds to a failure of a foreign database what its owner can do.
func sayWhy(err error) error {
	switch store.Reason(err) {
	case "locked":
		return fmt.Errorf("%w; stop the program that holds it, or import a copy made with: sqlite3 FILE '.backup COPY'", err)
	case "not a database", "damaged file":
		return fmt.Errorf("%w; sqlite3 FILE 'PRAGMA integrity_check' tells more", err)
	case "cannot open", "read-only":
		return fmt.Errorf("%w; the folder must be writable while there is a write-ahead log: import a copy made with: sqlite3 FILE '.backup COPY'", err)
	}
	return err
}
