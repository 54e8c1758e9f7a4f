package mail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/mail"
)

func files(t *testing.T, log *slog.Logger) (*mail.Files, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data", "outbox")
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	f, err := mail.NewFiles(dir, "no-reply@example.com", func(context.Context) time.Time { return at }, log)
	if err != nil {
		t.Fatal(err)
	}
	return f, dir
}

func TestMailIsAFile(t *testing.T) {
	var log bytes.Buffer
	f, dir := files(t, slog.New(slog.NewTextHandler(&log, nil)))
	m := message
	m.Payload = map[string]any{"token": "s3cr3t", "long": strings.Repeat("x", 5000)}
	if err := f.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	name := entries[0].Name()
	if name != "20261121T100000.000000000Z-000001-reset-password.eml" {
		t.Errorf("name %s", name)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	read, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil || read.Header.Get("X-Authd-Kind") != "reset-password" || read.Header.Get("To") != "<ada@example.com>" {
		t.Errorf("%v, %v", read.Header, err)
	}
	if payload := mail.Payload(read.Header.Get("X-Authd-Payload")); (payload["token"] == "s3cr3t") != mail.PayloadBuild {
		t.Errorf("payload %v in a build where that is %v", payload, mail.PayloadBuild)
	}
	for line := range bytes.Lines(text) {
		if len(line) > 1000 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if !strings.Contains(log.String(), name) || strings.Contains(log.String(), "s3cr3t") || strings.Contains(log.String(), "ada@") {
		t.Errorf("log: %s", log.String())
	}
}

func TestNamesSortAsMailsWereMade(t *testing.T) {
	f, dir := files(t, slog.New(slog.DiscardHandler))
	var made []string
	for _, kind := range []string{"verify-email", "change-email", "reset-password", "a"} {
		m := message
		m.Kind = kind
		if err := f.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		made = append(made, kind)
	}
	var found []string
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		found = append(found, strings.TrimSuffix(strings.SplitN(e.Name(), "-", 3)[2], ".eml"))
	}
	if !slices.Equal(found, made) {
		t.Errorf("found %v, made %v", found, made)
	}
}

func TestMailsAtOnceAreFilesOfTheirOwn(t *testing.T) {
	f, dir := files(t, slog.New(slog.DiscardHandler))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := f.Send(t.Context(), message); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 20 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

func TestRefusedMailLeavesNoFile(t *testing.T) {
	f, dir := files(t, slog.New(slog.DiscardHandler))
	m := message
	m.To = "nobody"
	if err := f.Send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); !errors.Is(err, os.ErrNotExist) && (err != nil || len(entries) > 0) {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestUnwritableOutboxIsATemporaryError(t *testing.T) {
	f, dir := files(t, slog.New(slog.DiscardHandler))
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), message); err == nil || errors.Is(err, mail.ErrPermanent) {
		t.Error(err)
	}
}

func TestSenderMustBeAnAddress(t *testing.T) {
	for _, from := range []string{"", "nobody", "a@example.com\r\nBcc: b@example.com"} {
		if _, err := mail.NewFiles(t.TempDir(), from, nil, nil); err == nil {
			t.Errorf("%q was accepted", from)
		}
	}
}
