package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"authd/auth"
	"authd/auth/webhook"
)

type webhookCommands struct {
	List       webhookList       `cmd:"" help:"List the configured webhooks and what waits for them."`
	Events     webhookEvents     `cmd:"" help:"List the events that a webhook can be told of."`
	Test       webhookTest       `cmd:"" help:"Send a signed sample and print what came back."`
	Deliveries webhookDeliveries `cmd:"" help:"List what was not delivered yet, or was given up."`
	Resend     webhookResend     `cmd:"" help:"Have deliveries tried again now, by the running server."`
	Enable     webhookEnable     `cmd:"" help:"Let a webhook in again whose receiver answered 410 Gone."`
}

type webhookList struct{}

// Run lists the receivers, without secrets and headers.
func (webhookList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		list, err := s.Webhooks.List(ctx)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(list)
		}
		rows := make([][]string, len(list))
		for i, one := range list {
			rows[i] = []string{one.Name, one.State, strings.Join(one.Events, ","), strconv.Itoa(one.Waiting), strconv.Itoa(one.GivenUp), one.URL}
		}
		return table(p.out, []string{"NAME", "STATE", "EVENTS", "WAITING", "GIVEN UP", "URL"}, rows)
	})
}

type webhookEvents struct{}

// Run lists the types of events.
func (webhookEvents) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		events := s.Webhooks.Events()
		if p.json {
			return p.printJSON(events)
		}
		rows := make([][]string, len(events))
		for i, one := range events {
			rows[i] = []string{one.Name, strings.ReplaceAll(one.Doc, "`", "")}
		}
		return table(p.out, []string{"EVENT", "SENT WHEN"}, rows)
	})
}

type webhookTest struct {
	Webhook string `arg:"" optional:"" help:"Name or address of a configured webhook, or any other address; default: the first one."`
	Event   string `help:"Which event." default:"user.created" placeholder:"EVENT"`
}

// Run sends the sample from here, and fails unless the receiver takes it.
func (c *webhookTest) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		sent, err := s.Webhooks.Test(ctx, c.Webhook, c.Event)
		if err != nil {
			return err
		}
		if err := p.printSent(sent); err != nil {
			return err
		}
		if !sent.OK() {
			return fmt.Errorf("the receiver answered %d: only 2xx counts as taken", sent.Status)
		}
		return nil
	})
}

func (p *program) printSent(sent *webhook.Sent) error {
	if p.json {
		return p.printJSON(sent)
	}
	if sent.Secret != "" {
		_, _ = fmt.Fprintf(p.out, "Signed with %s, made for this: the address is not configured.\n", sent.Secret)
	}
	_, err := fmt.Fprintf(p.out, "Sent %s as %s: answered %d in %s.\n", sent.Type, sent.ID, sent.Status, sent.Latency)
	for line := range strings.Lines(sent.Body) {
		_, err = fmt.Fprintf(p.out, "  %s\n", clean(strings.ToValidUTF8(line, "?")))
	}
	return err
}

type webhookDeliveries struct {
	Limit int `help:"At most so many." default:"100" placeholder:"N"`
}

// Run lists what is not done; what was delivered is forgotten.
func (c *webhookDeliveries) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		list, err := s.Webhooks.Deliveries(ctx, c.Limit)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(list)
		}
		rows := make([][]string, len(list))
		for i, one := range list {
			next := "-"
			if !one.NextAt.IsZero() {
				next = date(one.NextAt)
			}
			rows[i] = []string{one.ID, one.Webhook, one.Type, one.State, strconv.FormatInt(one.Attempts, 10), date(one.CreatedAt), next, one.LastError}
		}
		return table(p.out, []string{"ID", "WEBHOOK", "EVENT", "STATE", "ATTEMPTS", "SINCE", "NEXT", "LAST ERROR"}, rows)
	})
}

type webhookResend struct {
	ID      []string `arg:"" optional:"" help:"Ids of deliveries."`
	GivenUp bool     `help:"All that were given up."`
}

// Run makes deliveries due.
func (c *webhookResend) Run(ctx context.Context, p *program) error {
	if (len(c.ID) > 0) == c.GivenUp {
		return &usageError{"name deliveries by their ids, or say --given-up"}
	}
	return p.with(ctx, func(s *auth.Server) error {
		ids := c.ID
		if c.GivenUp {
			var err error
			if ids, err = s.Webhooks.GivenUp(ctx); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if err := s.Webhooks.Resend(ctx, id); err != nil {
				return err
			}
		}
		return p.print(map[string]any{"resent": len(ids)}, "%d to be tried again now.", len(ids))
	})
}

type webhookEnable struct {
	Webhook string `arg:"" help:"Name or address of the webhook."`
}

// Run undoes a 410.
func (c *webhookEnable) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		was, err := s.Webhooks.Enable(ctx, c.Webhook)
		if err != nil {
			return err
		}
		text := "%s was not off."
		if was {
			text = "%s is told what happens from now on."
		}
		return p.print(map[string]any{"webhook": c.Webhook, "enabled": was}, text, clean(c.Webhook))
	})
}
