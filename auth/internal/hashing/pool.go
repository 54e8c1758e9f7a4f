package hashing

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Pool hashes passwords on threads of its own. It is safe for concurrent use.
type Pool struct {
	cost    cost
	dummy   argon2idHash
	workers int
	limit   int64        // calls in the pool at once, waiting or being worked on
	inside  atomic.Int64 // how many there are now
	jobs    chan *job    // unbuffered: its blocked senders are the queue, first come, first served
	closed  chan struct{}
	closing sync.Once
	running sync.WaitGroup

	awake slots
}

// slots gives the scheduler one more slot for each thread that hashes, and takes it back once
// the thread is idle. A hashing thread occupies a slot of GOMAXPROCS for as long as it hashes,
// whatever its priority, and requests must not wait for it; but a slot more than there are
// cores costs every request a tenth of its time, in threads that look for work.
type slots struct {
	given atomic.Bool // off until Serve: GOMAXPROCS belongs to the whole process
	mu    sync.Mutex
	cores int // GOMAXPROCS while nobody hashes
	extra int
}

// Serve tells the pool that requests are served beside it in this process, so
// that it looks after the scheduler's slots.
func (p *Pool) Serve() { p.awake.given.Store(true) }

// change stops the world for some ten microseconds: a thread calls it when it wakes and when
// it has had no work for a while, not for each hash.
func (s *slots) change(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.extra == 0 {
		s.cores = runtime.GOMAXPROCS(0)
	}
	s.extra += by
	runtime.GOMAXPROCS(s.cores + s.extra)
}

type job struct {
	work func(*memory) error
	err  error
	done chan struct{}
}

// idleAfter is how long a thread without work keeps its block of memory.
const idleAfter = time.Second

// Workers is the number of hashing threads.
func (p *Pool) Workers() int { return p.workers }

// Close ends the threads, after the hashes that they are at. Calls that wait
// get ErrClosed.
func (p *Pool) Close() {
	p.closing.Do(func() { close(p.closed) })
	p.running.Wait()
}

// do runs work on a hashing thread. A caller that gives up while it waits
// leaves the queue at once; what has begun is finished.
func (p *Pool) do(ctx context.Context, work func(*memory) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.inside.Add(1) > p.limit {
		p.inside.Add(-1)
		return ErrBusy
	}
	defer p.inside.Add(-1)
	j := &job{work: work, done: make(chan struct{})}
	select {
	case p.jobs <- j:
		<-j.done
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return ErrClosed
	}
}

// work is the life of one hashing thread.
func (p *Pool) work() {
	// The thread's priority is lowered for good, so it is never given back:
	// a goroutine that ends while locked to its thread takes the thread along.
	runtime.LockOSThread()
	lowerPriority()
	var m memory
	defer m.release()
	idle := time.NewTimer(idleAfter)
	defer idle.Stop()
	slot := false // whether this thread has one beside the requests'
	rest := func() {
		if slot {
			slot = false
			p.awake.change(-1)
		}
	}
	defer rest()
	for {
		select {
		case <-p.closed:
			return
		case j := <-p.jobs:
			if !slot && p.awake.given.Load() {
				slot = true
				p.awake.change(1)
			}
			j.run(&m)
			m.keep(standard.bytes())
			idle.Reset(idleAfter)
		case <-idle.C:
			m.release()
			rest()
		}
	}
}

// run does the work and reports a panic as an error: this goroutine has no
// request above it that would catch one, and the process must live on.
func (j *job) run(m *memory) {
	defer close(j.done)
	defer func() {
		if v := recover(); v != nil {
			j.err = fmt.Errorf("hashing: panic: %v", v)
		}
	}()
	j.err = j.work(m)
}
