package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// addTo adds a job of another kind.
func (b *box) addTo(t *testing.T, kind, to string) (id string) {
	t.Helper()
	err := b.db.Write(context.Background(), func(tx *store.Tx) (err error) {
		id, err = b.Add(context.Background(), tx, kind, to)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestALaneThatIsFullHoldsUpNoOther(t *testing.T) {
	b := newBox(t)
	hold := make(chan struct{})
	b.HandleApart("slow", outbox.Terms{Concurrency: 2}, func(context.Context, []byte) error { <-hold; return nil })
	b.start(t)
	for i := range 10 {
		b.addTo(t, "slow", fmt.Sprint(i))
	}
	for i := range 10 {
		b.add(t, fmt.Sprint(i))
	}
	eventually(t, "ten deliveries beside the slow ones", func() bool { _, n := b.got(); return n == 10 })
	close(hold)
	eventually(t, "an empty table", func() bool { return b.rows(t) == "" })
}

func TestALaneHasDelaysOfItsOwnAndItsLastOneCountsOn(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	attempts := 0
	b.HandleApart("hook", outbox.Terms{Delays: []time.Duration{time.Minute, time.Hour}, GiveUpAfter: 3 * time.Hour, LeastAttempts: 3},
		func(context.Context, []byte) error { attempts++; return errors.New("no") })
	b.addTo(t, "hook", "a")
	for i, want := range []time.Duration{0, time.Minute, time.Hour, time.Hour} {
		if want > 0 {
			if b.pass(want*4/5 - time.Millisecond); attempts != i {
				t.Fatalf("%d attempts", attempts)
			}
			b.Drain(ctx)
			if attempts != i {
				t.Fatalf("attempt %d came before its time", i+1)
			}
		}
		b.pass(want*2/5 + 2*time.Millisecond)
		if b.Drain(ctx); attempts != i+1 {
			t.Fatalf("attempt %d did not come", i+1)
		}
	}
	b.pass(3 * time.Hour)
	b.Drain(ctx)
	if got := b.rows(t); got != "dead 5 no" {
		t.Errorf("the job is %q", got)
	}
}

func TestAnOldJobIsTriedSeveralTimesBeforeItIsGivenUp(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	b.HandleApart("hook", outbox.Terms{Delays: []time.Duration{time.Minute}, GiveUpAfter: time.Hour, LeastAttempts: 3},
		func(context.Context, []byte) error { return errors.New("no") })
	b.addTo(t, "hook", "a")
	b.pass(48 * time.Hour) // the server was off
	for want := 1; want <= 3; want++ {
		b.Drain(ctx)
		state := "waiting"
		if want == 3 {
			state = "dead"
		}
		if got := b.rows(t); got != fmt.Sprintf("%s %d no", state, want) {
			t.Errorf("after %d attempts the job is %q", want, got)
		}
		b.pass(2 * time.Minute)
	}
}

func TestLookingAtAJobAndSendingItAgain(t *testing.T) {
	ctx, b := context.Background(), newBox(t)
	fail := fmt.Errorf("no: %w", outbox.ErrPermanent)
	b.HandleApart("hook/a", outbox.Terms{}, func(context.Context, []byte) error { return fail })
	b.add(t, "mail")
	id := b.addTo(t, "hook/a", "x")
	b.Drain(ctx)
	list, err := b.List(ctx, "hook/", 10)
	if err != nil || len(list) != 1 || list[0].ID != id || !list[0].Dead || string(list[0].Payload) != `"x"` || list[0].Attempts != 1 {
		t.Fatalf("listed %+v, %v", list, err)
	}
	if waiting, dead, err := b.Count(ctx, "hook/a"); err != nil || waiting != 0 || dead != 1 {
		t.Errorf("%d wait, %d dead, %v", waiting, dead, err)
	}
	for rule, ref := range map[string][2]string{"of another lane": {id, "other/"}, "unknown": {"nobody", "hook/"}} {
		if err := b.Again(ctx, ref[0], ref[1]); !errors.Is(err, outbox.ErrNoJob) {
			t.Errorf("a job %s: %v", rule, err)
		}
	}
	if err := b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO outbox (id, kind, lane, payload, next_at, created_at) VALUES ('z', 'hook/a', 'hook/a', 'sealed otherwise', 9e15, 0)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if list, err := b.List(ctx, "hook/", 10); err != nil || len(list) != 2 || list[0].Payload != nil || list[1].Payload == nil {
		t.Errorf("beside one that cannot be opened: %+v, %v", list, err)
	}
	if err := b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE id = 'z'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	fail = nil
	if err := b.Again(ctx, id, "hook/"); err != nil {
		t.Fatal(err)
	}
	if b.Drain(ctx); b.rows(t) != "" {
		t.Errorf("left: %q", b.rows(t))
	}
}
