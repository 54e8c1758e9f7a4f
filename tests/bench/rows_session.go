package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// connections is what every row uses that does not name its own number.
const connections = 8

// sessionReads makes a worker that reads sessions at random with the given Cookie values.
func sessionReads(host string, cookies []string) func(int) operation {
	const shown = 4096 // requests made beforehand, so that making them costs the load nothing
	return func(int) operation {
		requests := make([][]byte, min(shown, len(cookies)))
		for i := range requests {
			requests[i] = get(host, "/api/auth/get-session", "Cookie: "+cookies[rand.IntN(len(cookies))])
		}
		i := 0
		return func(c *client) error {
			i++
			if err := c.do(requests[i%len(requests)]); err != nil {
				return err
			}
			if len(c.body) < 100 {
				return fmt.Errorf("get-session found no session: %d %s", c.status, c.body)
			}
			return nil
		}
	}
}

func (b *bench) sessionSmall(ctx context.Context) error {
	f, err := b.readSessions(ctx, b.small)
	if err != nil {
		return err
	}
	b.results["session"] = f
	b.table.addMultiple(fmt.Sprintf("get-session by database, %d sessions", b.small), 3.5, f)
	return nil
}

func (b *bench) sessionLarge(ctx context.Context) error {
	f, err := b.readSessions(ctx, b.large)
	if err != nil {
		return err
	}
	l := line{what: fmt.Sprintf("the same with %d users and sessions", b.large), measured: fmt.Sprintf("%.2f ×", f.multiple)}
	if small, ok := b.results["session"]; ok {
		growth := f.multiple / small.multiple
		l.target, l.reached = "≤ 1.25 × of the row above", reached(growth <= 1.25)
		l.measured += fmt.Sprintf(" (%.2f × of it)", growth)
	}
	b.table.add(l.with(f))
	return nil
}

func (b *bench) readSessions(ctx context.Context, size int) (figures, error) {
	file := b.files[size]
	s, _, err := b.authd(ctx, b.release, file.dir)
	if err != nil {
		return figures{}, err
	}
	defer s.stop()
	return b.compare(ctx, s, connections, sessionReads(s.host, file.cookies))
}

func (b *bench) cacheCompact(ctx context.Context) error { return b.cookieCache(ctx, "compact", 2.5) }
func (b *bench) cacheJWE(ctx context.Context) error     { return b.cookieCache(ctx, "jwe", 4.5) }

// cookieCache reads sessions whose cache cookies a first read handed out.
func (b *bench) cookieCache(ctx context.Context, strategy string, limit float64) error {
	file := b.files[b.small]
	s, _, err := b.authd(ctx, b.release, file.dir,
		"AUTHD_SESSION__COOKIE_CACHE__ENABLED=true", "AUTHD_SESSION__COOKIE_CACHE__STRATEGY="+strategy,
		"AUTHD_SESSION__COOKIE_CACHE__MAX_AGE=1h")
	if err != nil {
		return err
	}
	defer s.stop()
	c, err := dial(s.addr)
	if err != nil {
		return err
	}
	defer c.close()
	var cached []string
	for _, cookie := range file.cookies[:min(500, len(file.cookies))] {
		if err := c.do(get(s.host, "/api/auth/get-session", "Cookie: "+cookie)); err != nil {
			return err
		}
		fresh := c.cookies()
		if fresh == "" {
			return fmt.Errorf("get-session set no cache cookie: %d %.200s", c.status, c.head)
		}
		cached = append(cached, cookie+"; "+fresh)
	}
	f, err := b.compare(ctx, s, connections, sessionReads(s.host, cached))
	if err != nil {
		return err
	}
	b.table.addMultiple("get-session by "+strategy+" cookie cache", limit, f)
	return nil
}

// storm compares the latency of reading sessions while nothing else happens with the same
// while 64 clients sign in without pause. Who is told to come back later waits that long.
func (b *bench) storm(ctx context.Context) error {
	file := b.files[b.small]
	s, _, err := b.authd(ctx, b.release, file.dir)
	if err != nil {
		return err
	}
	defer s.stop()
	people, err := b.people(s, 64)
	if err != nil {
		return err
	}
	reads := sessionReads(s.host, file.cookies)
	var idle, storm []time.Duration
	var signIns sample
	for range min(b.rounds, 5) {
		calm, err := load(ctx, s, connections, 3*b.round, reads)
		if err != nil {
			return err
		}
		busy, during, err := b.duringSignIns(ctx, s, people, func() (sample, error) {
			return load(ctx, s, connections, 3*b.round, reads)
		})
		if err != nil {
			return err
		}
		idle, storm = append(idle, calm.p99), append(storm, during.p99)
		signIns = busy
	}
	factor := float64(median(storm)) / float64(median(idle))
	b.table.add(line{
		what:   "get-session p99 while 64 clients sign in",
		target: "≤ 10 × its idle p99", measured: fmt.Sprintf("%.1f × (%s idle)", factor, short(median(idle))), reached: reached(factor <= 10),
		p99: short(median(storm)), rate: fmt.Sprintf("%.0f sign-ins", signIns.perSecond()),
	})
	return nil
}

// duringSignIns measures something while the people sign in again and again.
func (b *bench) duringSignIns(ctx context.Context, s *server, people []string, measure func() (sample, error)) (signIns, measured sample, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() {
		var err error
		signIns, err = load(ctx, s, len(people), time.Hour, signInAs(s.host, people, true))
		done <- err
	}()
	time.Sleep(b.round / 2) // let the queue fill
	measured, err = measure()
	stop()
	if loadErr := <-done; err == nil {
		err = loadErr
	}
	return signIns, measured, err
}
