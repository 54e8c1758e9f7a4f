package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"authd/auth"
	"authd/auth/internal/config"
	"authd/auth/internal/store"
)

// How a server is patient with its clients, and with its own end.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10

	finishWithin = 8 * time.Second  // for requests under way
	drainWithin  = 20 * time.Second // for the outbox
)

type serveCommand struct {
	Addr string `help:"Address to listen on (AUTHD_ADDR)." placeholder:"HOST:PORT"`
	URL  string `help:"Public URL (AUTHD_URL)." placeholder:"URL"`
}

// Run serves until SIGTERM or SIGINT; a second signal ends it at once.
func (c *serveCommand) Run(ctx context.Context, p *program) (err error) {
	cfg, err := p.prepare(map[string]string{"addr": c.Addr, "url": c.URL})
	if err != nil {
		return err
	}
	log := newLog(cfg.Log, p.errOut)
	unlock, err := store.LockServe(cfg.DatabaseFile())
	if err != nil {
		return err
	}
	defer unlock()
	server, err := auth.New(ctx, cfg, auth.Deps{Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := start(ctx, server, log); err != nil {
		return err
	}
	listeners, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	if err := p.announce(ctx, cfg, server, log); err != nil {
		return err
	}
	return serve(ctx, cfg, server, listeners, log)
}

// start brings the data up to what the configuration says: the declared clients,
// and, after authd secret rotate, the seals.
func start(ctx context.Context, server *auth.Server, log *slog.Logger) error {
	if err := server.Start(ctx); err != nil {
		return err
	}
	resealed, err := server.Reseal(ctx)
	if err != nil {
		return err
	}
	if resealed > 0 {
		log.Info("sealed anew under the first secret", "values", resealed)
	}
	debug.FreeOSMemory() // what only the start needed: 2 to 5 MB of an empty file's 33
	return nil
}

// newLog writes text for people at a terminal and JSON for machines.
func newLog(cfg config.Log, out io.Writer) *slog.Logger {
	var level slog.Level
	// Load has checked it.
	_ = level.UnmarshalText([]byte(cfg.Level))
	options := &slog.HandlerOptions{Level: level}
	file, isFile := out.(*os.File)
	if cfg.Format == "text" || cfg.Format == "" && isFile && term.IsTerminal(int(file.Fd())) {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}

// listen opens the address, and the one of the metrics where it is another.
func listen(ctx context.Context, cfg *config.Config) ([]net.Listener, error) {
	main, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on addr: %w", err)
	}
	if !cfg.Metrics.Enabled || cfg.Metrics.Addr == "" {
		return []net.Listener{main}, nil
	}
	metrics, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Metrics.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen on metrics.addr: %w", err), main.Close())
	}
	return []net.Listener{main, metrics}, nil
}

// announce says in a line each where the server is, who may sign up, and how to
// set it up. The link is a secret: it goes to standard output, not to the log.
func (p *program) announce(ctx context.Context, cfg *config.Config, server *auth.Server, log *slog.Logger) error {
	who, err := server.Access.WhoMaySignUp(ctx)
	if err != nil {
		return err
	}
	log.Info("authd serves", "url", cfg.URL, "addr", cfg.Addr, "data", cfg.Data, "version", version)
	log.Info(who)
	link, err := server.Setup.Link(ctx)
	if err != nil || link == "" {
		return err
	}
	_, err = fmt.Fprintf(p.out, "Make the first administrator at %s\n", link)
	return err
}

// serve answers requests until ctx ends, then finishes those under way, then the outbox.
func serve(ctx context.Context, cfg *config.Config, server *auth.Server, listeners []net.Listener, log *slog.Logger) error {
	handlers := []http.Handler{server.Handler(), metricsOnly(server)}
	jobs, stopJobs := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { server.Run(jobs) })
	defer running.Wait()
	defer stopJobs()
	failed := make(chan error, len(listeners))
	var servers []*http.Server
	for i, listener := range listeners {
		one := &http.Server{
			Handler: handlers[i], ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
			IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
		servers = append(servers, one)
		go func() { failed <- one.Serve(listener) }()
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", cfg.Addr, err)
	case <-ctx.Done():
	}
	log.Info("authd stops")
	endOnSecondSignal()
	finish(ctx, servers, log)
	stopJobs()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	server.Drain(drain)
	return nil
}

// finish lets requests under way end, so that no answer is lost, and cuts off those that do not.
func finish(ctx context.Context, servers []*http.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	for _, one := range servers {
		if err := one.Shutdown(ctx); err != nil {
			log.Warn("requests were cut off", "error", err)
			_ = one.Close()
		}
	}
}

// endOnSecondSignal is for people who press Ctrl-C twice.
func endOnSecondSignal() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-again
		os.Exit(exitFailed)
	}()
}

// metricsOnly serves /metrics and nothing else.
func metricsOnly(server *auth.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", server.Health.Metrics())
	return mux
}
