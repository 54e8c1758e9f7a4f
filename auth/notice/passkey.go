package notice

import (
	"context"

	"authd/auth/internal/core"
	"authd/auth/internal/event"
	"authd/auth/internal/store"
)

const (
	kindPasskeyAdded   = "passkey-added"
	kindPasskeyRemoved = "passkey-removed"
)

// passkeys tells of keys to an account that came or went. A key that was made
// with the account is no news.
func (s *Service) passkeys() {
	cfg := s.core.Config.Notices
	for _, one := range []struct {
		kind  string
		on    bool
		topic *event.Topic[*core.PasskeyEvent]
	}{
		{kindPasskeyAdded, cfg.PasskeyAdded, &s.core.PasskeyAdded},
		{kindPasskeyRemoved, cfg.PasskeyRemoved, &s.core.PasskeyRemoved},
	} {
		s.core.Mail.Handle(one.kind, passkeyLetter(one.kind))
		if one.on {
			one.topic.On(func(ctx context.Context, tx *store.Tx, e *core.PasskeyEvent) error {
				id, err := s.core.Mail.Queue(ctx, tx, one.kind, aboutKey{
					news: news{To: e.User.Email, Name: e.User.Name, Locale: e.Locale, Event: e.Event}, Key: e.Name,
				})
				e.Mails = append(e.Mails, id)
				return err
			})
		}
	}
}

// aboutKey is news of a passkey; Key is what it is called, "" when it has no name.
type aboutKey struct {
	news
	Key string `json:"key,omitempty"`
}

func passkeyLetter(kind string) func(ctx context.Context, payload []byte) (*core.Letter, error) {
	return func(_ context.Context, payload []byte) (*core.Letter, error) {
		n, err := core.MailJob[aboutKey](payload)
		if err != nil {
			return nil, err
		}
		return &core.Letter{Kind: kind, To: n.To, Name: n.Name, Locale: n.Locale, Event: n.Event, About: n.Key, Payload: n}, nil
	}
}
