package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"authd/auth/internal/egress"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

const (
	gone      = 410
	tooMany   = 429
	overload  = 503
	shownBody = 300 // bytes of an answer that are read, to be shown
)

// deliver is the handler of a receiver's jobs.
func (s *Service) deliver(ctx context.Context, r *receiver, payload []byte) error {
	var j job
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", outbox.ErrPermanent, err)
	}
	shut, err := listGone(ctx, s.core.DB)
	if err != nil {
		return err
	}
	if slices.Contains(shut, hashURL(r.URL)) {
		return fmt.Errorf("%w: the receiver answered 410 before; authd webhook enable lets it in again", outbox.ErrPermanent)
	}
	answer, err := s.post(ctx, r.URL, r.Headers, r.secrets, j, egress.Want{Trusted: true, Timeout: r.Timeout, MaxBody: shownBody})
	if err != nil {
		return err
	}
	return s.judge(ctx, r, answer)
}

// judge says what an answer means (Standard Webhooks, "Deliverability and reliability"): any
// 2xx is done, 410 ends it for good, and all else, redirects too, is tried again.
func (s *Service) judge(ctx context.Context, r *receiver, a egress.Answer) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	failure := fmt.Errorf("the receiver answered %d: %s", a.Status, a.Body)
	switch a.Status {
	case gone:
		if err := s.shut(ctx, r); err != nil {
			return err
		}
		return fmt.Errorf("%w: %w", outbox.ErrPermanent, failure)
	case tooMany, overload:
		return &outbox.Later{Err: failure, Wait: a.RetryAfter}
	default:
		return failure
	}
}

// shut keeps a receiver that answered 410 from being told anything more.
func (s *Service) shut(ctx context.Context, r *receiver) error {
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertGone(ctx, tx, hashURL(r.URL), s.core.Now(ctx)) })
	if err == nil {
		s.core.Log.Error("a webhook is off: its receiver answered 410 Gone", "webhook", r.Name, "undo", "authd webhook enable "+r.Name)
	}
	return err
}

// post signs a message and sends it.
func (s *Service) post(ctx context.Context, address string, header map[string]string, secrets [][]byte, j job, want egress.Want) (egress.Answer, error) {
	all := egress.Signed(header, secrets, j.ID, s.core.Now(ctx), j.Body)
	answer, err := s.core.Egress.Post(ctx, address, all, []byte(j.Body), want)
	var wrapped *url.Error
	if errors.As(err, &wrapped) { // it names the address, which may hold a secret
		err = wrapped.Err
	}
	if err != nil {
		return answer, fmt.Errorf("no answer: %w", err)
	}
	return answer, nil
}

// hashURL is how a receiver is known where its address must not be read.
func hashURL(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:])
}

// since is how long something took, by the real clock: a test's does not move.
func since(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }
