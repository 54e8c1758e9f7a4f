package cli

import (
	"context"
	"fmt"
	"os"

	"authd/auth"
	"authd/auth/internal/config"
)

type openAPICommand struct{}

// Run prints the document of the server that this configuration makes. It
// builds one in a directory of its own and leaves the data alone.
func (openAPICommand) Run(ctx context.Context, p *program) (err error) {
	cfg, err := p.load(nil)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "authd-openapi-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg.Data = dir
	secret, err := config.NewSecret()
	if err != nil {
		return err
	}
	cfg.Secrets = []string{secret}
	server, err := auth.New(ctx, cfg, auth.Deps{Log: p.commandLog()})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := server.Close(); err == nil {
			err = closeErr
		}
	}()
	_, err = p.out.Write(server.OpenAPI.Document())
	return err
}
