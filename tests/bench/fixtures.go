package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// fixture is a data directory with so many users, each with one session, and the Cookie
// values of those sessions. Each user has allowed the bench's client all that it asks for. The
// large one also has an OAuth client for every hundred users, and a consent, a refresh token and
// an access token for each user.
type fixture struct {
	dir     string
	cookies []string
}

// fixtures makes the empty, the small and the large data directory, or takes those that an
// earlier run kept.
func (b *bench) fixtures(ctx context.Context, keep string) error {
	parent := b.dir
	if keep != "" {
		parent = keep
	}
	for _, size := range []int{0, b.small, b.large} {
		f := &fixture{dir: filepath.Join(parent, strconv.Itoa(size))}
		if err := b.fill(ctx, f, size); err != nil {
			return fmt.Errorf("make a file with %d users: %w", size, err)
		}
		b.files[size] = f
	}
	return nil
}

func (b *bench) fill(ctx context.Context, f *fixture, size int) error {
	if err := declareClients(f.dir); err != nil {
		return err
	}
	list := f.dir + "-cookies.txt"
	if _, err := os.Stat(list); err != nil {
		b.table.progress(fmt.Sprintf("making a file with %d users and sessions", size))
		if err := b.make(ctx, f.dir, list, size); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	f.cookies = strings.Fields(string(text))
	if len(f.cookies) != size {
		return fmt.Errorf("%s has %d cookies: remove it and run again", list, len(f.cookies))
	}
	return nil
}

// declareClients writes the configuration, of a file that an earlier run kept too.
func declareClients(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "authd.toml"), []byte(clientConfig()), 0o600)
}

// make lets the server create its file as any first start does, then fills it beside it.
func (b *bench) make(ctx context.Context, dir, list string, size int) error {
	s, _, err := b.authd(ctx, b.release, dir)
	if err != nil {
		return err
	}
	s.stop()
	clients := 0
	if size == b.large {
		clients = size / 100
	}
	out, err := os.Create(list)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, b.kit, "-data", dir, "-consent", clientID, "-users", strconv.Itoa(size), "-clients", strconv.Itoa(clients))
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Run(); err != nil {
		_ = os.Remove(list)
		return fmt.Errorf("fill %s: %w", dir, err)
	}
	return nil
}
