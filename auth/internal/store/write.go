package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
)

// Tx is a transaction that can write. It is good only inside the function given to Write, and
// only in the goroutine that function was called in.
type Tx struct {
	c         *conn
	committed []func()
}

var errTxDone = errors.New("the transaction is over")

func (tx *Tx) acquire(ctx context.Context) (*conn, error) {
	if tx.c == nil {
		return nil, errTxDone
	}
	return tx.c, ctx.Err()
}

func (tx *Tx) release(*conn, error) {}

// AfterCommit has fn called once the transaction is on disk, and never if it is rolled back. fn
// must return at once: everybody who writes waits for it.
func (tx *Tx) AfterCommit(fn func()) { tx.committed = append(tx.committed, fn) }

// Attempt runs fn. When it fails, what it did is taken back, and the transaction goes on.
func (tx *Tx) Attempt(ctx context.Context, fn func() error) error {
	c, err := tx.acquire(ctx)
	if err != nil {
		return err
	}
	if err := c.exec("SAVEPOINT attempt"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	before := len(tx.committed)
	if err := fn(); err != nil {
		if !c.inTransaction() { // SQLite itself has rolled everything back
			return err
		}
		tx.committed = tx.committed[:before]
		return errors.Join(err, c.exec("ROLLBACK TO attempt"), c.exec("RELEASE attempt"))
	}
	return c.exec("RELEASE attempt")
}

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
	fn    func(tx *Tx) error
	taken atomic.Bool // by the writer, which runs it, or by its caller, who has left
	ran   bool        // the writer took it
	done  chan outcome
}

// outcome is what became of a write. A panic, or the end of a goroutine (runtime.Goexit, which
// is how a test stops), goes on in the goroutine that called Write.
type outcome struct {
	err       error
	panicked  any
	exited    bool
	committed []func()
}

func (result *outcome) failed() bool {
	return result.err != nil || result.panicked != nil || result.exited
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
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &write{fn: fn, done: make(chan outcome, 1)}
	if err := db.enqueue(ctx, w); err != nil {
		return err
	}
	select {
	case result := <-w.done:
		return result.hand()
	case <-ctx.Done():
	}
	if w.taken.CompareAndSwap(false, true) {
		return ctx.Err()
	}
	result := <-w.done
	return result.hand()
}

// hand gives the outcome to the caller of Write, in the caller's goroutine.
func (result *outcome) hand() error {
	if result.panicked != nil {
		panic(result.panicked)
	}
	if result.exited {
		runtime.Goexit()
	}
	return result.err
}

func (db *DB) enqueue(ctx context.Context, w *write) error {
	db.closing.RLock()
	defer db.closing.RUnlock()
	if db.closed {
		return ErrClosed
	}
	select {
	case db.queue <- w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runWriter is the only goroutine that writes. It ends when the queue is closed and empty.
func (db *DB) runWriter() {
	drained := false
	defer func() {
		if !drained { // a function has ended this goroutine (runtime.Goexit)
			go db.runWriter()
			return
		}
		db.closeWriter()
		close(db.writerDone)
	}()
	batch := make([]*write, 0, maxBatch)
	for first := range db.queue {
		company := len(batch) > 1
		batch = append(batch[:0], first)
		db.gather(&batch, company)
		db.runBatch(batch)
		clear(batch)
	}
	drained = true
}

// maxBatch bounds how long the first of a batch waits for the others.
const maxBatch = 256

// gather adds the functions that wait already. Where several wrote together last time, those
// who were answered are about to come back: they are let run once, because a larger batch
// costs each of them less.
func (db *DB) gather(batch *[]*write, company bool) {
	for len(*batch) < maxBatch {
		select {
		case w, ok := <-db.queue:
			if !ok {
				return
			}
			*batch = append(*batch, w)
			continue
		default:
		}
		if !company {
			return
		}
		company = false
		runtime.Gosched()
	}
}

// runBatch runs the functions in one transaction and tells each what became of it.
func (db *DB) runBatch(batch []*write) {
	results := make([]outcome, len(batch))
	defer db.runOthers(batch, results)
	err := db.commitBatch(batch, results)
	db.noteHealth(err)
	for i, w := range batch {
		if err == nil && !results[i].failed() {
			for _, fn := range results[i].committed {
				fn()
			}
		}
		if err != nil && !results[i].failed() {
			results[i].err = err
		}
		w.done <- results[i]
	}
}

// runOthers does what is left when one function has ended the writer's goroutine: that one is
// told, and the others run again in a new transaction.
func (db *DB) runOthers(batch []*write, results []outcome) {
	culprit := slices.IndexFunc(results, func(o outcome) bool { return o.exited })
	if culprit < 0 {
		return
	}
	db.writer.rollback()
	batch[culprit].done <- results[culprit]
	db.runBatch(slices.Concat(batch[:culprit], batch[culprit+1:]))
}

// noteHealth says in the log when writing begins to fail and when it works again.
func (db *DB) noteHealth(err error) {
	switch unwritable := errors.Is(err, ErrUnavailable); {
	case unwritable && !db.unwritable:
		db.log.Error("the database cannot be written", "reason", Reason(err), "err", err)
		db.unwritable = true
	case err == nil && db.unwritable:
		db.log.Info("the database can be written again")
		db.unwritable = false
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
	alone := true
	for i, w := range batch {
		if err := runOne(c, w, &results[i], alone); err != nil {
			c.rollback()
			db.writerFailed(err)
			return err
		}
		alone = alone && results[i].failed()
	}
	if err := c.exec("COMMIT"); err != nil {
		c.rollback()
		db.writerFailed(err)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// runOne runs one function so that its work can be taken back: in a savepoint, or, when it is
// alone in the transaction so far, without one, which spares SQLite a copy of every page that it
// changes. The error it returns is for all of the batch: the transaction could not go on.
func runOne(c *conn, w *write, result *outcome, alone bool) error {
	if !w.ran && !w.taken.CompareAndSwap(false, true) {
		result.err = context.Canceled // nobody is there to read it
		return nil
	}
	w.ran = true
	if !alone {
		if err := c.exec("SAVEPOINT w"); err != nil {
			return fmt.Errorf("savepoint: %w", err)
		}
	}
	call(c, w, result)
	if !c.inTransaction() {
		// SQLite itself has rolled everything back, as it may when the disk is full.
		cause := cmp.Or(c.failed, errTxDone)
		return &unavailableError{reason: cmp.Or(Reason(cause), "rolled back"), err: cause}
	}
	switch {
	case result.failed() && alone:
		return errors.Join(c.exec("ROLLBACK"), c.exec("BEGIN IMMEDIATE"))
	case result.failed():
		return errors.Join(c.exec("ROLLBACK TO w"), c.exec("RELEASE w"))
	case !alone:
		return c.exec("RELEASE w")
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
		if v := recover(); v != nil {
			result.panicked = &Panic{Value: v, Stack: debug.Stack()}
			return
		}
		result.exited = true
	}()
	result.err = w.fn(tx)
	result.committed = tx.committed
	returned = true
}
