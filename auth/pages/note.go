package pages

import (
	"time"

	"github.com/gorilla/securecookie"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// A note is what the page after a redirect says about what was done before it. It
// travels in a signed and encrypted cookie, so that nobody can put words, or only
// a wrong claim, on our pages.
type note struct {
	Kind views.AlertKind
	Key  string // of a message without placeholders
	Gone string // a passkey that was removed, "" for none
}

const (
	noteCookie = "page_note"
	noteLife   = time.Minute
)

func noteCodecs(keys *core.Keyring) ([]securecookie.Codec, error) {
	hash, err := keys.Bytes("page note signature", 32)
	if err != nil {
		return nil, err
	}
	block, err := keys.Bytes("page note encryption", 32)
	if err != nil {
		return nil, err
	}
	var codecs []securecookie.Codec
	for i := range hash {
		codecs = append(codecs, securecookie.New(hash[i], block[i]).MaxAge(int(noteLife.Seconds())))
	}
	return codecs, nil
}

// leave gives the next page something to say.
func (s *Service) leave(r *api.Request, kind views.AlertKind, key string) {
	s.leaveNote(r, note{Kind: kind, Key: key})
}

func (s *Service) leaveNote(r *api.Request, n note) {
	value, err := s.notes[0].Encode(noteCookie, n)
	if err != nil { // the thing is done; only the words for it are lost
		r.Log().Warn("page note was not written", "error", err)
		return
	}
	r.SetCookie(s.cookie(noteCookie, value, noteLife))
}

// take reads what the note says and removes it: it is said once.
func (s *Service) take(r *api.Request) views.Alert { return s.takeNote(r).alert() }

func (n note) alert() views.Alert {
	if n.Kind == "" {
		return views.Alert{}
	}
	return views.Alert{Kind: n.Kind, Text: views.Msg(n.Key)}
}

func (s *Service) takeNote(r *api.Request) note {
	value, ok := r.Cookie(s.cookieName(noteCookie))
	if !ok {
		return note{}
	}
	r.SetCookie(s.cookie(noteCookie, "", 0))
	for _, codec := range s.notes {
		var n note
		if codec.Decode(noteCookie, value, &n) == nil {
			return n
		}
	}
	return note{}
}
