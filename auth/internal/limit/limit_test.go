package limit

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	start  = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	signIn = Rule{Window: 10 * time.Second, Max: 3}
)

func TestAllow(t *testing.T) {
	type step struct {
		at   time.Duration
		key  string
		ok   bool
		wait time.Duration
	}
	for _, c := range []struct {
		rule  string
		steps []step
	}{
		{"Max requests at once, then none until the window ends", []step{
			{0, "a", true, 0},
			{0, "a", true, 0},
			{0, "a", true, 0},
			{0, "a", false, 10 * time.Second},
			{9 * time.Second, "a", false, time.Second},
			{10 * time.Second, "a", true, 0},
		}},
		{"the window begins with the first request", []step{
			{0, "a", true, 0},
			{6 * time.Second, "a", true, 0},
			{9 * time.Second, "a", true, 0},
			{9500 * time.Millisecond, "a", false, 500 * time.Millisecond},
			{10 * time.Second, "a", true, 0},
			{19 * time.Second, "a", true, 0},
			{20 * time.Second, "a", true, 0},
		}},
		{"what is refused does not count", []step{
			{0, "a", true, 0},
			{0, "a", true, 0},
			{0, "a", true, 0},
			{5 * time.Second, "a", false, 5 * time.Second},
			{5 * time.Second, "a", false, 5 * time.Second},
			{10 * time.Second, "a", true, 0},
			{10 * time.Second, "a", true, 0},
			{10 * time.Second, "a", true, 0},
			{10 * time.Second, "a", false, 10 * time.Second},
		}},
		{"a steady client below the limit is never refused", []step{
			{0, "a", true, 0},
			{4 * time.Second, "a", true, 0},
			{8 * time.Second, "a", true, 0},
			{12 * time.Second, "a", true, 0},
			{16 * time.Second, "a", true, 0},
			{20 * time.Second, "a", true, 0},
			{24 * time.Second, "a", true, 0},
		}},
		{"keys do not share", []step{
			{0, "a", true, 0},
			{0, "a", true, 0},
			{0, "a", true, 0},
			{0, "b", true, 0},
			{0, "a", false, 10 * time.Second},
		}},
		{"a clock that was set back does not shut out", []step{
			{time.Hour, "a", true, 0},
			{time.Hour, "a", true, 0},
			{time.Hour, "a", true, 0},
			{time.Hour, "a", false, 10 * time.Second},
			{0, "a", true, 0},
		}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			l := New(Options{})
			for i, s := range c.steps {
				if ok, wait := l.Allow(s.key, signIn, start.Add(s.at)); ok != s.ok || wait != s.wait {
					t.Fatalf("step %d: got %v, %v; want %v, %v", i, ok, wait, s.ok, s.wait)
				}
			}
		})
	}
}

func TestRulesAtTheEdge(t *testing.T) {
	l := New(Options{})
	if ok, wait := l.Allow("a", Rule{Window: time.Second}, start); ok || wait != time.Second {
		t.Errorf("no request allowed: got %v, %v", ok, wait)
	}
	for range 10 {
		if ok, _ := l.Allow("b", Rule{Max: 1}, start); !ok {
			t.Error("a rule without a window limits nothing")
		}
	}
	use(l, "c", Rule{Window: time.Second, Max: 5}, 3)
	if ok, _ := l.Allow("c", Rule{Window: time.Second, Max: 2}, start); ok {
		t.Error("a rule that became stricter counts from now on only")
	}
}

func use(l *Limiter, key string, rule Rule, times int) {
	for range times {
		l.Allow(key, rule, start)
	}
}

func entries(l *Limiter) (n int) {
	for i := range l.shards {
		n += len(l.shards[i].buckets) - int(heads)
		if len(l.shards[i].index) != len(l.shards[i].buckets)-int(heads) {
			panic("index and buckets differ")
		}
	}
	return n
}

func TestAFloodOfKeysDoesNotFreeOneAtItsLimit(t *testing.T) {
	l := New(Options{Entries: 160})
	use(l, "guesser", signIn, 3)
	for i := range 10_000 {
		l.Allow(strconv.Itoa(i), signIn, start)
	}
	if ok, _ := l.Allow("guesser", signIn, start); ok {
		t.Error("forgotten")
	}
	if n := entries(l); n > 160 {
		t.Errorf("%d entries", n)
	}
}

func TestTheLeastRecentlyUsedKeyBelowItsLimitMakesPlace(t *testing.T) {
	l := New(Options{Entries: shards}) // one for each shard
	s := &l.shards[0]
	s.capacity = 2
	s.allow(1, signIn, 0)
	s.allow(2, signIn, 0)
	s.allow(1, signIn, 0)
	s.allow(3, signIn, 0)
	if _, there := s.index[1]; !there {
		t.Error("the one used last was dropped")
	}
	if _, there := s.index[2]; there {
		t.Error("the one unused for longest was kept")
	}
}

func TestWhenAllAreAtTheirLimit(t *testing.T) {
	fill := func() *Limiter {
		l := New(Options{Entries: 160})
		for i := range 3000 {
			use(l, strconv.Itoa(i), signIn, 3)
		}
		return l
	}
	t.Run("new keys share a count for each rule and shard", func(t *testing.T) {
		l := fill()
		allowed := 0
		other := Rule{Window: time.Minute, Max: 2}
		for i := range 1000 {
			if ok, _ := l.Allow(fmt.Sprint("new", i), other, start); ok {
				allowed++
			}
		}
		if allowed != shards*other.Max {
			t.Errorf("%d requests of new keys were allowed, want %d", allowed, shards*other.Max)
		}
		if n := entries(l); n != 160 {
			t.Errorf("%d entries", n)
		}
	})
	t.Run("keys whose window has ended make place", func(t *testing.T) {
		s := &fill().shards[0]
		later := start.Add(signIn.Window).UnixNano()
		for hash := range uint64(s.capacity) {
			for range 3 {
				if ok, _ := s.allow(hash, signIn, later); !ok {
					t.Fatalf("key %d refused", hash)
				}
			}
		}
		if ok, _ := s.allow(0, signIn, later); ok {
			t.Error("the new keys have no count of their own")
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	before := heap()
	l := New(Options{})
	for i := range 1_000_000 {
		l.Allow(strconv.Itoa(i), Rule{Window: time.Minute, Max: 1 + i%2}, start.Add(time.Duration(i)*time.Microsecond))
	}
	if used := heap() - before; used > 12<<20 {
		t.Errorf("%d bytes", used)
	}
	runtime.KeepAlive(l)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestCallersAtOnceNeverGetMoreThanMax(t *testing.T) {
	l := New(Options{})
	var all sync.WaitGroup
	var allowed atomic.Int64
	for range 8 {
		all.Go(func() {
			for range 100 {
				if ok, _ := l.Allow("a", signIn, start); ok {
					allowed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if allowed.Load() != 3 {
		t.Errorf("%d allowed", allowed.Load())
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	l := New(Options{})
	if n := testing.AllocsPerRun(1000, func() { l.Allow("203.0.113.7|get-session", signIn, start) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAllowKnownKey(b *testing.B) {
	l := New(Options{})
	rule := Rule{Window: time.Second, Max: 1 << 30}
	b.ReportAllocs()
	for b.Loop() {
		l.Allow("203.0.113.7|get-session", rule, start)
	}
}

func BenchmarkAllowManyKeys(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} { // fits, does not fit
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			l := New(Options{})
			keys := make([]string, n)
			for i := range keys {
				keys[i] = fmt.Sprintf("203.0.%d.%d|get-session", i>>8, i&255)
			}
			rule := Rule{Window: time.Second, Max: 100}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				l.Allow(keys[i%n], rule, start)
				i++
			}
		})
	}
}

func BenchmarkAllowAtOnce(b *testing.B) {
	l := New(Options{})
	rule := Rule{Window: time.Second, Max: 1 << 30}
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		key := fmt.Sprint("203.0.113.", n.Add(1))
		for pb.Next() {
			l.Allow(key, rule, start)
		}
	})
}
