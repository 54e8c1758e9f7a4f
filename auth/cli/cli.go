// Package cli is the command line of authd: one file a command.
//
// A command reads the configuration, builds the server's services without
// serving, calls one of them and prints what came back: for people, or as JSON
// with --json. It holds no rule of its own: what may be done is decided by the
// capability, so that a command and an endpoint cannot differ.
//
// Exit codes: 0 done, 1 failed, 2 wrong usage.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/nativeapp"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// commands is the whole command line.
type commands struct {
	Data   string `help:"Data directory (AUTHD_DATA)." placeholder:"DIR"`
	Config string `help:"Configuration file (AUTHD_CONFIG)." placeholder:"FILE"`
	JSON   bool   `name:"json" help:"Print JSON."`

	Serve       serveCommand       `cmd:"" default:"withargs" help:"Serve; what authd alone does."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database up to date and stop."`
	User        userCommands       `cmd:"" help:"Look after users."`
	Client      clientCommands     `cmd:"" help:"Look after OAuth clients."`
	Resource    resourceCommands   `cmd:"" help:"Look after resources: APIs that tokens are asked for by name."`
	Login       loginCommand       `cmd:"" help:"Sign in with the browser and keep the tokens."`
	Token       tokenCommand       `cmd:"" help:"Print a valid access token."`
	Whoami      whoamiCommand      `cmd:"" help:"Print who is signed in."`
	Logout      logoutCommand      `cmd:"" help:"Revoke the tokens and forget them."`
	Backup      backupCommand      `cmd:"" help:"Write database and secret to a file."`
	Restore     restoreCommand     `cmd:"" help:"Put a backup in place, while the server is stopped."`
	Import      importCommands     `cmd:"" help:"Take over the people of another server."`
	Doctor      doctorCommand      `cmd:"" help:"Look for what is wrong with the configuration and the data."`
	Key         keyCommands        `cmd:"" help:"Look after the keys that sign tokens."`
	Operator    operatorCommands   `cmd:"" help:"Look after the tokens of the operator API."`
	Webhook     webhookCommands    `cmd:"" help:"Look after webhooks: who is told what happens."`
	Secret      secretCommands     `cmd:"" help:"Look after the secret."`
	OpenAPI     openAPICommand     `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask the running server whether it lives; what authd doctor --live does."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// program is what a command takes from its surroundings.
type program struct {
	in      io.Reader
	out     io.Writer
	errOut  io.Writer
	environ []string
	data    string // --data
	config  string // --config
	json    bool
}

// Main runs one command and returns its exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	var root commands
	left, code := false, exitDone
	parser, err := kong.New(&root,
		kong.Name("authd"),
		kong.Description("A self-hosted auth server: one binary, one SQLite file. Every key of authd.toml is a variable as well; the README lists them."),
		kong.Writers(out, errOut),
		kong.Exit(func(c int) { left, code = true, c }), // --help
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"defaultClient": nativeapp.DefaultClientID, "defaultScope": nativeapp.DefaultScope},
	)
	if err != nil {
		return fail(errOut, err)
	}
	chosen, err := parser.Parse(args)
	if left {
		return code
	}
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "authd: %v; authd --help lists the commands\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{in: in, out: out, errOut: errOut, environ: os.Environ(), data: root.Data, config: root.Config, json: root.JSON}
	chosen.BindTo(ctx, (*context.Context)(nil))
	if err := chosen.Run(p); err != nil {
		return fail(errOut, err)
	}
	return exitDone
}

// usageError is a mistake in the arguments that only the command could see.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// silentError fails a command that has already said why.
type silentError struct{}

func (silentError) Error() string { return "" }

func fail(errOut io.Writer, err error) int {
	if errors.Is(err, silentError{}) {
		return exitFailed
	}
	_, _ = fmt.Fprintf(errOut, "authd: %s\n", explain(err))
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// explain says an error in words; those of the API and of OAuth carry theirs.
func explain(err error) string {
	var oauth *api.OAuthError
	switch {
	case errors.As(err, &oauth) && oauth.Description != "":
		return oauth.Description
	case errors.Is(err, context.Canceled):
		return "stopped"
	default:
		return err.Error()
	}
}

// duration reads a flag's length of time, in the configuration's form; "" is none.
func duration(flag, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	length, err := config.ParseDuration(text)
	if err != nil || length <= 0 {
		return 0, &usageError{flag + " is " + clean(text) + "; allowed: a duration such as 7d, 24h or 5m"}
	}
	return length, nil
}

// getenv reads the environment that the program was started with.
func (p *program) getenv(name string) string {
	for _, entry := range p.environ {
		if len(entry) > len(name) && entry[len(name)] == '=' && entry[:len(name)] == name {
			return entry[len(name)+1:]
		}
	}
	return ""
}
