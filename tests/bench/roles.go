package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
)

// baselineAnswer is as long as an ordinary get-session answer: 658 bytes of JSON.
func baselineAnswer() []byte {
	const frame = `{"session":{},"user":{"name":""}}`
	return []byte(strings.Replace(frame, `""`, `"`+strings.Repeat("x", 658-len(frame))+`"`, 1))
}

// serveBaseline is the unit of the table: net/http and nothing else, in a process of its own.
func serveBaseline() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	answer := baselineAnswer()
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})}
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// hashOnly measures the password hash by itself, on as many threads at once as the server
// would use: CPU nanoseconds a hash, on one line.
func hashOnly(threads int, d time.Duration) error {
	runtime.GOMAXPROCS(max(threads, 1))
	salt := []byte("0123456789abcdef")
	var hashes atomic.Int64
	deadline := time.Now().Add(d)
	before, err := ownCPU()
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				argon2.IDKey([]byte("correct horse battery staple"), salt, 2, 19<<10, 1, 32)
				hashes.Add(1)
			}
		})
	}
	wg.Wait()
	after, err := ownCPU()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(os.Stdout, int64(after-before)/hashes.Load())
	return err
}

func ownCPU() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("read my own CPU time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
