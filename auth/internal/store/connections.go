package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// How long a connection waits for a lock that another process holds, in milliseconds.
const (
	writerWait = 5000
	readerWait = 2000
)

// createFile makes the directory and an empty file that only their owner can read. SQLite
// gives its side files the mode of the database.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	// The file is only ever opened by SQLite once it exists: closing another descriptor of it
	// would drop the locks of the whole process (POSIX).
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("create the database: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(path, info.Mode().Perm()&0o700); err != nil {
		return fmt.Errorf("close the database to other users: %w", err)
	}
	return nil
}

// openWriter gives the connection that writes, and opens it anew after a failure that spoilt
// the last one.
func (db *DB) openWriter() (*conn, error) {
	if db.writer != nil {
		return db.writer, nil
	}
	c, err := openWriterConn(db.path)
	if err != nil {
		return nil, err
	}
	db.writer = c
	return c, nil
}

func openWriterConn(path string) (*conn, error) {
	c, err := openConn(path, sqlite3.SQLITE_OPEN_READWRITE, writerWait)
	if err != nil {
		return nil, err
	}
	if err := c.useWAL(writerWait * time.Millisecond); err != nil {
		c.close()
		return nil, fmt.Errorf("open the writer: %w", err)
	}
	// A commit that fills the log writes it back into the file. Doing so every 16 MB and not
	// every 4 takes a third off what an insert costs.
	return c, c.set("open the writer",
		"PRAGMA synchronous = FULL",
		"PRAGMA foreign_keys = ON",
		"PRAGMA wal_autocheckpoint = 4000",
		"PRAGMA journal_size_limit = 67108864",
		"PRAGMA cache_size = -4000",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA trusted_schema = OFF")
}

// useWAL turns the write-ahead log on. On a file that has none yet SQLite raises a read lock to
// an exclusive one for it, and when two processes do so at once it tells one of them that the
// file is locked without waiting, for each would wait for the other: that one asks again.
func (c *conn) useWAL(wait time.Duration) error {
	for deadline := time.Now().Add(wait); ; {
		err := c.exec("PRAGMA journal_mode = WAL")
		if err == nil || !locked(err) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// set runs the pragmas of a new connection and closes it when one fails.
func (c *conn) set(what string, pragmas ...string) error {
	for _, pragma := range pragmas {
		if err := c.exec(pragma); err != nil {
			c.close()
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// writerFailed drops a connection that err has spoilt; the next write opens another one.
func (db *DB) writerFailed(err error) {
	if spoils(err) {
		db.closeWriter()
	}
}

func (db *DB) closeWriter() {
	if db.writer != nil {
		db.writer.close()
		db.writer = nil
	}
}

// rollback ends the transaction if SQLite has not ended it already.
func (c *conn) rollback() {
	if c.inTransaction() {
		_ = c.exec("ROLLBACK")
	}
}

func (c *conn) changes() int64 { return sqlite3.Xsqlite3_changes64(c.tls, c.db) }

// readers are the connections that only read. They are opened when they are first needed, and
// the one used last is used next, so that its cache is warm.
type readers struct {
	path  string
	slots chan struct{}

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

func newReaders(path string, n int) *readers {
	if n <= 0 {
		n = max(4, runtime.GOMAXPROCS(0)+2)
	}
	return &readers{path: path, slots: make(chan struct{}, n)}
}

func (r *readers) acquire(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case r.slots <- struct{}{}:
	default:
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		<-r.slots
		return nil, ErrClosed
	}
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return c, nil
	}
	r.mu.Unlock()
	c, err := openReaderConn(r.path)
	if err != nil {
		<-r.slots
	}
	return c, err
}

func (r *readers) release(c *conn, err error) {
	r.mu.Lock()
	keep := !r.closed && !spoils(err)
	if keep {
		r.idle = append(r.idle, c)
	}
	r.mu.Unlock()
	if !keep {
		c.close()
	}
	<-r.slots
}

// close waits for the queries that run.
func (r *readers) close() {
	r.mu.Lock()
	r.closed = true
	idle := r.idle
	r.idle = nil
	r.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
	for range cap(r.slots) {
		r.slots <- struct{}{}
	}
	for range cap(r.slots) { // who comes now is told that it is closed
		<-r.slots
	}
}

func openReaderConn(path string) (*conn, error) {
	c, err := openConn(path, sqlite3.SQLITE_OPEN_READWRITE, readerWait)
	if err != nil {
		return nil, err
	}
	return c, c.set("open a reader",
		"PRAGMA query_only = ON",
		"PRAGMA cache_size = -2000",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA trusted_schema = OFF")
}
