package cli

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"authd/auth"
	"authd/auth/internal/config"
)

type backupCommand struct {
	File     string `arg:"" help:"File to write, a tar archive; - is standard output."`
	NoSecret bool   `help:"Leave the secret out. Without it signing keys and other sealed values cannot be opened."`
	Force    bool   `help:"Replace the file when it is there."`
}

// Run writes a consistent copy of the database, and the secret, beside a running server.
func (c *backupCommand) Run(ctx context.Context, p *program) (err error) {
	// Opened first: the process may give up the right to write there.
	target, err := c.create(p)
	if err != nil {
		return err
	}
	defer func() {
		closeErr := target.Close()
		if err = errors.Join(err, closeErr); err != nil && c.File != "-" {
			_ = os.Remove(c.File)
		}
	}()
	cfg, err := p.prepare(nil)
	if err != nil {
		return err
	}
	if _, err := os.Stat(cfg.DatabaseFile()); err != nil {
		return fmt.Errorf("there is nothing to back up: %w", err)
	}
	copied, err := copyDatabase(ctx, p, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(copied) }()
	size, err := c.write(target, cfg, copied)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if c.File == "-" {
		return nil
	}
	if err := target.Sync(); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return p.print(map[string]any{"file": c.File, "bytes": size, "secret": !c.NoSecret}, "Wrote %s (%d bytes, %s).", c.File, size, c.about())
}

func (c *backupCommand) about() string {
	if c.NoSecret {
		return "without the secret"
	}
	return "with the secret: keep it to yourself"
}

func (c *backupCommand) create(p *program) (*os.File, error) {
	if c.File == "-" {
		out, ok := p.out.(*os.File)
		if !ok || p.json {
			return nil, &usageError{"standard output takes the archive, not --json"}
		}
		return out, nil
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_EXCL
	if c.Force {
		flags = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	file, err := os.OpenFile(c.File, flags, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already; --force replaces it", c.File)
	}
	if err != nil {
		return nil, fmt.Errorf("write the backup: %w", err)
	}
	return file, nil
}

// copyDatabase makes a checked copy in the data directory.
func copyDatabase(ctx context.Context, p *program, cfg *config.Config) (name string, err error) {
	server, err := auth.New(ctx, cfg, auth.Deps{Log: p.commandLog()})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	name = filepath.Join(cfg.Data, fmt.Sprintf(".backup-%d.db", os.Getpid()))
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("write the backup: %w", err)
	}
	return name, server.Backup(ctx, name)
}

// write makes the archive: the secret, then the database.
func (c *backupCommand) write(target io.Writer, cfg *config.Config, copied string) (size int64, err error) {
	now := time.Now().UTC().Truncate(time.Second)
	archive := tar.NewWriter(target)
	if !c.NoSecret {
		text := strings.Join(cfg.Secrets, "\n") + "\n"
		if err := archive.WriteHeader(&tar.Header{Name: config.SecretFileName, Mode: 0o600, Size: int64(len(text)), ModTime: now}); err != nil {
			return 0, err
		}
		if _, err := io.WriteString(archive, text); err != nil {
			return 0, err
		}
	}
	database, err := os.Open(copied)
	if err != nil {
		return 0, err
	}
	defer func() { _ = database.Close() }()
	info, err := database.Stat()
	if err != nil {
		return 0, err
	}
	if err := archive.WriteHeader(&tar.Header{Name: config.DatabaseFileName, Mode: 0o600, Size: info.Size(), ModTime: now}); err != nil {
		return 0, err
	}
	if _, err := io.Copy(archive, database); err != nil {
		return 0, err
	}
	return info.Size(), archive.Close()
}
