package store

import (
	"context"
	"fmt"
)

// Querier is what a query can run on: a *DB, whose readers see what is committed, or a *Tx,
// which also sees its own writes. Nothing outside this package can be one.
type Querier interface {
	acquire(ctx context.Context) (*conn, error)
	release(c *conn, err error)
}

// View runs queries that belong together on one connection and in one read transaction: they
// see the same state of the file, and each after the first is spared its locks, which are two
// system calls. There are few connections, so fn must only query: no network, no Write.
func (db *DB) View(ctx context.Context, fn func(q Querier) error) (err error) {
	c, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	defer func() {
		c.rollback()
		db.release(c, err)
	}()
	if err := c.exec("BEGIN"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	v := &view{c: c}
	defer func() { v.c = nil }()
	if err := fn(v); err != nil {
		return err
	}
	return c.exec("COMMIT")
}

// view is the Querier of a View; good only inside its function.
type view struct{ c *conn }

func (v *view) acquire(ctx context.Context) (*conn, error) {
	if v.c == nil {
		return nil, errTxDone
	}
	return v.c, ctx.Err()
}

func (v *view) release(*conn, error) {}

// One gives the first row, read by scan; ErrNotFound when there is none. scan must not query.
func One[T any](ctx context.Context, q Querier, scan func(*Row) T, sql string, args ...any) (value T, err error) {
	c, err := q.acquire(ctx)
	if err != nil {
		return value, err
	}
	defer func() { q.release(c, err) }()
	s, err := c.take(sql)
	if err != nil {
		return value, err
	}
	defer s.done()
	if err := s.bind(args); err != nil {
		return value, err
	}
	found, err := s.step()
	if err != nil {
		return value, err
	}
	if !found {
		return value, ErrNotFound
	}
	if value, err = scanRow(s, scan); err != nil {
		return value, err
	}
	// A statement that writes is only done when it has been stepped to its end.
	for more := s.writes; more && err == nil; {
		more, err = s.step()
	}
	return value, err
}

// All gives every row, read by scan. scan must not query.
func All[T any](ctx context.Context, q Querier, scan func(*Row) T, sql string, args ...any) (values []T, err error) {
	c, err := q.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { q.release(c, err) }()
	s, err := c.take(sql)
	if err != nil {
		return nil, err
	}
	defer s.done()
	if err := s.bind(args); err != nil {
		return nil, err
	}
	for {
		more, err := s.step()
		if err != nil {
			return nil, err
		}
		if !more {
			return values, nil
		}
		value, err := scanRow(s, scan)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if len(values)%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

func scanRow[T any](s *stmt, scan func(*Row) T) (T, error) {
	s.row.next, s.row.err = 0, nil
	value := scan(&s.row)
	if s.row.err == nil && s.row.next != s.columns {
		s.row.err = fmt.Errorf("%s: read %d of its %d columns", s.sql, s.row.next, s.columns)
	}
	return value, s.row.err
}
