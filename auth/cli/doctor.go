package cli

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/store"
)

type doctorCommand struct {
	Live bool `help:"Only ask the running server whether it lives."`
}

// finding is what one look gave.
type finding struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, warning, wrong
	Text  string `json:"text"`
}

const (
	fine    = "ok"
	warning = "warning"
	wrong   = "wrong"
)

// Run looks at everything and fails when something is wrong; warnings do not fail it.
func (c *doctorCommand) Run(ctx context.Context, p *program) error {
	cfg, err := p.load(nil)
	if err != nil {
		return err
	}
	if c.Live {
		return p.live(ctx, cfg)
	}
	// As root everything can be read and written; the server is not root.
	if err := dropRoot(cfg.Data, ""); err != nil {
		return err
	}
	var all []finding
	for _, look := range []func(context.Context, *config.Config) []finding{
		lookAtFile, lookAtURL, lookAtProxies, lookAtData, lookAtSecret, lookAtDatabase, lookAtMail, lookAtServer,
	} {
		all = append(all, look(ctx, cfg)...)
	}
	if err := p.printFindings(all); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(f finding) bool { return f.State == wrong }) {
		return silentError{}
	}
	return nil
}

func (p *program) printFindings(all []finding) error {
	if p.json {
		return p.printJSON(all)
	}
	for _, f := range all {
		if _, err := fmt.Fprintf(p.out, "%-8s %-14s %s\n", f.State, f.Name, clean(f.Text)); err != nil {
			return err
		}
	}
	return nil
}

func lookAtFile(_ context.Context, cfg *config.Config) []finding {
	if cfg.File == "" {
		return []finding{{"configuration", fine, "no authd.toml; environment and defaults"}}
	}
	return []finding{{"configuration", fine, cfg.File}}
}

func lookAtURL(_ context.Context, cfg *config.Config) []finding {
	if strings.HasPrefix(cfg.URL, "http://") && !local(cfg.URL) {
		return []finding{{"url", warning, cfg.URL + " is not encrypted: passwords and cookies can be read on the way, and browsers refuse passkeys; put a proxy with TLS in front and set AUTHD_URL to its https address"}}
	}
	if !cfg.IsSet("url") {
		return []finding{{"url", fine, cfg.URL + " (only this computer can use it; set AUTHD_URL to the address that people see)"}}
	}
	return []finding{{"url", fine, cfg.URL}}
}

// lookAtProxies: TLS ends at a proxy, for authd speaks none; when its address is
// not trusted, all people share it, and one rate limit with it.
func lookAtProxies(_ context.Context, cfg *config.Config) []finding {
	list := strings.Join(cfg.TrustedProxies, ", ")
	host, _, _ := net.SplitHostPort(cfg.Addr)
	onlyHere := host == "localhost" || net.ParseIP(host).IsLoopback()
	if strings.HasPrefix(cfg.URL, "https://") && !cfg.IsSet("trusted_proxies") && !onlyHere {
		return []finding{{"proxies", warning, "url is https, so a proxy stands in front, but only loopback is trusted; unless it runs on this computer, set AUTHD_TRUSTED_PROXIES, or everybody shares its address and its rate limit"}}
	}
	return []finding{{"proxies", fine, list}}
}

func lookAtData(_ context.Context, cfg *config.Config) []finding {
	info, err := os.Stat(cfg.Data)
	if os.IsNotExist(err) {
		return []finding{{"data", warning, cfg.Data + " is not there yet; the first start makes it"}}
	}
	if err != nil {
		return []finding{{"data", wrong, err.Error()}}
	}
	probe, err := os.CreateTemp(cfg.Data, ".doctor-*")
	if err != nil {
		return []finding{{"data", wrong, "cannot be written: " + err.Error()}}
	}
	_, _ = probe.Close(), os.Remove(probe.Name())
	if kind := networkFileSystem(cfg.Data); kind != "" {
		return []finding{{"data", wrong, cfg.Data + " is on " + kind + ", which loses SQLite's locks; put it on a local disk"}}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return []finding{{"data", warning, fmt.Sprintf("others on this computer can look into %s (%s); chmod 700 keeps them out", cfg.Data, info.Mode().Perm())}}
	}
	return []finding{{"data", fine, cfg.Data}}
}

func lookAtSecret(_ context.Context, cfg *config.Config) []finding {
	var found []finding
	switch info, err := os.Stat(cfg.SecretFile()); {
	case len(cfg.Secrets) == 0 && databaseThere(cfg):
		found = append(found, finding{"secret", wrong, "there is a database but no secret: put " + cfg.SecretFile() + " back, or set AUTHD_SECRET"})
	case len(cfg.Secrets) == 0:
		found = append(found, finding{"secret", fine, "none yet; the first start makes it"})
	case cfg.Source("secret") == cfg.SecretFile() && err == nil && info.Mode().Perm()&0o077 != 0:
		found = append(found, finding{"secret", wrong, fmt.Sprintf("others on this computer can read %s (%s); chmod 600 it, then authd secret rotate", cfg.SecretFile(), info.Mode().Perm())})
	default:
		found = append(found, finding{"secret", fine, fmt.Sprintf("%d, from %s", len(cfg.Secrets), cfg.Source("secret"))})
	}
	cache := cfg.Session.CookieCache
	if cache.Enabled && slices.Contains(cfg.Secrets, cache.Secret) {
		found = append(found, finding{"cookie cache", warning, "session.cookie_cache.secret is the secret itself: an app that reads the cookie could sign anything; give the cache a secret of its own before you hand it to an app"})
	}
	return found
}

func databaseThere(cfg *config.Config) bool {
	_, err := os.Stat(cfg.DatabaseFile())
	return err == nil
}

func lookAtDatabase(ctx context.Context, cfg *config.Config) []finding {
	if !databaseThere(cfg) {
		return []finding{{"database", fine, "none yet; the first start makes it"}}
	}
	schema, err := store.Check(ctx, cfg.DatabaseFile())
	if err != nil {
		return []finding{{"database", wrong, err.Error()}}
	}
	return []finding{{"database", fine, fmt.Sprintf("%s is sound (schema version %d)", cfg.DatabaseFile(), schema)}}
}

func lookAtMail(ctx context.Context, cfg *config.Config) []finding {
	if cfg.Mail.SMTPURL == "" {
		return []finding{{"mail", warning, "no mail is sent: it is written to " + cfg.Data + "/outbox; set AUTHD_SMTP_URL and AUTHD_MAIL_FROM"}}
	}
	server, err := url.Parse(cfg.Mail.SMTPURL)
	if err != nil {
		return []finding{{"mail", wrong, "mail.smtp_url is not usable"}}
	}
	port := server.Port()
	if port == "" {
		port = map[string]string{"smtp": "587", "smtps": "465"}[server.Scheme]
	}
	address := net.JoinHostPort(server.Hostname(), port)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	line, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return []finding{{"mail", wrong, err.Error()}}
	}
	_ = line.Close()
	return []finding{{"mail", fine, address + " answers; mail comes from " + cfg.Mail.From}}
}

func lookAtServer(ctx context.Context, cfg *config.Config) []finding {
	if err := ask(ctx, cfg, "/healthz"); err != nil {
		return []finding{{"server", fine, "not running at " + reachable(cfg.Addr)}}
	}
	if err := ask(ctx, cfg, "/readyz"); err != nil {
		return []finding{{"server", wrong, "runs, but cannot write its database: " + err.Error()}}
	}
	return []finding{{"server", fine, "runs and can write, at " + reachable(cfg.Addr)}}
}
