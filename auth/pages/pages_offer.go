package pages

import (
	"net/http"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// offerPath is where somebody who signed in by something else is offered a passkey.
const offerPath = "/account/add-passkey"

// Why somebody sees the page, where it is not that they signed in.
const (
	paramAfter    = "after"
	afterRecovery = "recovery"
)

// entered goes on with whoever has just come in, by whatever way in of the pages: by
// way of the offer where one is due, else onward.
func (v *visit) entered(a *core.Auth) (api.Responder, error) {
	if v.offers(a) {
		return to(v.page.Link(offerPath))
	}
	return v.onward(a)
}

// offers tells whether somebody who has just come in is to be offered a passkey, and
// notes that they were: where the browser says that this device could keep one, has not
// just shown that it does, and the person is not asked too often. A guest has nothing to
// come back to yet.
func (v *visit) offers(a *core.Auth) bool {
	leadsThere := strings.HasPrefix(v.returnTo, offerPath) // after a recovery
	if v.Passkeys == nil || leadsThere || field(v.r, "able") == "" || v.keyHere || v.Guests != nil && v.Guests.Is(a.User) {
		return false
	}
	now, err := v.Passkeys.Offer(v.r.Context(), a.User, v.flow != nil)
	if err != nil { // an offer is no reason to keep anybody out
		v.r.Log().Warn("no passkey was offered", "error", err)
	}
	return now
}

// offer is the page for whoever is signed in; without a page, the answer.
func (s *Service) offer(r *api.Request) (v *visit, page views.PasskeyOffer, err error) {
	if v, err = s.visit(r, offerPath); err != nil || v.auth == nil {
		return v, page, err
	}
	keys, err := s.Passkeys.List(r, v.auth.User)
	page.Second = len(keys.All) > 0
	if page.Recovered = v.recovered(); page.Recovered {
		v.page.Carry.Set(paramAfter, afterRecovery)
		v.page.Self = v.page.Link(offerPath)
	}
	if v.flow != nil {
		page.Client = v.flow.Client
	}
	return v, page, err
}

func (s *Service) offerPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, page, err := s.offer(r)
	switch {
	case err != nil:
		return nil, err
	case v.auth == nil:
		return to(v.page.Link("/login"))
	}
	return show(http.StatusOK, views.OfferPasskey(v.page, page))
}

func (s *Service) takeOffer(r *api.Request, _ *api.None) (api.Responder, error) {
	v, page, err := s.offer(r)
	switch {
	case err != nil:
		return nil, err
	case v.auth == nil:
		return to(v.page.Link("/login"))
	}
	v.back = v.page.Link(offerPath)
	if ask, err := v.confirmBefore(true); ask != nil || err != nil {
		return ask, err
	}
	key := "passkey.make_failed"
	if response := credential(r); response != nil {
		if alone, err := s.Passkeys.Add(r, v.auth, response); err == nil {
			return v.tookOffer(alone)
		} else if key = notAdded(err); key == "" {
			return nil, err
		}
	}
	v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg(key)}
	return wrong(views.OfferPasskey(v.page, page))
}

func (v *visit) tookOffer(alone bool) (api.Responder, error) {
	switch {
	case v.recovered() && alone:
		v.leave(v.r, views.Success, "recover.added")
	case v.flow == nil && v.returnTo == "":
		v.leave(v.r, views.Success, added(alone))
	}
	return v.onward(v.auth)
}

// recovered tells that somebody is on the way in who had lost theirs.
func (v *visit) recovered() bool { return param(v.r, paramAfter) == afterRecovery }

func (s *Service) declineOffer(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, offerPath)
	switch {
	case err != nil:
		return nil, err
	case v.auth == nil:
		return to(v.page.Link("/login"))
	}
	if field(r, "answer") == "never" {
		if err := s.Passkeys.Decline(r.Context(), v.auth.User); err != nil {
			return nil, err
		}
	}
	if v.recovered() {
		v.leave(r, views.Info, "recover.done")
	}
	return v.onward(v.auth)
}
