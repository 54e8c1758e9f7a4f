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
	for {
		select {
		case <-p.closed:
			return
		case j := <-p.jobs:
			j.run(&m)
			m.keep(standard.bytes())
			idle.Reset(idleAfter)
		case <-idle.C:
			m.release()
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
