package authdtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Mail is one message that authd wrote to its outbox.
type Mail struct {
	File    string
	Kind    string // X-Authd-Kind
	To      string
	Subject string
	Text    string
	HTML    string
	Payload map[string]any // X-Authd-Payload: what the mail was made from
}

// Mails are the messages in the outbox, oldest first.
func (s *Server) Mails(t testing.TB) []Mail {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Data, "outbox", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files) // names sort by time
	all := make([]Mail, 0, len(files))
	for _, file := range files {
		m, err := readMail(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// LastMail is the newest message of a kind; an empty address takes any.
func (s *Server) LastMail(t testing.TB, kind, to string) Mail {
	t.Helper()
	all := s.Mails(t)
	for _, m := range slices.Backward(all) {
		if m.Kind == kind && (to == "" || m.To == to) {
			return m
		}
	}
	var have []string
	for _, m := range all {
		have = append(have, m.Kind+" to "+m.To)
	}
	t.Fatalf("no mail %s to %q; there are %q", kind, to, have)
	return Mail{}
}

func readMail(file string) (Mail, error) {
	f, err := os.Open(file)
	if err != nil {
		return Mail{}, fmt.Errorf("read a mail: %w", err)
	}
	defer f.Close()
	message, err := mail.ReadMessage(f)
	if err != nil {
		return Mail{}, fmt.Errorf("read mail %s: %w", file, err)
	}
	m := Mail{File: filepath.Base(file), Kind: message.Header.Get("X-Authd-Kind")}
	if to, err := mail.ParseAddress(message.Header.Get("To")); err == nil {
		m.To = to.Address
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return Mail{}, fmt.Errorf("read the subject of %s: %w", file, err)
	}
	if m.Payload, err = readPayload(message.Header.Get("X-Authd-Payload")); err != nil {
		return Mail{}, fmt.Errorf("read X-Authd-Payload of %s: %w", file, err)
	}
	if err := m.readBody(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body); err != nil {
		return Mail{}, fmt.Errorf("read the body of %s: %w", file, err)
	}
	return m, nil
}

// readPayload: a long header is folded, which leaves blanks between its pieces.
func readPayload(header string) (map[string]any, error) {
	if header == "" {
		return nil, nil
	}
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(header), ""))
	if err != nil {
		return nil, err
	}
	payload := map[string]any{}
	return payload, json.Unmarshal(text, &payload)
}

func (m *Mail) readBody(contentType, encoding string, body io.Reader) error {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	if strings.HasPrefix(media, "multipart/") {
		return m.readParts(multipart.NewReader(body, params["boundary"]))
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	switch media {
	case "text/plain":
		m.Text = string(text)
	case "text/html":
		m.HTML = string(text)
	}
	return nil
}

func (m *Mail) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.readBody(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
			return err
		}
	}
}
