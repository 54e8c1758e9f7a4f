package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/clock"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/egress"
	"authd/auth/internal/hashing"
	"authd/auth/internal/mail"
	"authd/auth/internal/outbox"
	"authd/auth/internal/sms"
	"authd/auth/internal/store"
	"authd/migrations"
)

// Deps is what a server takes from its surroundings; the zero value is the real world.
type Deps struct {
	Log    *slog.Logger
	Clock  clock.Clock
	Egress *egress.Client
}

// Server is a whole authd: its services for commands, its handler for requests.
type Server struct {
	*Services
	cfg    *config.Config
	log    *slog.Logger
	db     *store.DB
	hashes *hashing.Pool
	queue  *outbox.Queue
	router *api.Router
	texts  sms.Sender
}

// New opens the database and builds every capability. It serves nothing yet
// and starts no job: commands use it beside a running server.
func New(ctx context.Context, cfg *config.Config, deps Deps) (*Server, error) {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Clock == nil {
		deps.Clock = clock.System
	}
	if deps.Egress == nil {
		deps.Egress = egress.New(egress.Options{UserAgent: "authd"})
	}
	keys, err := core.NewKeyring(cfg.Secrets)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Options{Path: cfg.DatabaseFile(), Log: deps.Log, Migrations: migrations.FS})
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: deps.Log, db: db, hashes: hashing.New(hashing.Options{})}
	if err := s.build(keys, deps); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) build(keys *core.Keyring, deps Deps) error {
	sealer, err := keys.Sealer("outbox")
	if err != nil {
		return err
	}
	s.queue = outbox.New(s.db, sealer, deps.Clock, deps.Log)
	sender, err := newSender(s.cfg, deps)
	if err != nil {
		return err
	}
	word, err := newWording(s.cfg)
	if err != nil {
		return err
	}
	mailer := core.NewMailer(s.queue, sender, word, s.cfg.Mail.SMTPURL == "")
	c, err := core.New(s.db, s.cfg, keys, deps.Clock, deps.Log, mailer)
	if err != nil {
		return err
	}
	c.Egress, c.Jobs = deps.Egress, s.queue
	if s.texts, err = newTexter(s.cfg, deps); err != nil {
		return err
	}
	if s.Services, err = s.modules(c); err != nil {
		return err
	}
	s.router, err = s.newRouter(c)
	return err
}

// newSender is the way out for mail: SMTP, or files in the data directory.
func newSender(cfg *config.Config, deps Deps) (mail.Sender, error) {
	if cfg.Mail.SMTPURL == "" {
		return mail.NewFiles(filepath.Join(cfg.Data, "outbox"), cfg.Mail.From, deps.Clock, deps.Log)
	}
	return mail.NewSMTP(mail.SMTPOptions{URL: cfg.Mail.SMTPURL, From: cfg.Mail.From, Clock: deps.Clock})
}

// newTexter is the way out for text messages.
func newTexter(cfg *config.Config, deps Deps) (sms.Sender, error) {
	files, err := mail.NewFiles(filepath.Join(cfg.Data, "outbox"), cfg.Mail.From, deps.Clock, deps.Log)
	if err != nil {
		return nil, err
	}
	return sms.New(cfg.SMS, deps.Egress, deps.Clock, files)
}

// Handler serves every request.
func (s *Server) Handler() http.Handler { return s.router }

// Start brings the database up to what the configuration says; a server that
// will serve calls it once, before the first request.
func (s *Server) Start(ctx context.Context) error {
	if err := s.Services.Core.IndexFields(ctx); err != nil {
		return err
	}
	if err := s.OIDC.Start(ctx); err != nil {
		return err
	}
	if err := s.warnOfIdle(ctx); err != nil {
		return err
	}
	return s.Webhooks.Start(ctx)
}

// warnOfIdle says what people set up that the configuration has turned off since: it
// is kept, and counts again once it is on.
func (s *Server) warnOfIdle(ctx context.Context) error {
	unasked, err := s.TwoFactor.Idle(ctx)
	if err != nil {
		return err
	}
	if unasked {
		s.log.Warn("two_factor.enabled is false: who has set up a second factor signs in without it")
	}
	shut, err := s.Passkeys.Idle(ctx)
	if shut {
		s.log.Warn("passkey.enabled is false: people have passkeys, and some may have no other way in; authd user recover lets one in")
	}
	return err
}

// Run does the work that no request waits for, until ctx ends: mails are
// delivered, what has expired is swept away.
func (s *Server) Run(ctx context.Context) {
	s.hashes.Serve()
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { s.queue.Run(ctx) })
	running.Go(func() { s.OIDC.Run(ctx) })
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, sweep := range s.sweeps() {
				if err := sweep(ctx); err != nil && ctx.Err() == nil {
					s.log.Warn("sweep failed", "error", err)
				}
			}
		}
	}
}

// sweeps are what deletes what has expired, one of each capability.
func (s *Server) sweeps() []func(context.Context) error {
	return []func(context.Context) error{
		s.Core.Sweep,
		s.TwoFactor.Sweep,
		s.Devices.Sweep,
		s.Access.Sweep,
		s.Phones.Sweep,
		s.Browser.Anonymous.Sweep,
		s.EmailOTP.Sweep,
		s.Known.Sweep,
		s.Lockout.Sweep,
	}
}

// Drain delivers what is queued, until ctx ends.
func (s *Server) Drain(ctx context.Context) { s.queue.Drain(ctx) }

// Close ends the threads and closes the database; acknowledged writes are in it.
func (s *Server) Close() error {
	s.hashes.Close()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// Reseal seals everything anew that secrets sealed which were in force before. It
// reports how many values that were.
func (s *Server) Reseal(ctx context.Context) (n int, err error) {
	for _, reseal := range []func(context.Context) (int, error){s.OIDC.Reseal, s.TwoFactor.Reseal, s.Core.ResealTokens} {
		some, err := reseal(ctx)
		if n += some; err != nil {
			return n, fmt.Errorf("open what earlier secrets sealed: %w", err)
		}
	}
	return n, nil
}

// Backup writes a consistent copy of the database to a new file.
func (s *Server) Backup(ctx context.Context, path string) error { return s.db.Backup(ctx, path) }
