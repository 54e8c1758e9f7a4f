package breach

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"authd/auth/internal/clock"
	"authd/auth/internal/config"
	"authd/auth/internal/egress"
)

const (
	// keptRanges bounds the cache: an answer has about 40 kB.
	keptRanges = 16
	keepFor    = 10 * time.Minute
	maxRange   = 256 << 10
)

// ranges asks the range API. A few answers are kept, for a person whose form was
// refused sends nearly the same again.
type ranges struct {
	out     *egress.Client
	url     string
	timeout time.Duration
	now     clock.Clock

	mu   sync.Mutex
	kept map[string]keptRange
}

type keptRange struct {
	lines []byte
	at    time.Time
}

func newRanges(out *egress.Client, now clock.Clock, cfg config.HaveIBeenPwned) *ranges {
	return &ranges{out: out, url: strings.TrimSuffix(cfg.URL, "/") + "/range/", timeout: cfg.Timeout, now: now, kept: map[string]keptRange{}}
}

func (r *ranges) known(ctx context.Context, prefix, suffix string) (bool, error) {
	now := r.now(ctx)
	lines := r.cached(prefix, now)
	if lines == nil {
		// Padding hides from whoever watches the line how long the answer was.
		answer, err := r.out.Fetch(ctx, r.url+prefix, egress.Want{
			Trusted: true, Accept: "text/plain", MaxBody: maxRange, Timeout: r.timeout, Header: map[string]string{"Add-Padding": "true"},
		})
		if err != nil {
			return false, fmt.Errorf("ask the range API: %w", hideURL(err))
		}
		lines = answer.Body
		r.keep(prefix, lines, now)
	}
	return listed(lines, suffix), nil
}

func (r *ranges) cached(prefix string, now time.Time) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kept, ok := r.kept[prefix]; ok && now.Sub(kept.at) < keepFor {
		return kept.lines
	}
	return nil
}

func (r *ranges) keep(prefix string, lines []byte, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) >= keptRanges {
		oldest := ""
		for name, kept := range r.kept {
			if oldest == "" || kept.at.Before(r.kept[oldest].at) {
				oldest = name
			}
		}
		delete(r.kept, oldest)
	}
	r.kept[prefix] = keptRange{lines, now}
}

// listed tells whether a range has SUFFIX:COUNT with a count: padding has 0.
func listed(lines []byte, suffix string) bool {
	for line := range bytes.Lines(lines) {
		name, count, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if len(name) == len(suffix) && strings.EqualFold(string(name), suffix) {
			return string(count) != "0"
		}
	}
	return false
}
