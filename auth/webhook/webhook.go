// Package webhook tells other systems what happens here, and may ask one of them first.
//
// An event is a row of the outbox for each receiver that wants it, written in the
// transaction of what it tells of: both happen or neither. A lane of the outbox for
// each receiver delivers it, signed as Standard Webhooks has it
// (https://www.standardwebhooks.com), at least once, in no promised order. The
// package must not wait for a receiver in a request, and must not tell a receiver
// a secret or a token.
//
// The policy webhook (policy.go) is the other way round: it is asked before a
// sign-up or a sign-in, and its answer decides.
package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core      *core.Core
	receivers []*receiver
	sources   []source // all events that there are
	heard     []string // those that somebody is told of
}

// Heard names the events that are listened to: all others cost nothing.
func (s *Service) Heard() []string { return s.heard }

func (s *Service) wanted(name string) bool {
	return slices.ContainsFunc(s.receivers, func(r *receiver) bool { return r.Enabled && r.wants(name) })
}

// receiver is one [[webhook]].
type receiver struct {
	config.Webhook
	secrets [][]byte
}

// kindPrefix begins the kind of a receiver's jobs; its name follows.
const kindPrefix = "webhook/"

func (r *receiver) kind() string { return kindPrefix + r.Name }

// wants tells whether a receiver is to be told of a type of event.
func (r *receiver) wants(name string) bool {
	return slices.ContainsFunc(r.Events, func(pattern string) bool { return matches(pattern, name) })
}

// matches: a pattern is the name of an event, or its beginning and *.
func matches(pattern, name string) bool {
	start, open := strings.CutSuffix(pattern, "*")
	return pattern == name || open && strings.HasPrefix(name, start)
}

// New connects the capability. A type of event that nobody wants gets no listener:
// it costs nothing.
func New(c *core.Core) (*Service, error) {
	s := &Service{core: c}
	s.sources = s.events()
	for i, one := range c.Config.Webhook {
		r, err := s.newReceiver(i, one)
		if err != nil {
			return nil, err
		}
		s.receivers = append(s.receivers, r)
		if r.Enabled {
			c.Jobs.HandleApart(r.kind(), terms(r), func(ctx context.Context, payload []byte) error { return s.deliver(ctx, r, payload) })
		}
	}
	for _, source := range s.sources {
		if s.wanted(source.Name) {
			source.listen()
			s.heard = append(s.heard, source.Name)
		}
	}
	return s, s.usePolicy()
}

func (s *Service) newReceiver(i int, one config.Webhook) (*receiver, error) {
	r := &receiver{Webhook: one}
	for _, pattern := range one.Events {
		if !slices.ContainsFunc(s.sources, func(e source) bool { return matches(pattern, e.Name) }) {
			return nil, fmt.Errorf("webhook[%d].events is %q, which no event matches; allowed: *, a beginning and *, or %s", i, pattern, strings.Join(s.names(), ", "))
		}
	}
	var err error
	if r.secrets, err = config.SigningSecrets(one.Secret); err != nil { // Load has checked it
		return nil, err
	}
	return r, nil
}

// delays are those that the Standard Webhooks specification suggests.
func delays() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// leastAttempts keeps a message that was old when the server came back from being given up at once.
const leastAttempts = 3

func terms(r *receiver) outbox.Terms {
	return outbox.Terms{Delays: delays(), GiveUpAfter: r.RetryFor, LeastAttempts: leastAttempts}
}

// job is one message to one receiver. Body is a text, so that every attempt signs the same bytes.
type job struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Body string `json:"body"`
}

// message is the body that receivers get.
type message struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// newJob writes a message. Its id is the same for every receiver and attempt: receivers
// know by it what they have seen.
func (s *Service) newJob(ctx context.Context, name string, data any) (job, error) {
	body, err := json.Marshal(message{Type: name, Timestamp: s.core.Now(ctx).UTC().Truncate(time.Millisecond), Data: data})
	if err != nil {
		return job{}, fmt.Errorf("write a %s message: %w", name, err)
	}
	return job{ID: "msg_" + core.NewID(), Type: name, Body: string(body)}, nil
}

// emit queues a message for every receiver that wants it, in the transaction of what it tells of.
func (s *Service) emit(ctx context.Context, tx *store.Tx, name string, data any) error {
	gone, err := listGone(ctx, tx)
	if err != nil {
		return err
	}
	j, err := s.newJob(ctx, name, data)
	if err != nil {
		return err
	}
	for _, r := range s.receivers {
		if !r.Enabled || !r.wants(name) || slices.Contains(gone, hashURL(r.URL)) {
			continue
		}
		if _, err := s.core.Jobs.Add(ctx, tx, r.kind(), j); err != nil {
			return err
		}
	}
	return nil
}

// Start gives up what waits for receivers that are no longer configured.
func (s *Service) Start(ctx context.Context) error {
	kinds := []string{}
	for _, r := range s.receivers {
		kinds = append(kinds, r.kind())
	}
	return s.core.Jobs.Abandon(ctx, kindPrefix, kinds, "the webhook is no longer configured")
}

// receiver finds one by its name or its address.
func (s *Service) receiver(ref string) *receiver {
	for _, r := range s.receivers {
		if r.Name == ref || r.URL == ref {
			return r
		}
	}
	return nil
}
