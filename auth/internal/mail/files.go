package mail

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"sync"
	"time"

	"authd/auth/internal/clock"
)

// Files writes each mail to a file of its own, for a server that has no way to
// send: its owner reads the links there.
type Files struct {
	dir   string
	from  *mail.Address
	clock clock.Clock
	log   *slog.Logger

	mu   sync.Mutex
	last time.Time // of the newest name
	seq  int       // mails so far
}

// NewFiles makes a sender that writes to dir, which it creates at the first
// mail. Nobody else on the machine can read the files.
func NewFiles(dir, from string, now clock.Clock, log *slog.Logger) (*Files, error) {
	address, err := parseFrom(from)
	if err != nil {
		return nil, err
	}
	return &Files{dir: dir, from: address, clock: now, log: log}, nil
}

// Send writes the mail. When it returns nil, the whole file is on disk.
func (f *Files) Send(ctx context.Context, m Message) error {
	// The time is the machine's, never that of a request, which a test may have
	// set: the names of the files must sort as the mails were made.
	at, seq := f.next(f.clock(context.Background()))
	msg, err := compose(f.from, m, at)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("mail: make the outbox: %w", err)
	}
	name := filepath.Join(f.dir, fmt.Sprintf("%s-%06d-%s.eml", at.UTC().Format("20060102T150405.000000000Z"), seq, m.Kind))
	if err := write(name, func(file *os.File) error { _, err := msg.WriteTo(file); return err }); err != nil {
		return fmt.Errorf("mail: write to the outbox: %w", err)
	}
	f.log.InfoContext(ctx, "mail written to a file, for no mail server is configured", "kind", m.Kind, "file", name)
	return nil
}

// next gives each mail a time after the one before, however coarse the clock.
func (f *Files) next(now time.Time) (at time.Time, seq int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !now.After(f.last) {
		now = f.last.Add(time.Nanosecond)
	}
	f.last = now
	f.seq++
	return f.last, f.seq
}

// write makes a file appear under its name only once it is complete.
func write(name string, content func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // when it has its name, there is nothing to remove
	defer file.Close()
	if err := content(file); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
