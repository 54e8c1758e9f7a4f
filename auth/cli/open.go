package cli

import (
	"context"
	"log/slog"

	"authd/auth"
	"authd/auth/internal/config"
)

// load reads the configuration; flags are a command's own.
func (p *program) load(flags map[string]string) (*config.Config, error) {
	given := map[string]string{}
	for key, value := range flags {
		if value != "" {
			given[key] = value
		}
	}
	if p.data != "" {
		given["data"] = p.data
	}
	return config.Load(config.Options{File: p.config, Environ: p.environ, Flags: given})
}

// prepare loads the configuration, gives up root, and makes the secret when this is the first start.
func (p *program) prepare(flags map[string]string) (*config.Config, error) {
	cfg, err := p.load(flags)
	if err != nil {
		return nil, err
	}
	if err := dropRoot(cfg.Data, p.getenv("AUTHD_CHOWN_DATA")); err != nil {
		return nil, err
	}
	return cfg, cfg.EnsureSecret()
}

// open builds the services for a command that works beside the server.
func (p *program) open(ctx context.Context) (*auth.Server, error) {
	cfg, err := p.prepare(nil)
	if err != nil {
		return nil, err
	}
	return auth.New(ctx, cfg, auth.Deps{Log: p.commandLog()})
}

// commandLog lets through what a person at the command line must know.
func (p *program) commandLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(p.errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// with runs fn on the services and closes them.
func (p *program) with(ctx context.Context, fn func(s *auth.Server) error) (err error) {
	server, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := server.Close(); err == nil {
			err = closeErr
		}
	}()
	return fn(server)
}
