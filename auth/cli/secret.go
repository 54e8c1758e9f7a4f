package cli

import (
	"context"
	"errors"
	"fmt"

	"authd/auth"
	"authd/auth/internal/config"
)

type secretCommands struct {
	Rotate secretRotate `cmd:"" help:"Make a new first secret; the old ones go on verifying."`
}

type secretRotate struct{}

// Run puts a new secret in front of the old ones and seals anew what the old
// ones sealed. A running server goes on with what it knows until it is restarted.
func (secretRotate) Run(ctx context.Context, p *program) (err error) {
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
	server, err := auth.New(ctx, cfg, auth.Deps{Log: p.commandLog()})
	if err != nil {
		return errors.Join(err, config.WriteSecrets(cfg.SecretFile(), old))
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	return p.print(map[string]any{"secrets": len(cfg.Secrets)},
		"%s has a new first secret and %d older. Restart authd: it seals anew what the old ones sealed.\nWhen all sessions made before are over (session.expires_in), the older lines may go.",
		cfg.SecretFile(), len(old))
}
