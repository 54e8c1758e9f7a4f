package notice

import (
	"context"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The mails about a phone number.
const (
	kindPhoneAdded   = "phone-added"
	kindPhoneChanged = "phone-changed"
	kindPhoneRemoved = "phone-removed"
)

// phones tells of a number that signs in from now on, or no more.
func (s *Service) phones() {
	for _, kind := range []string{kindPhoneAdded, kindPhoneChanged, kindPhoneRemoved} {
		s.core.Mail.Handle(kind, passkeyLetter(kind))
	}
	if s.core.Config.Notices.PhoneNumber {
		s.core.PhoneChanged.On(s.phoneChanged)
	}
}

func (s *Service) phoneChanged(ctx context.Context, tx *store.Tx, e *core.PhoneChanged) error {
	kind, number := kindPhoneChanged, e.After
	switch "" {
	case e.Before:
		kind = kindPhoneAdded
	case e.After:
		kind, number = kindPhoneRemoved, e.Before
	}
	id, err := s.core.Mail.Queue(ctx, tx, kind, aboutKey{
		news: news{To: e.User.Email, Name: e.User.Name, Locale: e.Locale, Event: e.Event}, Key: ending(number),
	})
	e.Mails = append(e.Mails, id)
	return err
}

// ending is enough of a number for who knows it.
func ending(number string) string {
	const shown = 3
	return number[max(0, len(number)-shown):]
}
