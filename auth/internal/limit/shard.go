package limit

import (
	"sync"
	"time"
)

// shard is a part of the keys under one lock. Its buckets stand in one slice
// without pointers, which costs the garbage collector nothing, and are linked
// into two rings: those below their limit and those at it.
type shard struct {
	mu       sync.Mutex
	capacity int
	index    map[uint64]int32 // hash of a key → its bucket
	buckets  []bucket         // the first two are the rings' heads
	overflow map[Rule]*bucket // shared by the keys that have no place
}

// bucket is the count of one key.
type bucket struct {
	hash       uint64
	until      int64 // end of the window, Unix nanoseconds
	count      int32
	at         int32 // the ring it is in
	prev, next int32
}

// The rings' heads. From a head, next is the bucket used last, prev the one
// unused for longest.
const (
	below int32 = iota
	full
	heads
)

// lookedAt is how many buckets at their limit are looked at for one whose window
// has ended, when there is no other place.
const lookedAt = 16

func (s *shard) clear() {
	s.index = map[uint64]int32{}
	s.buckets = []bucket{below: {prev: below, next: below}, full: {prev: full, next: full}}
	s.overflow = map[Rule]*bucket{}
}

func (s *shard) allow(hash uint64, rule Rule, now int64) (bool, time.Duration) {
	i, known := s.index[hash]
	if !known {
		i = s.place(now)
		if i < 0 {
			return s.share(rule).take(rule, now)
		}
		s.index[hash] = i
		s.buckets[i] = bucket{hash: hash}
		s.link(i, below)
	}
	b := &s.buckets[i]
	ok, wait := b.take(rule, now)
	ring := below
	if int(b.count) >= rule.Max {
		ring = full
	}
	if !ok && b.at == full {
		return ok, wait // it stays where it is: the ring is in order of reaching the limit
	}
	s.unlink(i)
	s.link(i, ring)
	return ok, wait
}

// take counts a request, in a new window when the last one is over. A time
// before the window is a clock that was set back: that window is over too.
func (b *bucket) take(rule Rule, now int64) (bool, time.Duration) {
	if now >= b.until || now < b.until-int64(rule.Window) {
		b.until = now + int64(rule.Window)
		b.count = 0
	}
	if int(b.count) >= rule.Max {
		return false, time.Duration(b.until - now)
	}
	b.count++
	return true, 0
}

// place finds a bucket for a new key: an unused one, one at its limit whose
// window has ended, or the least recently used one below its limit. It is -1
// when there is none.
func (s *shard) place(now int64) int32 {
	if n := len(s.buckets); n-int(heads) < s.capacity {
		s.buckets = append(s.buckets, bucket{})
		return int32(n)
	}
	look := 1
	if s.buckets[below].prev == below {
		look = lookedAt
	}
	i := s.ended(look, now)
	if i < 0 && s.buckets[below].prev != below {
		i = s.buckets[below].prev
	}
	if i >= 0 {
		s.unlink(i)
		delete(s.index, s.buckets[i].hash)
	}
	return i
}

// ended is a bucket whose window has ended, among the given number of those that
// reached their limit first; -1 when there is none.
func (s *shard) ended(look int, now int64) int32 {
	i := s.buckets[full].prev
	for range look {
		if i == full {
			break
		}
		if s.buckets[i].until <= now {
			return i
		}
		i = s.buckets[i].prev
	}
	return -1
}

// share is the bucket of the keys that have none. There are as many as rules.
func (s *shard) share(rule Rule) *bucket {
	b := s.overflow[rule]
	if b == nil {
		b = &bucket{}
		s.overflow[rule] = b
	}
	return b
}

func (s *shard) link(i, ring int32) {
	first := s.buckets[ring].next
	s.buckets[i].at, s.buckets[i].prev, s.buckets[i].next = ring, ring, first
	s.buckets[first].prev = i
	s.buckets[ring].next = i
}

func (s *shard) unlink(i int32) {
	prev, next := s.buckets[i].prev, s.buckets[i].next
	s.buckets[prev].next = next
	s.buckets[next].prev = prev
}
