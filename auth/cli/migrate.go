package cli

import (
	"context"

	"authd/auth"
	"authd/auth/internal/store"
)

type migrateCommand struct{}

// Run brings the database up to date, as serve does at its start.
func (migrateCommand) Run(ctx context.Context, p *program) error {
	cfg, err := p.prepare(nil)
	if err != nil {
		return err
	}
	server, err := auth.New(ctx, cfg, auth.Deps{Log: p.commandLog()})
	if err != nil {
		return err
	}
	if err := server.Close(); err != nil {
		return err
	}
	version, err := store.Check(ctx, cfg.DatabaseFile())
	if err != nil {
		return err
	}
	return p.print(map[string]any{"database": cfg.DatabaseFile(), "version": version}, "%s is at schema version %d", cfg.DatabaseFile(), version)
}
