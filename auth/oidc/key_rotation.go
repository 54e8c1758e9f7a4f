package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/store"
)

// # How a key is replaced
//
// A new key is published at once and signs a while later, so that nobody meets a
// token whose key they cannot have seen. The old key stays published until the
// last token that it may have signed has ended. Nothing needs to be told to a
// server that runs: what signs is read from the times in the table, and the table
// is looked at every second.

// ErrUnknownAlg says that there are no keys for a signature algorithm.
var ErrUnknownAlg = errors.New("keys are for RS256, ES256, EdDSA or PS256")

// The states of a key.
const (
	KeyNext     = "next"     // published, does not sign yet
	KeySigns    = "signs"    //
	KeyVerifies = "verifies" // published until its last token has ended
)

// KeyInfo is a signing key as commands show it.
type KeyInfo struct {
	ID        string     `json:"kid"`
	Alg       string     `json:"alg"`
	State     string     `json:"state"`
	CreatedAt time.Time  `json:"created_at"`
	SignsFrom time.Time  `json:"signs_from"`
	Until     *time.Time `json:"published_until,omitempty"`
}

// Keys lists the signing keys, those that are missing made before.
func (s *Service) Keys(ctx context.Context) ([]KeyInfo, error) {
	if err := s.keys.ensure(ctx); err != nil {
		return nil, err
	}
	now := s.now(ctx)
	rows, err := listKeys(ctx, s.core.DB, now)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	signing := signingRows(rows, now)
	list := make([]KeyInfo, 0, len(rows))
	for _, row := range rows {
		info := KeyInfo{ID: row.id, Alg: row.alg, State: KeyVerifies, CreatedAt: row.createdAt, SignsFrom: row.activeAt, Until: row.expiresAt}
		if info.SignsFrom.Before(info.CreatedAt) {
			info.SignsFrom = info.CreatedAt
		}
		switch {
		case signing[row.alg] == row.id:
			info.State = KeySigns
		case row.activeAt.After(now) && !replaced(row, rows, now):
			info.State = KeyNext
		}
		list = append(list, info)
	}
	slices.SortStableFunc(list, func(a, b KeyInfo) int { return slices.Index(signingAlgs(), a.Alg) - slices.Index(signingAlgs(), b.Alg) })
	return list, nil
}

// replaced tells whether a key will never sign, for one behind it does already:
// somebody could not wait.
func replaced(one keyRow, rows []keyRow, now time.Time) bool {
	at := slices.IndexFunc(rows, func(row keyRow) bool { return row.id == one.id })
	return slices.ContainsFunc(rows[at+1:], func(row keyRow) bool { return row.alg == one.alg && !row.activeAt.After(now) })
}

// signingRows is the key of each algorithm that signs: the last one that is
// active. rows are in the order in which they succeed each other.
func signingRows(rows []keyRow, now time.Time) map[string]string {
	signing := map[string]string{}
	for _, row := range rows {
		if _, has := signing[row.alg]; !has || !row.activeAt.After(now) {
			signing[row.alg] = row.id
		}
	}
	return signing
}

// RotateKey makes the next key of an algorithm, which signs after the delay; ""
// is all algorithms. Errors: ErrUnknownAlg.
func (s *Service) RotateKey(ctx context.Context, alg string, delay time.Duration) error {
	algs := []string{alg}
	if alg == "" {
		algs = signingAlgs()
	} else if !slices.Contains(signingAlgs(), alg) {
		return ErrUnknownAlg
	}
	if err := s.keys.ensure(ctx); err != nil {
		return err
	}
	rows, err := listKeys(ctx, s.core.DB, s.now(ctx))
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	if !slices.ContainsFunc(rows, func(row keyRow) bool { return slices.Contains(algs, row.alg) }) { // nothing was ever signed with it
		return s.keys.ensure(ctx, alg)
	}
	for _, row := range rows {
		if row.expiresAt == nil && slices.Contains(algs, row.alg) {
			if err := s.succeed(ctx, row, delay); err != nil {
				return fmt.Errorf("rotate the key for %s: %w", row.alg, err)
			}
		}
	}
	return nil
}

// ReplaceStolenKey lets a new key sign at once and publishes no older one any
// more: nothing that they signed counts, whoever signed it. "" is all algorithms.
// Errors: ErrUnknownAlg.
func (s *Service) ReplaceStolenKey(ctx context.Context, alg string) error {
	if err := s.RotateKey(ctx, alg, 0); err != nil {
		return err
	}
	algs := signingAlgs()
	if alg != "" {
		algs = []string{alg}
	}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		for _, one := range algs {
			if err := withdrawKeys(ctx, tx, one); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("withdraw signing keys: %w", err)
	}
	s.security(ctx, "keys-withdrawn", slog.String("algs", strings.Join(algs, " ")))
	return s.keys.ensure(ctx)
}

// RotateDue makes the next key of each algorithm whose newest one is as old as
// the configuration allows.
func (s *Service) RotateDue(ctx context.Context) error {
	interval := s.core.Config.JWT.JWKS.RotationInterval
	if interval == 0 {
		return nil
	}
	now, ahead := s.now(ctx), min(24*time.Hour, interval/4)
	rows, err := listKeys(ctx, s.core.DB, now)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	for _, row := range rows {
		from := row.activeAt
		if from.Before(row.createdAt) {
			from = row.createdAt
		}
		if row.expiresAt == nil && !now.Before(from.Add(interval-ahead)) {
			if err := s.succeed(ctx, row, ahead); err != nil {
				return fmt.Errorf("rotate the key for %s: %w", row.alg, err)
			}
		}
	}
	return nil
}

// succeed gives a key its successor. Another process may do the same at this
// moment: one successor is made.
func (s *Service) succeed(ctx context.Context, old keyRow, delay time.Duration) error {
	next, err := s.keys.newKey(old.alg)
	if err != nil {
		return err
	}
	next.createdAt = s.now(ctx)
	next.activeAt = next.createdAt.Add(delay)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		life, err := s.longestToken(ctx, tx)
		if err != nil {
			return err
		}
		if err := succeedKey(ctx, tx, old.id, next.activeAt.Add(max(life, s.core.Config.JWT.JWKS.GracePeriod))); err != nil {
			return err
		}
		return insertKey(ctx, tx, next, curveOf(old.alg))
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.security(ctx, "key-rotated", slog.String("alg", old.alg), slog.String("kid", next.id), slog.Time("signs_from", next.activeAt))
	return s.keys.ensure(ctx) // this process need not wait for its next look
}

// longestToken is the longest that anything signed now may be good.
func (s *Service) longestToken(ctx context.Context, q store.Querier) (time.Duration, error) {
	seconds, err := longestAccess(ctx, q)
	return max(s.cfg.AccessTokenExpiresIn, s.cfg.IDTokenExpiresIn, s.core.Config.JWT.Expiration, time.Duration(seconds)*time.Second), err
}

// sweepKeys deletes keys that are published no more.
func (s *Service) sweepKeys(ctx context.Context) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error { return deleteExpiredKeys(ctx, tx, s.now(ctx)) })
}

// SignJWT signs claims for another capability, as a token of that type: never
// one that this package takes for its own.
func (s *Service) SignJWT(ctx context.Context, alg, typ string, claims any) (string, error) {
	return s.keys.signTyped(ctx, alg, typ, claims)
}

// PublicKeys is the document that such tokens are verified with.
func (s *Service) PublicKeys(ctx context.Context) ([]byte, error) { return s.keys.JWKS(ctx) }
