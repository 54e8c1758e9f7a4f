package access

import (
	_ "embed"
	"fmt"
	"os"
	"strings"

	"authd/auth/internal/config"
)

// disposableList is the list of services that give addresses away for minutes.
//
//go:embed disposable.txt
var disposableList string

// disposable are domains of such services; nil when nobody asked for them.
type disposable map[string]struct{}

// newDisposable reads the lists. One that cannot be read stops the start.
func newDisposable(cfg config.SignUp) (disposable, error) {
	if !cfg.BlockDisposable {
		return nil, nil
	}
	d := disposable{}
	if err := d.add(disposableList); err != nil {
		return nil, err
	}
	if cfg.DisposableDomainsFile == "" {
		return d, nil
	}
	more, err := os.ReadFile(cfg.DisposableDomainsFile)
	if err != nil {
		return nil, fmt.Errorf("sign_up.disposable_domains_file: %w", err)
	}
	if err := d.add(string(more)); err != nil {
		return nil, fmt.Errorf("sign_up.disposable_domains_file: %w", err)
	}
	return d, nil
}

func (d disposable) add(list string) error {
	for line := range strings.Lines(list) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		domain, ok := config.AsciiDomain(line)
		if !ok || !strings.Contains(domain, ".") {
			return fmt.Errorf("%q is not a domain such as example.com", line)
		}
		d[domain] = struct{}{}
	}
	return nil
}

// has tells whether a domain, or one that it stands below, is listed.
func (d disposable) has(domain string) bool {
	for domain != "" {
		if _, listed := d[domain]; listed {
			return true
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return false
}
