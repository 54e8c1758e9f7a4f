package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"authd/auth/internal/config"
)

type healthcheckCommand struct{}

// Run is for Docker's HEALTHCHECK, where there is no curl.
func (healthcheckCommand) Run(ctx context.Context, p *program) error {
	cfg, err := p.load(nil)
	if err != nil {
		return err
	}
	return p.live(ctx, cfg)
}

func (p *program) live(ctx context.Context, cfg *config.Config) error {
	if err := ask(ctx, cfg, "/healthz"); err != nil {
		return err
	}
	return p.print(map[string]any{"live": true}, "authd lives.")
}

// ask calls the running server beside which the command runs.
func ask(ctx context.Context, cfg *config.Config, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(cfg.Addr)+path, nil)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	// The server itself, not a proxy on the way to it.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s to %s", answer.Status, path)
	}
	return nil
}

// reachable turns a listen address into one to call.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
