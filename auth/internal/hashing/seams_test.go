package hashing

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// FastBuild says whether this build lets hashing be cheap.
var FastBuild = fastAllowed(true)

// Occupy makes n threads of the pool busy until release is called.
func Occupy(t *testing.T, p *Pool, n int) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	var begun sync.WaitGroup
	for range n {
		begun.Add(1)
		go func() {
			_ = p.do(t.Context(), func(*memory) error {
				begun.Done()
				<-gate
				return nil
			})
		}()
	}
	begun.Wait()
	return sync.OnceFunc(func() { close(gate) })
}

// AwaitInside waits until n calls are in the pool and also holds.
func AwaitInside(t *testing.T, p *Pool, n int64, also func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); p.inside.Load() != n || !also(); {
		if time.Now().After(deadline) {
			t.Fatalf("%d calls in the pool, want %d", p.inside.Load(), n)
		}
		time.Sleep(time.Millisecond)
	}
}

// Panic lets a job of the pool panic.
func Panic(t *testing.T, p *Pool) error {
	t.Helper()
	return p.do(t.Context(), func(*memory) error { panic("out of order") })
}

// DummyDiffers says how the work of Dummy differs from that of checking encoded.
func DummyDiffers(p *Pool, encoded string) error {
	h, err := parse(encoded)
	if err != nil {
		return err
	}
	own, ok := h.(argon2idHash)
	if !ok || own.cost != p.dummy.cost || len(own.salt) != len(p.dummy.salt) || len(own.key) != len(p.dummy.key) {
		return fmt.Errorf("%T of cost %+v, dummy of cost %+v", h, own.cost, p.dummy.cost)
	}
	return nil
}
