package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	// SecretFileName is the file in the data directory that the secret is kept in.
	SecretFileName = "secret"
	// DatabaseFileName is the database's file in the data directory.
	DatabaseFileName = "authd.db"

	minSecret = 32
)

// SecretFile is where the secret lives when it is not configured.
func (c *Config) SecretFile() string {
	return filepath.Join(c.Data, SecretFileName)
}

// DatabaseFile is where the database lives.
func (c *Config) DatabaseFile() string {
	return filepath.Join(c.Data, DatabaseFileName)
}

// readSecret takes the secrets from the data directory when none are configured.
// It is no error when there are none yet.
func (c *Config) readSecret() error {
	if len(c.Secrets) > 0 {
		return nil
	}
	text, err := os.ReadFile(c.SecretFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the secret: %w", err)
	}
	key, _ := find(Keys(), "secret")
	list, err := key.parseList(c.SecretFile(), string(text))
	if err != nil {
		return err
	}
	c.Secrets = list.([]string)
	c.sources["secret"] = c.SecretFile()
	if len(c.Secrets) == 0 {
		return &complaint{"secret", c.SecretFile(), "empty", secretAllowed()}
	}
	return nil
}

// EnsureSecret makes the data directory and the secret at the first start.
// It refuses to make a new one beside a database whose secret is lost, for
// nothing in it could be opened any more.
func (c *Config) EnsureSecret() error {
	if len(c.Secrets) > 0 {
		return nil
	}
	if _, err := os.Stat(c.DatabaseFile()); err == nil {
		return fmt.Errorf("secret is not set and %s is missing, but %s was made with one; allowed: put the file back, or set AUTHD_SECRET", c.SecretFile(), c.DatabaseFile())
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	fresh, err := NewSecret()
	if err != nil {
		return err
	}
	if err := writeSecret(c.SecretFile(), fresh+"\n", false); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	// Read back: another process may have been first.
	if err := c.readSecret(); err != nil {
		return err
	}
	c.resolve()
	return c.checkSecrets()
}

// NewSecret makes 32 random bytes, as base64url.
func NewSecret() (string, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(random), nil
}

// WriteSecrets replaces the secret file; the first signs.
func WriteSecrets(file string, secrets []string) error {
	return writeSecret(file, strings.Join(secrets, "\n")+"\n", true)
}

// writeSecret makes the file whole or not at all, readable by its owner only.
func writeSecret(file, text string, replace bool) error {
	made, err := os.CreateTemp(filepath.Dir(file), ".secret-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	defer func() { _ = os.Remove(made.Name()) }()
	_, writeErr := made.WriteString(text)
	if err := errors.Join(writeErr, made.Sync(), made.Close()); err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	put := os.Link // fails when the file is there
	if replace {
		put = os.Rename
	}
	err = put(made.Name(), file)
	if err != nil && !replace && !errors.Is(err, os.ErrExist) {
		err = os.Rename(made.Name(), file) // a file system without hard links
	}
	if err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	return syncDir(filepath.Dir(file))
}

// syncDir makes a rename survive a power cut, where the system can.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	_ = dir.Sync()
	return dir.Close()
}

func secretAllowed() string {
	return fmt.Sprintf("at least %d characters each, such as openssl rand -base64 32 makes", minSecret)
}

func (c *Config) checkSecrets() error {
	for i, secret := range c.Secrets {
		if len(secret) < minSecret {
			return &complaint{"secret", c.Source("secret"), fmt.Sprintf("%d characters long (number %d)", len(secret), i+1), secretAllowed()}
		}
	}
	return nil
}
