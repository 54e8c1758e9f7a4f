package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// start measures from the start of the process to its first answer, on files that exist.
func (b *bench) start(ctx context.Context) error {
	for _, size := range []int{0, b.large} {
		var times []time.Duration
		for range b.starts {
			s, took, err := b.authd(ctx, b.release, b.files[size].dir)
			if err != nil {
				return err
			}
			s.stop()
			times = append(times, took)
		}
		took := median(times)
		b.table.add(line{
			what:   fmt.Sprintf("start to first answer, existing file, %d rows (median of %d)", size, b.starts),
			target: "≤ 50 ms", measured: short(took), reached: reached(took <= 50*time.Millisecond),
		})
	}
	return nil
}

// memory reads the resident set of one server: idle, after it answered a load of reads from
// 64 connections, and at its largest while 64 people sign in without pause.
func (b *bench) memory(ctx context.Context) error {
	file := b.files[b.small]
	s, _, err := b.authd(ctx, b.release, file.dir)
	if err != nil {
		return err
	}
	defer s.stop()
	time.Sleep(time.Second)
	if err := b.memoryRow(s, "memory, idle", 30); err != nil {
		return err
	}
	if _, err := load(ctx, s, 64, 15*b.round, sessionReads(s.host, file.cookies)); err != nil {
		return err
	}
	if err := b.memoryRow(s, "memory, after load", 60); err != nil {
		return err
	}
	people, err := b.people(s, 64)
	if err != nil {
		return err
	}
	var largest int64
	_, _, err = b.duringSignIns(ctx, s, people, func() (sample, error) {
		for deadline := time.Now().Add(10 * b.round); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			now, err := s.memory()
			if err != nil {
				return sample{}, err
			}
			largest = max(largest, now)
		}
		return sample{}, nil
	})
	if err != nil {
		return err
	}
	b.addMemory("memory, in the sign-in storm (largest seen)", 100, largest)
	return nil
}

func (b *bench) memoryRow(s *server, what string, limit int64) error {
	now, err := s.memory()
	if err != nil {
		return err
	}
	b.addMemory(what, limit, now)
	return nil
}

func (b *bench) addMemory(what string, limit, bytes int64) {
	b.table.add(line{what: what, target: fmt.Sprintf("≤ %d MB", limit), measured: megabytes(bytes), reached: reached(bytes <= limit*1e6)})
}

func (b *bench) binary(context.Context) error {
	info, err := os.Stat(b.release)
	if err != nil {
		return err
	}
	b.table.add(line{what: "binary", target: "≤ 28 MB", measured: megabytes(info.Size()), reached: reached(info.Size() <= 28e6)})
	return nil
}
