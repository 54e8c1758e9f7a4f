package cli

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"authd/auth/internal/config"
	"authd/auth/internal/store"
)

type restoreCommand struct {
	File  string `arg:"" help:"Backup to put in place; - is standard input."`
	Force bool   `help:"Replace a database and a secret that are there."`
}

// Run puts a backup in place. Everything is unpacked and checked beside the old
// files first, so that a bad backup changes nothing.
func (c *restoreCommand) Run(ctx context.Context, p *program) (err error) {
	source, err := c.open(p)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	cfg, err := p.load(nil)
	if err != nil {
		return err
	}
	if err := dropRoot(cfg.Data, p.getenv("AUTHD_CHOWN_DATA")); err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	unlock, err := store.LockServe(cfg.DatabaseFile())
	if err != nil {
		return fmt.Errorf("%w; stop it first", err)
	}
	defer unlock()
	if _, err := os.Stat(cfg.DatabaseFile()); err == nil && !c.Force {
		return fmt.Errorf("%s is there already; --force replaces it", cfg.DatabaseFile())
	}
	unpacked, err := unpack(source, cfg.Data)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	defer unpacked.remove()
	schema, err := store.Check(ctx, unpacked.database)
	if err != nil {
		return fmt.Errorf("the backup is not sound: %w", err)
	}
	if err := c.place(cfg, unpacked); err != nil {
		return err
	}
	if len(unpacked.secrets) == 0 && len(cfg.Secrets) == 0 {
		_, _ = fmt.Fprintf(p.errOut, "The backup holds no secret: put the old one in %s before you start authd.\n", cfg.SecretFile())
	}
	return p.print(map[string]any{"database": cfg.DatabaseFile(), "version": schema, "secret": len(unpacked.secrets) > 0},
		"Restored %s (schema version %d).", cfg.DatabaseFile(), schema)
}

func (c *restoreCommand) open(p *program) (io.ReadCloser, error) {
	if c.File == "-" {
		return io.NopCloser(p.in), nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	return file, nil
}

// place replaces secret and database. The files of the old write-ahead log must
// not meet the new database.
func (c *restoreCommand) place(cfg *config.Config, unpacked *backup) error {
	if err := c.placeSecret(cfg, unpacked.secrets); err != nil {
		return err
	}
	for _, ending := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(cfg.DatabaseFile() + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the old database: %w", err)
		}
	}
	if err := os.Rename(unpacked.database, cfg.DatabaseFile()); err != nil {
		return fmt.Errorf("put the database in place: %w", err)
	}
	return nil
}

func (c *restoreCommand) placeSecret(cfg *config.Config, secrets []string) error {
	if len(secrets) == 0 || slices.Equal(secrets, cfg.Secrets) {
		return nil
	}
	if source := cfg.Source("secret"); source != "default" && source != cfg.SecretFile() {
		return fmt.Errorf("the backup was made with another secret than %s sets; set it to the one of the backup, or unset it to take that along", source)
	}
	if len(cfg.Secrets) > 0 && !c.Force {
		return fmt.Errorf("%s holds another secret than the backup; --force replaces it", cfg.SecretFile())
	}
	return config.WriteSecrets(cfg.SecretFile(), secrets)
}

// backup is an archive, unpacked.
type backup struct {
	database string
	secrets  []string
}

func (b *backup) remove() {
	if b.database != "" {
		_ = os.Remove(b.database)
	}
}

// unpack takes the two files it knows out of the archive, into the data directory.
func unpack(source io.Reader, data string) (*backup, error) {
	found := &backup{}
	archive := tar.NewReader(source)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = found.take(archive, header, data)
		}
		if err != nil {
			found.remove()
			return nil, err
		}
	}
	if found.database == "" {
		return nil, fmt.Errorf("it holds no %s; is it a backup of authd?", config.DatabaseFileName)
	}
	return found, nil
}

func (b *backup) take(archive io.Reader, header *tar.Header, data string) error {
	switch header.Name {
	case config.SecretFileName:
		text, err := io.ReadAll(io.LimitReader(archive, 64<<10))
		if err != nil {
			return err
		}
		b.secrets = strings.Fields(string(text))
		return nil
	case config.DatabaseFileName:
		file, err := os.CreateTemp(data, ".restore-*.db") // mode 0600
		if err != nil {
			return err
		}
		b.remove()
		b.database = filepath.Join(data, filepath.Base(file.Name()))
		_, copyErr := io.Copy(file, archive)
		return errors.Join(copyErr, file.Sync(), file.Close())
	default:
		return fmt.Errorf("it holds %q; is it a backup of authd?", clean(header.Name))
	}
}
