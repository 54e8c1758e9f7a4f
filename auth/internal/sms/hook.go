package sms

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"authd/auth/internal/clock"
	"authd/auth/internal/config"
	"authd/auth/internal/egress"
)

// hook posts messages to a receiver of one's own, signed as webhooks are.
type hook struct {
	cfg     config.SMS
	secrets [][]byte
	out     *egress.Client
	now     clock.Clock
}

type posted struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      text      `json:"data"`
}

type text struct {
	Kind string `json:"kind"`
	To   string `json:"to"`
	Text string `json:"text"`
}

func (h *hook) Send(ctx context.Context, m Message) error {
	now := h.now(ctx)
	body, err := json.Marshal(posted{"sms", now.UTC().Truncate(time.Millisecond), text{m.Kind, m.To, m.Text}})
	if err != nil {
		return fmt.Errorf("write a text message: %w", err)
	}
	answer, err := h.out.Post(ctx, h.cfg.URL, egress.Signed(h.cfg.Headers, h.secrets, m.ID, now, string(body)), body,
		egress.Want{Trusted: true, Timeout: h.cfg.Timeout, MaxBody: most})
	if err != nil {
		return unnamed(err)
	}
	return judge(answer, "")
}
