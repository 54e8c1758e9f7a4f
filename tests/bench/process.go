package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one process under load, or one that somebody else started (-reference).
type server struct {
	name string
	addr string // to connect to
	host string // for the Host header
	pid  int
	cmd  *exec.Cmd
}

// ticks is USER_HZ, in which /proc counts CPU time; it is 100 on every Linux that Go runs on.
const ticks = 100

// cpu is the process's user and system time since it started (proc(5), fields 14 and 15 of stat).
func (s *server) cpu() (time.Duration, error) {
	if s.pid == 0 {
		return 0, nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of %s: %w", s.name, err)
	}
	// The second field is the program's name in parentheses and may hold anything.
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("read the CPU time of %s: short stat line", s.name)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, errors.Join(err1, err2)
}

// memory is the process's resident set in bytes.
func (s *server) memory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", s.name, err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("read the memory of %s: no VmRSS", s.name)
}

// stop ends the process as an orderly shut-down does and waits for it, so that the next
// one finds the file free.
func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-done
	}
	s.cmd = nil
}

// build compiles a package of this module with the flags of a release.
func (b *bench) build(ctx context.Context, pkg, name, tags string) (string, error) {
	out := filepath.Join(b.dir, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-tags", tags, "-o", out, pkg)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, text)
	}
	return out, nil
}

// spawn starts a program of ours; its log goes nowhere unless -v, yet it is written.
func (b *bench) spawn(ctx context.Context, name, program string, env, args []string) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = b.dir
	if b.verbose {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return cmd, nil
}

// authd starts the server on a data directory and waits for its first answer.
func (b *bench) authd(ctx context.Context, program, data string, env ...string) (*server, time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	host := "localhost:" + port
	env = append([]string{
		"AUTHD_ADDR=127.0.0.1:" + port,
		"AUTHD_URL=http://" + host,
		"AUTHD_DATA=" + data,
		"AUTHD_RATE_LIMIT__ENABLED=false",
		"AUTHD_EMAIL_AND_PASSWORD__DISABLE_SIGN_UP=false",
	}, env...)
	start := time.Now()
	cmd, err := b.spawn(ctx, "authd", program, env, []string{"serve"})
	if err != nil {
		return nil, 0, err
	}
	s := &server{name: "authd", addr: "127.0.0.1:" + port, host: host, pid: cmd.Process.Pid, cmd: cmd}
	if err := s.awaitAnswer(start.Add(60 * time.Second)); err != nil {
		s.stop()
		return nil, 0, fmt.Errorf("authd on %s did not answer (run again with -v): %w", data, err)
	}
	return s, time.Since(start), nil
}

// awaitAnswer asks until the server answers; a refused connection costs it nothing.
func (s *server) awaitAnswer(deadline time.Time) error {
	ask := get(s.host, "/api/auth/ok")
	for {
		c, err := dial(s.addr)
		if err == nil {
			err = errors.Join(c.do(ask), c.want(200))
			c.close()
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// child starts this very program in another role and reads the first line it prints.
func (b *bench) child(ctx context.Context, args ...string) (*exec.Cmd, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return cmd, strings.TrimSpace(line), err
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
