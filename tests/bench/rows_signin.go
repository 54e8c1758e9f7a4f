package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const password = "correct horse battery staple"

// people signs up as many people as asked (or finds them from an earlier row) and gives their addresses.
func (b *bench) people(s *server, n int) ([]string, error) {
	c, err := dial(s.addr)
	if err != nil {
		return nil, err
	}
	defer c.close()
	emails := make([]string, n)
	for i := range emails {
		emails[i] = fmt.Sprintf("bench-%d@example.com", i)
		if err := c.do(signInRequest(s.host, emails[i])); err != nil {
			return nil, err
		}
		if c.status == 200 {
			continue
		}
		if err := c.do(postJSON(s.host, "/api/auth/sign-up/email", fmt.Sprintf(`{"name":"Bench %d","email":%q,"password":%q}`, i, emails[i], password))); err != nil {
			return nil, err
		}
		if err := c.want(200); err != nil {
			return nil, fmt.Errorf("sign up %s: %w", emails[i], err)
		}
	}
	return emails, nil
}

func signInRequest(host, email string) []byte {
	return postJSON(host, "/api/auth/sign-in/email", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
}

// signInAs makes workers of which each signs in as one person. A patient one that is told to
// come back later (503) waits a little, as its Retry-After asks.
func signInAs(host string, people []string, patient bool) func(int) operation {
	return func(i int) operation {
		request := signInRequest(host, people[i%len(people)])
		return func(c *client) error {
			if err := c.do(request); err != nil {
				return err
			}
			if c.status == 503 && patient {
				seconds, err := strconv.Atoi(c.header("Retry-After"))
				if err != nil {
					return fmt.Errorf("503 without Retry-After: %.200s", c.body)
				}
				time.Sleep(time.Duration(seconds) * time.Second)
				return errBusy
			}
			return c.want(200)
		}
	}
}

// signIn holds signing in against the password hash alone, measured in the same minute on
// as many threads as the server hashes on.
func (b *bench) signIn(ctx context.Context) error {
	s, _, err := b.authd(ctx, b.release, b.files[b.small].dir)
	if err != nil {
		return err
	}
	defer s.stop()
	people, err := b.people(s, 16)
	if err != nil {
		return err
	}
	for _, n := range []int{1, 16} {
		if err := b.signInAt(ctx, s, people, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) signInAt(ctx context.Context, s *server, people []string, n int) error {
	var factors []float64
	var hashes []time.Duration
	var f figures
	for range min(b.rounds, 7) {
		hash, err := b.hashAlone(ctx, min(n, runtime.NumCPU()))
		if err != nil {
			return err
		}
		own, err := load(ctx, s, n, 3*b.round, signInAs(s.host, people, false))
		if err != nil {
			return err
		}
		factors, hashes = append(factors, float64(own.cpuPerOp())/float64(hash)), append(hashes, hash)
		f = figures{cpu: own.cpuPerOp(), perSecond: own.perSecond(), p50: own.p50, p99: max(f.p99, own.p99)}
	}
	factor := median(factors)
	l := line{what: fmt.Sprintf("sign-in (argon2id) at %d connections", n), target: "the hash + 5 %"}
	l.measured = fmt.Sprintf("%+.1f %% (hash %s)", (factor-1)*100, short(median(hashes)))
	ok := factor <= 1.05
	if n == 16 {
		l.target += "; p99 ≤ 0.6 s"
		ok = ok && f.p99 <= 600*time.Millisecond
	}
	l.reached = reached(ok)
	b.table.add(l.with(f))
	return nil
}

// hashAlone runs the server's own hash in a process of its own, so that its CPU time is its own.
func (b *bench) hashAlone(ctx context.Context, threads int) (time.Duration, error) {
	text, err := exec.CommandContext(ctx, b.kit, "-hash", strconv.Itoa(threads)).Output()
	if err != nil {
		return 0, fmt.Errorf("measure the hash alone: %w", err)
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return time.Duration(ns), err
}

// inserts counts session rows that are on disk before their sign-in is answered; 64 at once may
// share a commit. Once as sign-ins over HTTP with a cheap hash (-tags testhooks), and once below
// HTTP, which is what the store can take.
func (b *bench) inserts(ctx context.Context) error {
	data := b.files[b.small].dir + "-hooks"
	f, err := b.cheapSignIns(ctx, data)
	if err != nil {
		return err
	}
	const target, floor = "≥ 12000/s", 12_000
	l := line{what: "durable session inserts at 64 connections, by HTTP sign-in with a cheap hash", target: target, reached: reached(f.perSecond >= floor)}
	l.measured = fmt.Sprintf("%.0f/s (%.2f ×)", f.perSecond, f.multiple)
	b.table.add(l.with(f))

	var rates []float64
	for range min(b.rounds, 3) {
		text, err := exec.CommandContext(ctx, b.kit, "-data", data, "-inserts", "64").Output()
		if err != nil {
			return fmt.Errorf("insert sessions below HTTP: %w", err)
		}
		rate, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
		if err != nil {
			return err
		}
		rates = append(rates, rate)
	}
	rate := median(rates)
	b.table.add(line{
		what: "durable session inserts, 64 at once below HTTP", target: target,
		measured: fmt.Sprintf("%.0f/s", rate), reached: reached(rate >= floor),
	})
	return nil
}

func (b *bench) cheapSignIns(ctx context.Context, data string) (figures, error) {
	s, _, err := b.authd(ctx, b.hooks, data, "AUTHD_TEST_FAST_HASH=1")
	if err != nil {
		return figures{}, err
	}
	defer s.stop()
	people, err := b.people(s, 64)
	if err != nil {
		return figures{}, err
	}
	return b.compare(ctx, s, 64, signInAs(s.host, people, false))
}
