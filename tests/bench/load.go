package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// errBusy is an operation's word that the server asked to come back later (503): it is
// counted, and its time is no latency.
var errBusy = errors.New("the server is busy")

// operation is what one connection does over and over; it may take several requests.
type operation func(c *client) error

// sample is what one round of load measured.
type sample struct {
	ops      int
	busy     int
	wall     time.Duration
	cpu      time.Duration // of the server's process, user and system
	p50, p99 time.Duration
}

func (s sample) cpuPerOp() time.Duration {
	if s.ops == 0 {
		return 0
	}
	return s.cpu / time.Duration(s.ops)
}

func (s sample) perSecond() float64 { return float64(s.ops) / s.wall.Seconds() }

// load runs a closed loop: every connection sends its next request when the last one is answered.
func load(ctx context.Context, s *server, connections int, d time.Duration, worker func(i int) operation) (sample, error) {
	clients := make([]*client, connections)
	for i := range clients {
		clients[i] = &client{addr: s.addr}
	}
	defer closeAll(clients)
	for _, c := range clients {
		if err := c.redial(); err != nil {
			return sample{}, fmt.Errorf("connect to %s: %w", s.name, err)
		}
	}
	before, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	start := time.Now()
	ctx, cancel := context.WithDeadline(ctx, start.Add(d))
	defer cancel()
	loops := make([]loop, connections)
	var wg sync.WaitGroup
	for i := range loops {
		wg.Go(func() { loops[i] = runLoop(ctx, clients[i], worker(i)) })
	}
	wg.Wait()
	wall := time.Since(start)
	after, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	result, err := merge(loops)
	if err != nil {
		return sample{}, fmt.Errorf("load on %s: %w", s.name, err)
	}
	result.wall, result.cpu = wall, after-before
	return result, nil
}

func closeAll(clients []*client) {
	for _, c := range clients {
		c.close()
	}
}

// loop is what one connection saw.
type loop struct {
	latencies []time.Duration
	busy      int
	err       error
}

func runLoop(ctx context.Context, c *client, op operation) loop {
	var l loop
	for ctx.Err() == nil {
		start := time.Now()
		err := op(c)
		switch {
		case errors.Is(err, errBusy):
			l.busy++
			continue
		case err != nil:
			l.err = err
			return l
		}
		l.latencies = append(l.latencies, time.Since(start))
	}
	return l
}

func merge(loops []loop) (sample, error) {
	var result sample
	var all []time.Duration
	for _, l := range loops {
		if l.err != nil {
			return sample{}, l.err
		}
		all = append(all, l.latencies...)
		result.busy += l.busy
	}
	if len(all) == 0 {
		return sample{}, errors.New("no request was answered in time")
	}
	slices.Sort(all)
	result.ops = len(all)
	result.p50, result.p99 = all[len(all)/2], all[len(all)*99/100]
	return result, nil
}

// figures are the medians of several rounds.
type figures struct {
	multiple  float64 // of the baseline's CPU time a request, round by round
	cpu       time.Duration
	perSecond float64
	p50, p99  time.Duration
	busy      int
}

// compare alternates short rounds of the baseline and of the server under test, so that a
// machine that slows down or speeds up does so for both, and takes the medians.
func (b *bench) compare(ctx context.Context, s *server, connections int, worker func(i int) operation) (figures, error) {
	if _, err := load(ctx, s, connections, max(b.round/4, time.Second/4), worker); err != nil { // warm caches, keep-alives
		return figures{}, err
	}
	base := get(b.baseline.host, "/")
	plain := func(int) operation {
		return func(c *client) error { return c.do(base) }
	}
	var multiples, rates []float64
	var cpus, p50s, p99s []time.Duration
	var busy int
	for range b.rounds {
		unit, err := load(ctx, b.baseline, connections, b.round, plain)
		if err != nil {
			return figures{}, err
		}
		own, err := load(ctx, s, connections, b.round, worker)
		if err != nil {
			return figures{}, err
		}
		multiples = append(multiples, float64(own.cpuPerOp())/float64(unit.cpuPerOp()))
		rates = append(rates, own.perSecond())
		cpus, p50s, p99s = append(cpus, own.cpuPerOp()), append(p50s, own.p50), append(p99s, own.p99)
		busy += own.busy
	}
	return figures{median(multiples), median(cpus), median(rates), median(p50s), median(p99s), busy}, nil
}

func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
