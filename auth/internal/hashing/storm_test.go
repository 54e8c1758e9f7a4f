package hashing_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/hashing"
)

// BenchmarkFastRequest is the time of a request that does next to nothing, when
// all is quiet and while 64 callers hash without pause, with and without the
// scheduler slots that New asks for.
func BenchmarkFastRequest(b *testing.B) {
	for _, c := range []struct {
		name          string
		callers, more int
	}{
		{"quiet", 0, 0},
		{"storm", 64, 1},
		{"storm without more scheduler slots", 64, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := hashing.New(hashing.Options{})
			defer p.Close()
			before := runtime.GOMAXPROCS(0)
			runtime.GOMAXPROCS(before + c.more*p.Workers())
			defer runtime.GOMAXPROCS(before)
			ctx, stop := context.WithCancel(b.Context())
			var callers sync.WaitGroup
			for range c.callers {
				callers.Go(func() {
					for ctx.Err() == nil {
						_ = p.Dummy(ctx, "password")
					}
				})
			}
			probe(b)
			stop()
			callers.Wait()
		})
	}
}

// probe sends requests, with pauses, and reports the spread of their times.
func probe(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok")
	}))
	defer server.Close()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		answer, err := server.Client().Get(server.URL)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		took = append(took, time.Since(start))
		time.Sleep(500 * time.Microsecond)
	}
	slices.Sort(took)
	for name, at := range map[string]int{"µs-p50": 50, "µs-p99": 99} {
		b.ReportMetric(float64(took[at*(len(took)-1)/100].Microseconds()), name)
	}
}
