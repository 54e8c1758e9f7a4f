// Package cli runs authd's commands as people and scripts do: each script in
// testdata is one sitting at a terminal, beside a running server or without one.
package cli

import (
	"database/sql"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // makes the databases of other programs

	"authd/tests/authdtest"
)

// program builds authd before the scripts, and lends them a person with a browser.
type program struct{ *testing.M }

func (p program) Run() int { return authdtest.Main(p.M) }

func TestMain(m *testing.M) {
	testscript.Main(program{m}, map[string]func(){"person": person})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               func(env *testscript.Env) error { return setUp(t, env) },
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"authd":     runAuthd,
			"usage":     runWrongUsage,
			"serving":   waitUntilServing,
			"terminate": terminate,
			"mode":      checkMode,
			"sqlite":    runSQLite,
		},
	})
}

// setUp gives each script a program, a data directory and a free address.
func setUp(t *testing.T, env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	if err := os.Symlink(authdtest.Binary(t), filepath.Join(bin, "authd")); err != nil {
		return err
	}
	if err := writeScripts(env.WorkDir); err != nil {
		return err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := free.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"PATH":                 bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME":                 env.WorkDir,
		"AUTHD_ADDR":           address,
		"AUTHD_DATA":           filepath.Join(env.WorkDir, "data"),
		"AUTHD_TEST_FAST_HASH": "1",
		"URL":                  "http://localhost:" + port, // what authd makes of the address
	} {
		env.Setenv(name, value)
	}
	return free.Close()
}

// runAuthd: exit code 0; with ! in front 1.
func runAuthd(ts *testscript.TestScript, neg bool, args []string) {
	want := 0
	if neg {
		want = 1
	}
	run(ts, want, args)
}

// runWrongUsage: exit code 2.
func runWrongUsage(ts *testscript.TestScript, _ bool, args []string) {
	run(ts, 2, args)
}

func run(ts *testscript.TestScript, want int, args []string) {
	err := ts.Exec("authd", args...)
	got := 0
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		got = exited.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// waitUntilServing returns when the server in the background answers, at a path of choice.
func waitUntilServing(ts *testscript.TestScript, _ bool, args []string) {
	path := "/healthz"
	if len(args) > 0 {
		path = args[0]
	}
	for end := time.Now().Add(20 * time.Second); ; {
		answer, err := http.Get("http://" + ts.Getenv("AUTHD_ADDR") + path)
		if err == nil {
			answer.Body.Close()
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("the server does not answer: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// terminate sends SIGTERM to the server in the background, as a service manager does.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			ts.Fatalf("terminate: %v", err)
		}
	}
}

// runSQLite: sqlite FILE SCRIPT runs the statements of a script on a database; - is
// the database of a better-auth server.
func runSQLite(ts *testscript.TestScript, _ bool, args []string) {
	script := filepath.Join("..", "..", "auth", "importer", "testdata", "better-auth.sql")
	if args[1] != "-" {
		script = ts.MkAbs(args[1])
	}
	text, err := os.ReadFile(script)
	ts.Check(err)
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(string(text))
	ts.Check(errors.Join(err, db.Close()))
}

// checkMode: mode -rw------- FILE.
func checkMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm().String(); got != args[0] {
		ts.Fatalf("%s is %s, want %s", args[1], got, args[0])
	}
}
