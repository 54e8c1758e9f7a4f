package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"authd/auth/internal/store"
)

// beside runs fn while other writes wait to share its transaction, and checks that each of
// them is kept.
func beside(t *testing.T, db *store.DB, fn func()) {
	t.Helper()
	ctx := context.Background()
	// The first write holds the writer until everybody is in the queue.
	hold, held := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = db.Write(ctx, func(*store.Tx) error { close(held); <-hold; return nil })
	})
	<-held
	for i := range 20 {
		if i == 7 {
			all.Go(fn)
		}
		all.Go(func() {
			err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, fmt.Sprint("good", i), "1") })
			if err != nil {
				t.Errorf("a write beside it failed: %v", err)
			}
		})
	}
	for runtime.Gosched(); db.Waiting() < 21; runtime.Gosched() {
	}
	close(hold)
	all.Wait()
	for i := range 20 {
		if _, err := get(t, db, fmt.Sprint("good", i)); err != nil {
			t.Errorf("a write beside it is lost: %v", err)
		}
	}
}

func TestAFunctionThatFailsTakesBackOnlyItsOwnWork(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	refused := errors.New("refused")
	beside(t, db, func() {
		err := db.Write(ctx, func(tx *store.Tx) error { return errors.Join(put(ctx, tx, "bad", "1"), refused) })
		if !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
	})
	if _, err := get(t, db, "bad"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its work is there: %v", err)
	}
}

func TestTheFirstOfABatchTakesBackItsWorkToo(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	hold, held := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { _ = db.Write(ctx, func(*store.Tx) error { close(held); <-hold; return nil }) })
	<-held
	for i := range 6 { // bad, bad, good, bad, good, good
		all.Go(func() {
			_ = db.Write(ctx, func(tx *store.Tx) error {
				if err := put(ctx, tx, fmt.Sprint(i), "1"); err != nil {
					return err
				}
				if i == 0 || i == 1 || i == 3 {
					return errors.New("no")
				}
				return nil
			})
		})
		for db.Waiting() <= i {
			runtime.Gosched()
		}
	}
	close(hold)
	all.Wait()
	names, err := store.All(ctx, db, func(r *store.Row) string { return r.Text() }, `SELECT name FROM setting ORDER BY name`)
	if err != nil || fmt.Sprint(names) != "[2 4 5]" {
		t.Fatalf("kept %v, %v", names, err)
	}
}

func TestAPanicGoesOnInTheCallerAndTakesBackOnlyItsOwnWork(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	beside(t, db, func() {
		defer func() {
			p, ok := recover().(*store.Panic)
			if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "write_test.go") {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = db.Write(ctx, func(tx *store.Tx) error { _ = put(ctx, tx, "bad", "1"); panic("boom") })
	})
	if _, err := get(t, db, "bad"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its work is there: %v", err)
	}
}

func TestAGoroutineThatEndsInAWriteEndsNothingElse(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	beside(t, db, func() {
		_ = db.Write(ctx, func(tx *store.Tx) error { _ = put(ctx, tx, "bad", "1"); runtime.Goexit(); return nil })
		t.Error("Write returned")
	})
	if _, err := get(t, db, "bad"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its work is there: %v", err)
	}
}

func TestACallerWhoWaitsMayLeaveAndItsWriteIsNotRun(t *testing.T) {
	db := newDB(t)
	hold, held := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = db.Write(context.Background(), func(*store.Tx) error { close(held); <-hold; return nil })
	})
	<-held
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		left <- db.Write(ctx, func(*store.Tx) error { t.Error("it ran"); return nil })
	}()
	for db.Waiting() < 1 {
		runtime.Gosched()
	}
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(hold)
	all.Wait()
	if err := db.Write(ctx, func(*store.Tx) error { t.Error("it ran"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a write of somebody who is gone already gives %v", err)
	}
	if err := db.Close(); err != nil { // what waited has had its turn
		t.Fatal(err)
	}
}

func TestAfterCommitRunsOnlyAfterACommit(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	var called []string
	write := func(name string, result error) {
		_ = db.Write(ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { called = append(called, name) })
			if len(called) > 0 {
				t.Error("called before the commit")
			}
			return result
		})
	}
	write("rolled back", errors.New("no"))
	write("committed", nil)
	if fmt.Sprint(called) != "[committed]" {
		t.Fatalf("called %v", called)
	}
}

func TestATransactionIsOverWhenItsFunctionReturns(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	var kept *store.Tx
	_ = db.Write(ctx, func(tx *store.Tx) error { kept = tx; return nil })
	if _, err := kept.Exec(ctx, `DELETE FROM setting`); err == nil {
		t.Fatal("it still writes")
	}
}

func TestReadersCannotWrite(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	_, err := store.All(ctx, db, func(r *store.Row) string { return r.Text() }, `DELETE FROM setting RETURNING name`)
	if err == nil {
		t.Fatal("a reader wrote")
	}
}

func TestUniqueErrorsNameTheirColumn(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	insert := func(id, email, provider string) error {
		return db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO "user" (id, name, email, created_at, updated_at) VALUES ($1, '', $2, $3, $3)`, id, email, 1)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO account (id, account_id, provider_id, user_id, created_at, updated_at)
				VALUES ($1, 'x', $2, $1, $3, $3)`, id, provider, 1)
			return err
		})
	}
	if err := insert("1", "a", "p"); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		err    error
		column string
		want   bool
	}{
		{"the column that was taken", insert("2", "a", "q"), "user.email", true},
		{"another column", insert("2", "a", "q"), "user.id", false},
		{"a primary key", insert("1", "b", "q"), "user.id", true},
		{"one column of a unique index over two", insert("2", "b", "p"), "account.provider_id", true},
		{"the other column of it", insert("2", "b", "p"), "account.account_id", true},
		{"no error", nil, "user.email", false},
	}
	for _, c := range cases {
		if got := store.IsUnique(c.err, c.column); got != c.want {
			t.Errorf("%s: IsUnique(%v, %q) = %v", c.name, c.err, c.column, got)
		}
	}
}

func TestArgumentsComeBackAsTheyWent(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	text, number := "ü\x00x", int64(-1)
	type all struct {
		text, empty, numbered string
		i, i64                int64
		yes                   bool
		ptr                   *string
		none, noneInt         *string
		blob                  string
	}
	got, err := store.One(ctx, db, func(r *store.Row) all {
		return all{
			text: r.Text(), empty: r.Text(), i: r.Int(), i64: r.Int(), yes: r.Bool(), ptr: r.NullText(),
			none: r.NullText(), noneInt: r.NullText(), blob: string(r.Bytes()), numbered: r.Text(),
		}
	}, `SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $1`, text, "", 3, &number, true, &text, (*string)(nil), nil, []byte("b\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if got.text != text || got.empty != "" || got.numbered != text || got.i != 3 || got.i64 != -1 || !got.yes ||
		*got.ptr != text || got.none != nil || got.noneInt != nil || got.blob != "b\x00" {
		t.Fatalf("got %+v", got)
	}
}

func TestAQueryThatDoesNotFitItsScanFails(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	cases := []struct {
		name, sql string
		scan      func(*store.Row) string
		args      []any
	}{
		{"null for a text", `SELECT NULL`, func(r *store.Row) string { return r.Text() }, nil},
		{"a number for a text", `SELECT 1`, func(r *store.Row) string { return r.Text() }, nil},
		{"too few columns read", `SELECT 'a', 'b'`, func(r *store.Row) string { return r.Text() }, nil},
		{"too many columns read", `SELECT 'a'`, func(r *store.Row) string { return r.Text() + r.Text() }, nil},
		{"too few arguments", `SELECT $1`, func(r *store.Row) string { return r.Text() }, nil},
		{"too many arguments", `SELECT 'a'`, func(r *store.Row) string { return r.Text() }, []any{"a"}},
		{"an argument of another type", `SELECT $1`, func(r *store.Row) string { return r.Text() }, []any{1.5}},
		{"a parameter that is not numbered", `SELECT ?`, func(r *store.Row) string { return r.Text() }, []any{"a"}},
	}
	for _, c := range cases {
		if got, err := store.One(ctx, db, c.scan, c.sql, c.args...); err == nil {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}

func TestCloseFinishesTheWritesThatWait(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "authd.db")
	db := open(t, path)
	hold, held := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { _ = db.Write(ctx, func(*store.Tx) error { close(held); <-hold; return nil }) })
	<-held
	var err error
	all.Go(func() {
		err = db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, "last", "1") })
	})
	for db.Waiting() < 1 {
		runtime.Gosched()
	}
	all.Go(func() { _ = db.Close() })
	close(hold)
	all.Wait()
	if err != nil {
		t.Fatalf("a write that waited: %v", err)
	}
	if _, err := get(t, open(t, path), "last"); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("a write after Close gives %v", err)
	}
	if _, err := get(t, db, "last"); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("a read after Close gives %v", err)
	}
}
