package store

import (
	"context"
	"fmt"
	"strconv"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// conn is one SQLite connection, spoken to without database/sql: a look-up that joins a
// session and its user costs a third of what it costs there, because statements stay
// compiled, no column is boxed and no column name is copied. A conn belongs to one
// goroutine at a time; that is why it is opened without SQLite's own mutexes.
type conn struct {
	tls    *libc.TLS
	db     uintptr
	out    uintptr // room for two pointers that SQLite fills
	stmts  map[string]*stmt
	failed error // the last failure
}

const pointerSize = unsafe.Sizeof(uintptr(0))

// maxStatements bounds what one connection keeps compiled. authd has a few hundred
// statements; the bound is only there for text that somebody builds on the fly.
const maxStatements = 1024

func openConn(path string, flags int32, busy int32) (*conn, error) {
	c := &conn{tls: libc.NewTLS(), stmts: map[string]*stmt{}}
	c.out = libc.Xmalloc(c.tls, 2*types.Size_t(pointerSize))
	name, err := libc.CString(path)
	if err != nil || c.out == 0 {
		c.tls.Close()
		return nil, fmt.Errorf("open %s: out of memory", path)
	}
	defer libc.Xfree(c.tls, name)
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, c.out, flags|sqlite3.SQLITE_OPEN_NOMUTEX, 0)
	c.db = *(*uintptr)(at(c.out))
	if rc != sqlite3.SQLITE_OK {
		err := c.failure(rc, "open "+path)
		c.close()
		return nil, err
	}
	sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	sqlite3.Xsqlite3_busy_timeout(c.tls, c.db, busy)
	return c, nil
}

func (c *conn) close() {
	for _, s := range c.stmts {
		s.finalize()
	}
	c.stmts = nil
	sqlite3.Xsqlite3_close_v2(c.tls, c.db)
	libc.Xfree(c.tls, c.out)
	c.tls.Close()
}

// exec runs statements that take nothing and whose rows nobody reads: pragmas, BEGIN, COMMIT.
func (c *conn) exec(sql string) error {
	s, err := c.take(sql)
	if err != nil {
		return err
	}
	defer s.done()
	for {
		more, err := s.step()
		if err != nil || !more {
			return err
		}
	}
}

// text runs a statement that answers with one column and gives the values of all its rows.
func (c *conn) text(sql string) ([]string, error) {
	s, err := c.take(sql)
	if err != nil {
		return nil, err
	}
	defer s.done()
	var values []string
	for {
		more, err := s.step()
		if err != nil || !more {
			return values, err
		}
		values = append(values, s.columnText(0))
	}
}

func (c *conn) inTransaction() bool { return sqlite3.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// take returns the compiled statement for sql, ready to be bound. A statement that is still
// being read further up the stack is compiled a second time for the inner use.
func (c *conn) take(sql string) (*stmt, error) {
	if s, ok := c.stmts[sql]; ok {
		if !s.busy {
			s.busy = true
			return s, nil
		}
		return c.prepare(sql, 0)
	}
	if len(c.stmts) >= maxStatements {
		return c.prepare(sql, 0)
	}
	s, err := c.prepare(sql, sqlite3.SQLITE_PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	s.kept = true
	c.stmts[sql] = s
	return s, nil
}

func (c *conn) prepare(sql string, flags uint32) (*stmt, error) {
	text, err := libc.CString(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	defer libc.Xfree(c.tls, text)
	tail := c.out + pointerSize
	if rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, text, int32(len(sql)+1), flags, c.out, tail); rc != sqlite3.SQLITE_OK {
		return nil, c.failure(rc, "prepare "+sql)
	}
	s := &stmt{c: c, sql: sql, p: *(*uintptr)(at(c.out)), busy: true}
	if s.p == 0 {
		return nil, fmt.Errorf("prepare %q: there is no statement in it", sql)
	}
	s.row.s = s
	s.writes = sqlite3.Xsqlite3_stmt_readonly(c.tls, s.p) == 0
	s.columns = int(sqlite3.Xsqlite3_column_count(c.tls, s.p))
	if err := s.readParameters(); err != nil {
		s.finalize()
		return nil, err
	}
	return s, nil
}

// failure turns a result code into an error that names the statement. The values bound to it
// are not in the text: they may be secrets.
func (c *conn) failure(rc int32, tried string) error {
	message := libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, rc))
	if c.db != 0 && sqlite3.Xsqlite3_extended_errcode(c.tls, c.db) == rc {
		message = libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
	}
	c.failed = classify(&sqliteError{code: int(rc), message: message, tried: tried})
	return c.failed
}

// until runs fn and interrupts what it does on the connection when ctx ends. It is for work
// that takes seconds; a query is too short to be worth a watcher.
func (c *conn) until(ctx context.Context, fn func() error) error {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(over)
		// The connection's own TLS is in use by fn.
		tls := libc.NewTLS()
		sqlite3.Xsqlite3_interrupt(tls, c.db)
		tls.Close()
	})
	err := fn()
	if !stop() {
		<-over
		return ctx.Err()
	}
	return err
}

// stmt is one compiled statement. Text and blob arguments are copied into one buffer that the
// statement keeps, so that binding allocates nothing once the buffer has grown.
type stmt struct {
	c       *conn
	sql     string
	p       uintptr
	columns int
	writes  bool
	args    []int // args[i] is the index of the argument for parameter i+1
	nargs   int
	buf     uintptr
	bufSize int
	row     Row
	busy    bool
	kept    bool
}

// readParameters learns which argument each parameter stands for. SQLite takes $2 for a name
// and numbers parameters by their first appearance; PostgreSQL goes by the number.
func (s *stmt) readParameters() error {
	n := int(sqlite3.Xsqlite3_bind_parameter_count(s.c.tls, s.p))
	s.args = make([]int, n)
	for i := range n {
		name := libc.GoString(sqlite3.Xsqlite3_bind_parameter_name(s.c.tls, s.p, int32(i+1)))
		if len(name) < 2 || name[0] != '$' {
			return fmt.Errorf("prepare %q: parameter %d is not written $1, $2, …", s.sql, i+1)
		}
		number, err := strconv.Atoi(name[1:])
		if err != nil || number < 1 {
			return fmt.Errorf("prepare %q: parameter %s is not written $1, $2, …", s.sql, name)
		}
		s.args[i] = number - 1
		s.nargs = max(s.nargs, number)
	}
	return nil
}

// step goes to the next row; false when there is none.
func (s *stmt) step() (bool, error) {
	switch rc := sqlite3.Xsqlite3_step(s.c.tls, s.p); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.failure(rc, s.sql)
	}
}

// done makes the statement ready for its next use.
func (s *stmt) done() {
	if !s.kept {
		s.finalize()
		return
	}
	sqlite3.Xsqlite3_reset(s.c.tls, s.p)
	s.busy = false
}

func (s *stmt) finalize() {
	sqlite3.Xsqlite3_finalize(s.c.tls, s.p)
	if s.buf != 0 {
		libc.Xfree(s.c.tls, s.buf)
		s.buf, s.bufSize = 0, 0
	}
}

func (s *stmt) columnType(i int) int32 {
	return sqlite3.Xsqlite3_column_type(s.c.tls, s.p, int32(i))
}

func (s *stmt) columnInt(i int) int64 {
	return sqlite3.Xsqlite3_column_int64(s.c.tls, s.p, int32(i))
}

func (s *stmt) columnText(i int) string { return string(s.columnBytes(i)) }

// columnBytes is SQLite's own memory, good until the next step.
func (s *stmt) columnBytes(i int) []byte {
	p := sqlite3.Xsqlite3_column_text(s.c.tls, s.p, int32(i))
	n := sqlite3.Xsqlite3_column_bytes(s.c.tls, s.p, int32(i))
	if p == 0 || n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(at(p)), int(n))
}

// at is the address p as a pointer. SQLite's memory is not Go's: it neither moves nor is it
// collected, so the conversion is sound.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
