// Command bench measures what authd costs and prints one table.
//
//	go run ./tests/bench              the whole table, about eight minutes
//	go run ./tests/bench -quick       every row once, under a minute: shows that it works
//	go run ./tests/bench -row refresh one row
//	go run ./tests/bench -reference 3999   adds the rows of a better-auth server that runs there
//
// Server and load are separate processes on the same machine. The unit is the server
// process's CPU time for a request (user and system, divided by requests) as a multiple of
// what a plain net/http server with a fixed 658-byte JSON answer takes in the same run, in
// short rounds that alternate between the two. The rate limit is off by configuration; all else
// is as released. It needs Linux, for it reads /proc.
//
// It must not assert times: a busy machine is no bug.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run: its sizes, where its files are, and the baseline it measures against.
type bench struct {
	root     string // of the repository
	dir      string // of this run, removed at its end
	rounds   int
	round    time.Duration
	starts   int
	small    int // sessions in the small and in the large file
	large    int
	verbose  bool
	release  string // the program as released
	hooks    string // the same with -tags testhooks, for rows that need a cheap hash
	kit      string // what needs the server's own packages: filling a file, hashing alone
	baseline *server
	files    map[int]*fixture
	results  map[string]figures // of rows that others compare with
	table    table
}

// row is one line of the table, or a few that share a server.
type row struct {
	name string
	run  func(b *bench, ctx context.Context) error
}

func rows() []row {
	return []row{
		{"session", (*bench).sessionSmall},
		{"session-large", (*bench).sessionLarge},
		{"cache-compact", (*bench).cacheCompact},
		{"cache-jwe", (*bench).cacheJWE},
		{"sign-in", (*bench).signIn},
		{"passkeys", (*bench).passkeys},
		{"totp", (*bench).totp},
		{"code-flow", (*bench).codeFlow},
		{"refresh", (*bench).refresh},
		{"client-credentials", (*bench).clientCredentials},
		{"introspection", (*bench).introspection},
		{"userinfo", (*bench).userinfo},
		{"oauth-large", (*bench).oauthLarge},
		{"inserts", (*bench).inserts},
		{"discovery", (*bench).discovery},
		{"storm", (*bench).storm},
		{"start", (*bench).start},
		{"memory", (*bench).memory},
		{"binary", (*bench).binary},
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	quick := flag.Bool("quick", false, "small files and one short round a row: shows that the bench works, not how fast authd is")
	only := flag.String("row", "", "only these rows, comma-separated")
	reference := flag.String("reference", "", "port or URL of a running better-auth server to add rows for")
	verbose := flag.Bool("v", false, "show the servers' logs")
	keep := flag.String("files", "", "directory that keeps the filled database files for the next run")
	baseline := flag.Bool("serve-baseline", false, "what the bench starts this program as a second time for")
	flag.Parse()
	if *baseline {
		return serveBaseline()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	b := &bench{
		rounds: 15, round: 600 * time.Millisecond, starts: 9, small: 100_000, large: 1_000_000, verbose: *verbose,
		files: map[int]*fixture{}, results: map[string]figures{},
	}
	if *quick {
		b.rounds, b.round, b.starts, b.small, b.large = 1, 250*time.Millisecond, 3, 1_000, 5_000
	}
	wanted, err := choose(*only)
	if err != nil {
		return err
	}
	if err := b.prepare(ctx, *keep); err != nil {
		return err
	}
	defer b.cleanUp()
	return b.measure(ctx, wanted, *reference)
}

// choose picks the rows by name; none named means all.
func choose(only string) ([]row, error) {
	if only == "" {
		return rows(), nil
	}
	var wanted []row
	var names []string
	asked := strings.Split(only, ",")
	for _, r := range rows() {
		names = append(names, r.name)
		if slices.Contains(asked, r.name) {
			wanted = append(wanted, r)
		}
	}
	if len(wanted) != len(asked) {
		return nil, fmt.Errorf("unknown row in %q: there are %s", only, strings.Join(names, ", "))
	}
	return wanted, nil
}

// prepare makes the folder of the run, builds the server and starts the baseline.
func (b *bench) prepare(ctx context.Context, keep string) error {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	b.root = filepath.Dir(strings.TrimSpace(string(mod)))
	if b.dir, err = os.MkdirTemp("", "authd-bench-"); err != nil {
		return err
	}
	if keep != "" {
		if err := os.MkdirAll(keep, 0o700); err != nil {
			return err
		}
	}
	b.table.progress("building")
	if b.release, err = b.build(ctx, ".", "authd", ""); err != nil {
		return err
	}
	if b.hooks, err = b.build(ctx, ".", "authd-testhooks", "testhooks"); err != nil {
		return err
	}
	if b.kit, err = b.build(ctx, "./auth/internal/benchkit", "benchkit", ""); err != nil {
		return err
	}
	cmd, addr, err := b.child(ctx, "-serve-baseline")
	if err != nil {
		return fmt.Errorf("start the baseline: %w", err)
	}
	b.baseline = &server{name: "the baseline", addr: addr, host: addr, pid: cmd.Process.Pid, cmd: cmd}
	return b.fixtures(ctx, keep)
}

func (b *bench) cleanUp() {
	if b.baseline != nil {
		b.baseline.stop()
	}
	_ = os.RemoveAll(b.dir)
}

// measure runs the rows, then prints the table with whatever could be measured.
func (b *bench) measure(ctx context.Context, wanted []row, reference string) error {
	var failed []error
	for _, r := range wanted {
		b.table.progress(r.name)
		if err := r.run(b, ctx); err != nil {
			failed = append(failed, fmt.Errorf("row %s: %w", r.name, err))
		}
	}
	if reference != "" {
		b.table.progress("reference")
		if err := b.reference(ctx, reference); err != nil {
			failed = append(failed, fmt.Errorf("reference: %w", err))
		}
	}
	fmt.Printf("%s, %d cores, %s/%s; %d rounds of %s; baseline at 8 connections: %s\n\n",
		runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, b.rounds, b.round, b.baselineFigures(ctx))
	b.table.print(os.Stdout)
	return errors.Join(failed...)
}

func (b *bench) baselineFigures(ctx context.Context) string {
	base := get(b.baseline.host, "/")
	s, err := load(ctx, b.baseline, 8, b.round, func(int) operation {
		return func(c *client) error { return c.do(base) }
	})
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.1f µs of CPU, %.0f requests/s, p99 %s", micros(s.cpuPerOp()), s.perSecond(), short(s.p99))
}
