package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// Tx is a transaction that can write. It is good only inside the function given to Write, and
// only in the goroutine that function was called in.
type Tx struct {
	c *conn
}

var errTxDone = errors.New("the transaction is over")

func (tx *Tx) acquire(ctx context.Context) (*conn, error) {
	if tx.c == nil {
		return nil, errTxDone
	}
	return tx.c, ctx.Err()
}

func (tx *Tx) release(*conn, error) {}

// Exec runs a statement that answers with no rows and says how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	c, err := tx.acquire(ctx)
	if err != nil {
		return 0, err
	}
	s, err := c.take(sql)
	if err != nil {
		return 0, err
	}
	defer s.done()
	if err := s.bind(args); err != nil {
		return 0, err
	}
	if _, err := s.step(); err != nil {
		return 0, err
	}
	return c.changes(), nil
}

// write is one function that waits to be run, and then to be on disk.
type write struct {
	ctx  context.Context
	fn   func(tx *Tx) error
	done chan outcome
}

// outcome is what became of a write. A panic goes on in the goroutine that called Write.
type outcome struct {
	err      error
	panicked bool
	value    any
}

// Panic is what Write panics with when its function did: the value, and the stack of the
// goroutine that ran it, which the caller's own stack does not show.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Unwrap gives the panic's value when it was an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Write runs fn in a transaction and returns nil once its work is on disk. Functions that wait
// at the same time share one transaction and one flush to disk, each as if it were alone: one
// that fails or panics takes back only its own work. fn may run twice and must do nothing
// outside its Tx: no network, no file, no password hash. A ctx that ends before fn has started
// means that it never runs.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	w := &write{ctx: ctx, fn: fn, done: make(chan outcome, 1)}
	if err := db.enqueue(w); err != nil {
		return err
	}
	result := <-w.done
	if result.panicked {
		panic(result.value)
	}
	return result.err
}

func (db *DB) enqueue(w *write) error {
	db.closing.RLock()
	defer db.closing.RUnlock()
	if db.closed {
		return ErrClosed
	}
	select {
	case db.queue <- w:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// runWriter is the only goroutine that writes. It ends when the queue is closed and empty.
func (db *DB) runWriter() {
	defer close(db.writerDone)
	batch := make([]*write, 0, maxBatch)
	for first := range db.queue {
		batch = append(batch[:0], first)
		db.gather(&batch)
		db.runBatch(batch)
		clear(batch)
	}
	db.closeWriter()
}

// maxBatch bounds how long the first of a batch waits for the others.
const maxBatch = 256

// gather adds the functions that wait already.
func (db *DB) gather(batch *[]*write) {
	for len(*batch) < maxBatch {
		select {
		case w, ok := <-db.queue:
			if !ok {
				return
			}
			*batch = append(*batch, w)
		default:
			return
		}
	}
}

// runBatch runs the functions in one transaction and tells each what became of it.
func (db *DB) runBatch(batch []*write) {
	results := make([]outcome, len(batch))
	err := db.commitBatch(batch, results)
	for i, w := range batch {
		if err != nil && results[i].err == nil && !results[i].panicked {
			results[i].err = err
		}
		w.done <- results[i]
	}
}

func (db *DB) commitBatch(batch []*write, results []outcome) error {
	c, err := db.openWriter()
	if err != nil {
		return err
	}
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		db.writerFailed(err)
		return fmt.Errorf("begin: %w", err)
	}
	for i, w := range batch {
		if err := db.runOne(c, w, &results[i]); err != nil {
			c.rollback()
			db.writerFailed(err)
			return err
		}
	}
	if err := c.exec("COMMIT"); err != nil {
		c.rollback()
		db.writerFailed(err)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// runOne runs one function in its savepoint. Its error is for all of the batch: the
// transaction could not go on.
func (db *DB) runOne(c *conn, w *write, result *outcome) error {
	if result.err = w.ctx.Err(); result.err != nil {
		return nil
	}
	if err := c.exec("SAVEPOINT w"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	call(c, w, result)
	if !c.inTransaction() {
		// SQLite itself has rolled everything back, as it does when the disk is full.
		if result.err != nil {
			return result.err
		}
		return fmt.Errorf("the transaction was rolled back: %w", ErrUnavailable)
	}
	if result.err != nil || result.panicked {
		if err := c.exec("ROLLBACK TO w"); err != nil {
			return fmt.Errorf("roll back: %w", err)
		}
	}
	if err := c.exec("RELEASE w"); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

// call runs the function and catches its panic.
func call(c *conn, w *write, result *outcome) {
	tx := &Tx{c: c}
	returned := false
	defer func() {
		tx.c = nil
		if returned {
			return
		}
		result.panicked, result.value = true, &Panic{Value: recover(), Stack: debug.Stack()}
	}()
	result.err = w.fn(tx)
	returned = true
}
