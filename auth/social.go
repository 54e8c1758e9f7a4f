package auth

import (
	"context"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/pages"
	"authd/auth/social"
	"authd/views"
)

// newSocial hands signing in elsewhere what it goes on with.
func newSocial(m *Services) (*social.Service, error) {
	s, err := social.New(m.Core, m.Upstream, m.Accounts, socialFlows{flows{m.OIDC}}, m.Users)
	if err == nil && m.Core.Config.Anonymous.Enabled {
		s.UseAnonymous(m.Browser.Anonymous.Caller)
	}
	return s, err
}

// socialFlows are the requests that wait while somebody signs in elsewhere.
type socialFlows struct{ flows }

func (f socialFlows) CheckQuery(ctx context.Context, query string) error {
	return f.provider.CheckQuery(ctx, query)
}

func (f socialFlows) ResumeQuery(r *api.Request, query string, held time.Time, a *core.Auth) (string, error) {
	return f.provider.ResumeSocial(r, query, held, a)
}

func (f socialFlows) ResumeFlow(r *api.Request, id string, a *core.Auth) (string, error) {
	return f.Resume(r, id, a)
}

// elsewhere shows the pages where else people sign in.
type elsewhere struct {
	*social.Service
	lastUsed func(*api.Request) string
}

func (e elsewhere) Providers(r *api.Request) []views.Provider {
	last := e.lastUsed(r)
	var all []views.Provider
	for _, p := range e.Service.Providers() {
		all = append(all, views.Provider{ID: p.ID, Name: p.Name, Icon: p.Icon, Last: p.ID == last})
	}
	return all
}

func (e elsewhere) Begin(r *api.Request, provider string, j pages.Journey) (string, error) {
	return e.Service.Begin(r, social.Start{
		Provider: provider, CallbackURL: j.Leads, ErrorURL: j.Fails, SignUp: j.SignUp, LoginHint: j.Hint, Flow: j.Flow,
	})
}
