package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/egress"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// Receiver is what is shown of a [[webhook]].
type Receiver struct {
	Name    string   `json:"name"`
	URL     string   `json:"url"`
	Events  []string `json:"events"`
	State   string   `json:"state"` // on, off, gone
	Waiting int      `json:"waiting"`
	GivenUp int      `json:"givenUp"`
}

// The errors of commands.
var (
	errNoReceiver = errors.New("no such webhook is configured")
	errNoEvent    = errors.New("no such event")
	errNoDelivery = errors.New("no delivery that waits or was given up has this id")
)

// List shows the configured receivers.
func (s *Service) List(ctx context.Context) ([]Receiver, error) {
	shut, err := listGone(ctx, s.core.DB)
	if err != nil {
		return nil, err
	}
	list := []Receiver{}
	for _, r := range s.receivers {
		one := Receiver{Name: r.Name, URL: r.URL, Events: r.Events, State: "on"}
		switch {
		case !r.Enabled:
			one.State = "off"
		case slices.Contains(shut, hashURL(r.URL)):
			one.State = "gone"
		}
		if one.Waiting, one.GivenUp, err = s.core.Jobs.Count(ctx, r.kind()); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// Enable lets a receiver in again that answered 410. It reports whether it had to.
func (s *Service) Enable(ctx context.Context, ref string) (was bool, err error) {
	r := s.receiver(ref)
	if r == nil {
		return false, s.unknown(ref)
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		was, err = deleteGone(ctx, tx, hashURL(r.URL))
		return err
	})
	return was, err
}

func (s *Service) unknown(ref string) error {
	var names []string
	for _, r := range s.receivers {
		names = append(names, r.Name)
	}
	return fmt.Errorf("%w: %q; there are: %s", errNoReceiver, ref, strings.Join(names, ", "))
}

// Sent is what came of a sample.
type Sent struct {
	ID      string        `json:"id"`
	Type    string        `json:"type"`
	Status  int           `json:"status"`
	Latency time.Duration `json:"-"`
	Millis  int64         `json:"milliseconds"`
	Body    string        `json:"body"` // its beginning
	Secret  string        `json:"secret,omitempty"`
}

// OK tells whether the receiver took it.
func (s *Sent) OK() bool { return s.Status >= 200 && s.Status < 300 }

// Test sends a signed sample to a configured receiver, or to any address: then with a secret
// made for the occasion. Nothing is queued.
func (s *Service) Test(ctx context.Context, ref, name string) (*Sent, error) {
	at := slices.IndexFunc(s.sources, func(e source) bool { return e.Name == name })
	if at < 0 {
		return nil, fmt.Errorf("%w: %q; there are: %s", errNoEvent, name, strings.Join(s.names(), ", "))
	}
	r, secret, err := s.target(ref)
	if err != nil {
		return nil, err
	}
	data, err := s.sources[at].sample(ctx)
	if err != nil {
		return nil, err
	}
	j, err := s.newJob(ctx, name, data)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	answer, err := s.post(ctx, r.URL, r.Headers, r.secrets, j, egress.Want{Trusted: true, Timeout: r.Timeout, MaxBody: shownBody})
	if err != nil {
		return nil, err
	}
	sent := &Sent{ID: j.ID, Type: name, Status: answer.Status, Latency: since(start), Body: string(answer.Body), Secret: secret}
	sent.Millis = sent.Latency.Milliseconds()
	return sent, nil
}

// target is whom a sample goes to, and the secret when it was made for this.
func (s *Service) target(ref string) (r *receiver, secret string, err error) {
	if r = s.receiver(ref); r != nil {
		return r, "", nil
	}
	if ref == "" && len(s.receivers) > 0 {
		return s.receivers[0], "", nil
	}
	if !config.WebURL(ref) {
		return nil, "", s.unknown(ref)
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	secret = config.SecretPrefix + base64.StdEncoding.EncodeToString(random)
	return &receiver{Webhook: config.Webhook{URL: ref}, secrets: [][]byte{random}}, secret, nil
}

// Delivery is a message that was not taken yet, or never.
type Delivery struct {
	ID        string    `json:"id"`
	Webhook   string    `json:"webhook"`
	MessageID string    `json:"messageId"`
	Type      string    `json:"type"`
	State     string    `json:"state"` // waiting, given up
	Attempts  int64     `json:"attempts"`
	CreatedAt time.Time `json:"createdAt"`
	NextAt    time.Time `json:"nextAt,omitzero"`
	LastError string    `json:"lastError"`
}

// Deliveries lists what waits or was given up, the newest first.
func (s *Service) Deliveries(ctx context.Context, limit int) ([]Delivery, error) {
	jobs, err := s.core.Jobs.List(ctx, kindPrefix, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Delivery, 0, len(jobs))
	for _, one := range jobs {
		j := job{Type: "?"} // sealed under a secret that is no longer there
		if err := json.Unmarshal(one.Payload, &j); one.Payload != nil && err != nil {
			return nil, fmt.Errorf("read a delivery: %w", err)
		}
		d := Delivery{
			ID: one.ID, Webhook: strings.TrimPrefix(one.Kind, kindPrefix), MessageID: j.ID, Type: j.Type, State: "waiting",
			Attempts: one.Attempts, CreatedAt: one.CreatedAt, NextAt: one.NextAt, LastError: one.LastError,
		}
		if one.Dead {
			d.State, d.NextAt = "given up", time.Time{}
		}
		list = append(list, d)
	}
	return list, nil
}

// GivenUp lists the ids of what was given up, as far as it can still be sent.
func (s *Service) GivenUp(ctx context.Context) (ids []string, err error) {
	all, err := s.Deliveries(ctx, math.MaxInt32)
	for _, d := range slices.Backward(all) { // the oldest first
		if d.State == "given up" && s.receiver(d.Webhook) != nil {
			ids = append(ids, d.ID)
		}
	}
	return ids, err
}

// Resend has a delivery tried again at once, by the running server.
func (s *Service) Resend(ctx context.Context, id string) error {
	err := s.core.Jobs.Again(ctx, id, kindPrefix)
	if errors.Is(err, outbox.ErrNoJob) {
		return fmt.Errorf("%w: %s", errNoDelivery, id)
	}
	return err
}
