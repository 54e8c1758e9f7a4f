package outbox_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
	"authd/migrations"
)

// sealer hides nothing from a reader of this test, but binds a text to its aad as a real one does.
type sealer struct{}

func (sealer) Seal(aad string, plain []byte) (string, error) {
	return base64.StdEncoding.EncodeToString([]byte(aad + "|" + string(plain))), nil
}

func (sealer) Open(aad, sealed string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	plain, ok := strings.CutPrefix(string(raw), aad+"|")
	if err != nil || !ok {
		return nil, errors.New("sealed for another row")
	}
	return []byte(plain), nil
}

// box is a queue on a real file with a clock that the test moves, and a record of what was
// delivered. fail makes the next deliveries fail.
type box struct {
	*outbox.Queue
	db *store.DB

	mu        sync.Mutex
	now       time.Time
	delivered []string
	attempts  int
	fail      error
}

func newBox(t *testing.T) *box {
	t.Helper()
	db, err := store.Open(context.Background(), store.Options{Path: filepath.Join(t.TempDir(), "authd.db"), Migrations: migrations.FS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return newBoxOn(db)
}

func newBoxOn(db *store.DB) *box {
	b := &box{db: db, now: time.UnixMilli(1_000_000)}
	b.Queue = outbox.New(db, sealer{}, b.clock, slog.New(slog.DiscardHandler))
	b.Handle("mail", b.handle)
	return b
}

func (b *box) clock(context.Context) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *box) handle(_ context.Context, payload []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attempts++
	if b.fail != nil {
		return b.fail
	}
	var to string
	if err := json.Unmarshal(payload, &to); err != nil {
		return err
	}
	b.delivered = append(b.delivered, to)
	return nil
}

func (b *box) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *box) failing(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func (b *box) got() (string, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(b.delivered), b.attempts
}

func (b *box) add(t *testing.T, to string) (id string) {
	t.Helper()
	err := b.db.Write(context.Background(), func(tx *store.Tx) (err error) {
		id, err = b.Add(context.Background(), tx, "mail", to)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// rows are the states of what is in the table.
func (b *box) rows(t *testing.T) string {
	t.Helper()
	states, err := store.All(context.Background(), b.db, func(r *store.Row) string {
		return fmt.Sprintf("%s %d %s", r.Text(), r.Int(), r.Text())
	}, `SELECT state, attempts, last_error FROM outbox ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(states, ", ")
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (b *box) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { b.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

func TestARunningQueueDeliversWhatIsAddedAtOnce(t *testing.T) {
	b := newBox(t)
	b.start(t)
	before := time.Now()
	for _, to := range []string{"a", "b", "c", "d", "e", "f"} {
		b.add(t, to)
	}
	eventually(t, "six deliveries", func() bool { _, n := b.got(); return n == 6 })
	eventually(t, "an empty table", func() bool { return b.rows(t) == "" })
	if d := time.Since(before); d > 4*time.Second {
		t.Fatalf("it took %v: nobody woke the queue", d)
	}
}

func TestWhatWasRolledBackIsNotDelivered(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	_ = b.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := b.Add(ctx, tx, "mail", "a"); err != nil {
			t.Error(err)
		}
		return errors.New("no")
	})
	b.Drain(ctx)
	if got, n := b.got(); n != 0 {
		t.Fatalf("delivered %s", got)
	}
}

func TestAPayloadIsSealedAndBoundToItsRow(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	first := b.add(t, "secret")
	kept, err := store.One(ctx, b.db, func(r *store.Row) string { return r.Text() }, `SELECT payload FROM outbox`)
	if err != nil || strings.Contains(kept, "secret") {
		t.Fatalf("the row holds %q, %v", kept, err)
	}
	second := b.add(t, "other")
	if err := b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE outbox SET payload = $1 WHERE id = $2`, kept, second)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(ctx, second); err == nil {
		t.Fatal("the payload of another row was delivered")
	}
	if err := b.Flush(ctx, first); err != nil {
		t.Fatal(err)
	}
}

func TestFlushDeliversNowAndReturnsTheHandlersError(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	id := b.add(t, "a")
	broken := errors.New("server says\nno")
	b.failing(broken)
	if err := b.Flush(ctx, id); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if got := b.rows(t); got != "waiting 1 server says no" {
		t.Fatalf("the job is %q", got)
	}
	b.failing(nil)
	if err := b.Flush(ctx, id); err != nil {
		t.Fatal(err)
	}
	if got, n := b.got(); got != "[a]" || n != 2 || b.rows(t) != "" {
		t.Fatalf("delivered %s in %d attempts, left %q", got, n, b.rows(t))
	}
	if err := b.Flush(ctx, id); err != nil {
		t.Fatalf("a job that is done: %v", err)
	}
}

func TestFlushWaitsForADeliveryThatIsUnderWay(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	entered, hold := make(chan struct{}), make(chan struct{})
	late := errors.New("late")
	b.Handle("mail", func(context.Context, []byte) error { close(entered); <-hold; return late })
	b.start(t)
	id := b.add(t, "a")
	<-entered
	flushed := make(chan error)
	go func() { flushed <- b.Flush(ctx, id) }()
	select {
	case err := <-flushed:
		t.Fatalf("Flush came back: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(hold)
	if err := <-flushed; !errors.Is(err, late) {
		t.Fatalf("got %v", err)
	}
}

func TestAFailedJobIsTriedAgainLaterAndLater(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	b.failing(errors.New("no"))
	b.add(t, "a")
	b.Drain(ctx)
	for i, want := range []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600} {
		want *= time.Second
		attempt := func() int { b.Drain(ctx); _, n := b.got(); return n }
		if b.pass(want*4/5 - time.Millisecond); attempt() != i+1 {
			t.Fatalf("attempt %d came before its time", i+2)
		}
		if b.pass(want*2/5 + 2*time.Millisecond); attempt() != i+2 {
			t.Fatalf("attempt %d did not come within %v", i+2, want*6/5)
		}
	}
	b.pass(time.Hour)
	b.pass(12 * time.Minute)
	b.failing(nil)
	b.Drain(ctx)
	if got, _ := b.got(); got != "[a]" || b.rows(t) != "" {
		t.Fatalf("delivered %s, left %q", got, b.rows(t))
	}
}

func TestAJobThatFailsForADayIsGivenUp(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	b.failing(errors.New("no"))
	id := b.add(t, "a")
	attempts := 0
	for hours := 0; strings.HasPrefix(b.rows(t), "waiting"); hours++ {
		if hours > 40 {
			t.Fatal("it never was")
		}
		b.Drain(ctx)
		_, attempts = b.got()
		b.pass(2 * time.Hour)
	}
	if attempts < 10 {
		t.Fatalf("given up after %d attempts", attempts)
	}
	b.failing(nil)
	b.Drain(ctx)
	if got, _ := b.got(); got != "[]" {
		t.Fatalf("a dead job was delivered: %s", got)
	}
	if err := b.Flush(ctx, id); err == nil {
		t.Fatal("Flush says that a dead job was delivered")
	}
}

func TestAPermanentFailureIsGivenUpAtOnceAndForgottenInTime(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	b.failing(fmt.Errorf("no such box: %w", outbox.ErrPermanent))
	b.add(t, "a")
	b.Drain(ctx)
	if got := b.rows(t); got != "dead 1 no such box: permanent failure" {
		t.Fatalf("the job is %q", got)
	}
	b.pass(31 * 24 * time.Hour)
	b.add(t, "b")
	b.Drain(ctx)
	if got := b.rows(t); strings.Count(got, "dead") != 1 {
		t.Fatalf("the jobs are %q", got)
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	b.Handle("mail", func(context.Context, []byte) error { panic("boom") })
	id := b.add(t, "a")
	if err := b.Flush(ctx, id); err == nil {
		t.Fatal("no error")
	}
	if got := b.rows(t); got != "waiting 1 the handler of mail panicked" {
		t.Fatalf("the job is %q", got)
	}
}

func TestAnUnknownKindIsRefused(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	err := b.db.Write(ctx, func(tx *store.Tx) error { _, err := b.Add(ctx, tx, "fax", "a"); return err })
	if err == nil {
		t.Fatal("it was added")
	}
}

func TestTwoProcessesDeliverEachJobOnce(t *testing.T) {
	b := newBox(t)
	other := newBoxOn(b.db)
	for i := range 40 {
		b.add(t, fmt.Sprint(i))
	}
	var both sync.WaitGroup
	both.Go(func() { b.Drain(context.Background()) })
	both.Go(func() { other.Drain(context.Background()) })
	both.Wait()
	_, mine := b.got()
	_, theirs := other.got()
	if mine+theirs != 40 || b.rows(t) != "" {
		t.Fatalf("%d and %d deliveries of 40 jobs, left %q", mine, theirs, b.rows(t))
	}
}

func TestAJobWhoseProcessDiedIsDeliveredWhenItsLeaseEnds(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	b.add(t, "a")
	dead := newBoxOn(b.db)
	entered, hold := make(chan struct{}), make(chan struct{})
	dead.Handle("mail", func(context.Context, []byte) error { close(entered); <-hold; return nil })
	dead.start(t)
	<-entered
	if b.Drain(ctx); b.rows(t) != "waiting 1 " {
		t.Fatalf("the lease did not hold: %q", b.rows(t))
	}
	b.pass(3 * time.Minute)
	b.Drain(ctx)
	if got, _ := b.got(); got != "[a]" || b.rows(t) != "" {
		t.Fatalf("delivered %s, left %q", got, b.rows(t))
	}
	close(hold)
}

func TestDrainBreaksOffWhenItsTimeIsOver(t *testing.T) {
	b := newBox(t)
	ctx, timeIsOver := context.WithCancel(context.Background())
	b.Handle("mail", func(ctx context.Context, _ []byte) error {
		timeIsOver()
		<-ctx.Done()
		return ctx.Err()
	})
	b.add(t, "a")
	b.Drain(ctx)
	if got := b.rows(t); got != "waiting 1 context canceled" {
		t.Fatalf("the job is %q", got)
	}
}
