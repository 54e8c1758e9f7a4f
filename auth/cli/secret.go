package cli

import (
	"context"
	"errors"
	"fmt"

	"authd/auth"
	"authd/auth/internal/config"
	"authd/auth/internal/store"
)

type secretCommands struct {
	Rotate secretRotate `cmd:"" help:"Make a new first secret; the old ones go on verifying."`
}

type secretRotate struct{}

// Run puts a new secret in front of the old ones and seals anew what the old
// ones sealed. A running server goes on with what it knows until it is restarted.
func (secretRotate) Run(ctx context.Context, p *program) error {
	cfg, err := p.prepare(nil)
	if err != nil {
		return err
	}
	if source := cfg.Source("secret"); source != cfg.SecretFile() {
		return fmt.Errorf("the secret is set by %s: put a new one there, in front of the old one and a comma, and restart authd", source)
	}
	fresh, err := config.NewSecret()
	if err != nil {
		return err
	}
	old := cfg.Secrets
	cfg.Secrets = append([]string{fresh}, old...)
	if err := config.WriteSecrets(cfg.SecretFile(), cfg.Secrets); err != nil {
		return err
	}
	resealed, err := reseal(ctx, p, cfg)
	if err != nil {
		return errors.Join(err, config.WriteSecrets(cfg.SecretFile(), old))
	}
	done := "Restart authd: it seals anew what the old ones sealed."
	if resealed {
		done = "What the old ones sealed is sealed anew."
	}
	return p.print(map[string]any{"secrets": len(cfg.Secrets), "restart": !resealed},
		"%s has a new first secret and %d older. %s\nWhen all sessions made before are over (session.expires_in), the older lines may go.",
		cfg.SecretFile(), len(old), done)
}

// reseal seals everything anew, unless a server runs: it does not know the new
// secret yet, and does this itself at its next start.
func reseal(ctx context.Context, p *program, cfg *config.Config) (done bool, err error) {
	unlock, lockErr := store.LockServe(cfg.DatabaseFile())
	if lockErr != nil {
		return false, nil
	}
	defer unlock()
	server, err := auth.New(ctx, cfg, auth.Deps{Log: p.commandLog()})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	_, err = server.Reseal(ctx)
	return true, err
}
