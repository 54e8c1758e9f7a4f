package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ForeignPostgres is the PostgreSQL database of another program, open for reading
// only. All that is read of it is one state.
type ForeignPostgres struct {
	c    *pgconn.PgConn
	name string
}

// postgresWait bounds how long a foreign server may take to let somebody in.
const postgresWait = 15 * time.Second

// OpenForeignPostgres connects to the database of a postgres:// URL or a libpq
// connection string; what they leave out is taken from PGPASSWORD, .pgpass and the
// like. Errors name the host and the database, never the password.
func OpenForeignPostgres(ctx context.Context, url string) (*ForeignPostgres, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, err // without the password
	}
	cfg.RuntimeParams["application_name"] = "authd import"
	// Two readings of a table within one state then give its rows in one order.
	cfg.RuntimeParams["synchronize_seqscans"] = "off"
	cfg.RuntimeParams["DateStyle"] = "ISO"
	cfg.RuntimeParams["TimeZone"] = "UTC"
	connecting, cancel := context.WithTimeout(ctx, postgresWait)
	defer cancel()
	c, err := pgconn.ConnectConfig(connecting, cfg)
	if err != nil {
		return nil, err
	}
	f := &ForeignPostgres{c: c, name: fmt.Sprintf("postgres://%s/%s", cfg.Host, cfg.Database)}
	if err := f.run(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", nil); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Name is the host and the database, for reports.
func (f *ForeignPostgres) Name() string { return f.name }

// Close ends the connection.
func (f *ForeignPostgres) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return f.c.Close(ctx)
}

// run reads what a statement answers, as text; nil is null.
func (f *ForeignPostgres) run(ctx context.Context, sql string, fn func(names []string, values [][]byte) error) error {
	answer := f.c.ExecParams(ctx, sql, nil, nil, nil, nil)
	var names []string
	for _, field := range answer.FieldDescriptions() {
		names = append(names, field.Name)
	}
	var failed error
	for answer.NextRow() {
		if failed == nil {
			failed = fn(names, answer.Values())
		}
	}
	if _, err := answer.Close(); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return failed
}

// Tables names the tables of the schemas that the connection looks in.
func (f *ForeignPostgres) Tables(ctx context.Context) ([]string, error) {
	var names []string
	err := f.run(ctx, `SELECT c.relname FROM pg_catalog.pg_class c
WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
AND c.relnamespace = ANY (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY (pg_catalog.current_schemas(FALSE)))
ORDER BY c.relname`, func(_ []string, values [][]byte) error {
		names = append(names, string(values[0]))
		return nil
	})
	return names, err
}

// Count is how many rows a table has.
func (f *ForeignPostgres) Count(ctx context.Context, table string) (n int64, err error) {
	err = f.run(ctx, "SELECT COUNT(*) FROM "+quoteName(table), func(_ []string, values [][]byte) error {
		n, err = strconv.ParseInt(string(values[0]), 10, 64)
		return err
	})
	return n, err
}

// Each hands every row of a table to fn: its columns' names, and their values as
// PostgreSQL writes them as text, nil for null. Both are good only inside fn.
func (f *ForeignPostgres) Each(ctx context.Context, table string, fn func(names []string, values [][]byte) error) error {
	return f.run(ctx, "SELECT * FROM "+quoteName(table), fn)
}

// IsPostgresURL tells whether a place is a database of PostgreSQL rather than a file.
func IsPostgresURL(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}
