package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// logoutMetadata is what the provider says of ending sessions (RP-Initiated Logout
// §2.1, Back-Channel Logout §2.1, Front-Channel Logout §3).
type logoutMetadata struct {
	EndSessionEndpoint                 string `json:"end_session_endpoint"`
	BackchannelLogoutSupported         bool   `json:"backchannel_logout_supported"`
	BackchannelLogoutSessionSupported  bool   `json:"backchannel_logout_session_supported"`
	FrontchannelLogoutSupported        bool   `json:"frontchannel_logout_supported"`
	FrontchannelLogoutSessionSupported bool   `json:"frontchannel_logout_session_supported"`
}

func newLogoutMetadata(at string) logoutMetadata {
	return logoutMetadata{at + "end-session", true, true, true, true}
}

// Logout is a request to end a session (RP-Initiated Logout §2), checked.
type Logout struct {
	Client      *Client // who asks; nil when nobody says so
	RedirectURI string  // registered by Client; "" to stay here
	State       string
	UILocales   string
	// Sure tells that the request names the person and the session that the browser
	// has, so that nobody needs to be asked.
	Sure bool
}

// Target is where the browser goes when the person is signed out, "" for nowhere.
func (l *Logout) Target() string {
	if l.RedirectURI == "" {
		return ""
	}
	return withParams(l.RedirectURI, []param{{"state", l.State}}, false)
}

var errMayNotEnd = unauthenticated("The client is not allowed to initiate logout")

// readLogout checks a request to end a session. a is the browser's session, nil
// without one. Errors: *api.OAuthError.
func (s *Service) readLogout(ctx context.Context, params url.Values, a *core.Auth) (*Logout, error) {
	if name := malformed(params); name != "" {
		return nil, bad(invalidRequest, name)
	}
	l := &Logout{State: params.Get("state"), UILocales: params.Get("ui_locales")}
	clientID := params.Get("client_id")
	var from *hint
	if token := params.Get("id_token_hint"); token != "" {
		var err error
		if from, err = s.readHint(ctx, token); errors.Is(err, errHint) || err == nil && from.client.Disabled {
			return nil, bad(invalidRequest, "id_token_hint "+errHint.Error())
		}
		if err != nil {
			return nil, err
		}
		if clientID != "" && clientID != from.client.ID { // §2: client_id must be who the token was for
			return nil, bad(invalidRequest, "client_id is not the one that the id_token_hint was issued to")
		}
		l.Client = from.client
	} else if clientID != "" {
		c, err := s.Client(ctx, clientID)
		if errors.Is(err, ErrClientNotFound) || err == nil && c.Disabled {
			return nil, unauthenticated("missing client")
		}
		if err != nil {
			return nil, err
		}
		l.Client = c
	}
	if l.Client != nil && !l.Client.mayEndSession() {
		return nil, errMayNotEnd
	}
	if uri := params.Get("post_logout_redirect_uri"); uri != "" {
		switch { // §3: never without knowing who asks, and only to what was registered
		case l.Client == nil:
			return nil, bad(invalidRequest, "post_logout_redirect_uri needs an id_token_hint or a client_id")
		case !slices.Contains(l.Client.PostLogoutRedirectURIs, uri):
			return nil, bad(invalidRequest, "post_logout_redirect_uri is not one that the client registered")
		}
		l.RedirectURI = uri
	}
	l.Sure = from != nil && s.hintNames(from, a)
	return l, nil
}

// hintNames tells whether an ID token is about the session that the browser has.
func (s *Service) hintNames(h *hint, a *core.Auth) bool {
	if a == nil || !s.isSubject(h.client, a.User.ID, h.subject) {
		return false
	}
	return h.sid == "" || h.sid == sidOf(a.Session.ID, h.client.ID)
}

// Farewell is what became of the sessions at applications when the person signed out.
type Farewell struct {
	Apps []FarewellApp
	// Frames are the pages by which applications are told in the browser (Front-Channel Logout §2).
	Frames []string
}

// patience is how long a person waits for applications to be told.
const patience = 2 * time.Second

// maxFrames bounds what one page loads.
const maxFrames = 30

// SignOut ends a session and tells the applications that came of it, as far as
// that goes in the time that a person may be kept waiting.
func (s *Service) SignOut(ctx context.Context, a *core.Auth) (*Farewell, error) {
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := s.core.EndSession(ctx, tx, a.User.ID, a.Session.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Farewell(ctx, a)
}

// Farewell is what became of a session that has ended.
func (s *Service) Farewell(ctx context.Context, a *core.Auth) (*Farewell, error) {
	sessions, err := clientSessionsOf(ctx, s.core.DB, a.Session.ID)
	if err != nil {
		return nil, err
	}
	s.tellNow(ctx, sessions, patience)
	if sessions, err = clientSessionsOf(ctx, s.core.DB, a.Session.ID); err != nil {
		return nil, err
	}
	grants, err := grantsOf(ctx, s.core.DB, a.User.ID, s.now(ctx))
	if err != nil {
		return nil, err
	}
	f, now := &Farewell{}, s.now(ctx)
	var framed []string
	for _, one := range sessions {
		c, err := s.Client(ctx, one.clientID)
		if errors.Is(err, ErrClientNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		kept := slices.ContainsFunc(grants, func(g *appAccess) bool { return g.clientID == c.ID })
		if originOf(c.FrontchannelLogoutURI) != "" && !c.Disabled && len(f.Frames) < maxFrames {
			f.Frames = append(f.Frames, s.frameOf(c, one))
			if one.told == toldNothing {
				framed = append(framed, one.id)
			}
			one.told = toldDone
		}
		app := s.left(c, one, kept, now)
		f.Apps = append(f.Apps, app)
	}
	return f, s.keepFramed(ctx, framed)
}

// keepFramed writes down whom the page tells. Whether a browser lets a frame have
// its cookies is nothing that anybody here learns.
func (s *Service) keepFramed(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := markTold(ctx, tx, id, toldDone); err != nil {
				return err
			}
		}
		return nil
	})
}

// frameOf is what a client registered for being told in the browser, with iss and
// sid beside what query it has (Front-Channel Logout §2).
func (s *Service) frameOf(c *Client, one *clientSession) string {
	return withParams(c.FrontchannelLogoutURI, []param{{"iss", s.issuer}, {"sid", one.sid}}, false)
}
