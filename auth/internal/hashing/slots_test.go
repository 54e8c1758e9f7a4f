package hashing

import (
	"runtime"
	"testing"
)

func TestTheSchedulerGetsASlotWhileAThreadHashesAndNoLonger(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	p := New(Options{Workers: 1})
	if err := p.Dummy(t.Context(), "password"); err != nil {
		t.Fatal(err)
	}
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Fatalf("a pool beside which nothing is served changed GOMAXPROCS to %d", got)
	}
	p.Serve()
	if err := p.Dummy(t.Context(), "password"); err != nil {
		t.Fatal(err)
	}
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Fatalf("GOMAXPROCS is %d, want %d", got, before+1)
	}
	p.Close()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Fatalf("GOMAXPROCS stayed at %d, want %d", got, before)
	}
}
