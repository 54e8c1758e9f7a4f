package oidc_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/oidc"
)

// pageServer serves the provider's pages in the barest form: what a page of ours
// does with the domain methods, without its looks.
func (w *world) pageServer() http.Handler {
	type flowIn struct {
		Flow string `query:"flow,optional"`
	}
	type actIn struct {
		Flow  string  `body:"flow"`
		Act   string  `body:"act"`
		Scope *string `body:"scope,optional"`
	}
	p := w.srv.OIDC
	describe := func(r *api.Request, in *flowIn) (*oidc.Flow, error) {
		a, err := w.srv.Core.Authenticate(r)
		if err != nil {
			return nil, err
		}
		return p.Flow(r.Context(), in.Flow, p.Browser(r), a)
	}
	act := func(r *api.Request, in *actIn) (api.Redirect, error) {
		a, err := w.srv.Core.Authenticate(r)
		if err != nil {
			return api.Redirect{}, err
		}
		var to oidc.Answer
		switch in.Act {
		case "allow":
			var scopes []string
			if in.Scope != nil {
				scopes = append([]string{}, strings.Fields(*in.Scope)...)
			}
			to, err = p.Allow(r.Context(), in.Flow, p.Browser(r), a, scopes)
		case "deny":
			to, err = p.Deny(r.Context(), in.Flow, p.Browser(r))
		case "select":
			to, err = p.Select(r.Context(), in.Flow, p.Browser(r), a)
		default:
			to, err = p.Resume(r.Context(), in.Flow, p.Browser(r), a)
		}
		return api.Redirect{URL: to.URL}, err
	}
	gone := &api.Error{Status: http.StatusGone, Code: "FLOW_GONE"}
	return api.NewRouter(api.Config{
		Origins: api.NewOrigins(issuer, nil), Log: slog.New(slog.DiscardHandler),
		Context:      func(r *http.Request) (context.Context, time.Time) { return r.Context(), w.clock(r.Context()) },
		Address:      func(*http.Request) netip.Addr { return netip.Addr{} },
		LimitAddress: func(netip.Addr) string { return "" },
		Classify: func(err error) *api.Error {
			if err == oidc.ErrFlowGone { //nolint:errorlint // the pages compare the same way
				return gone
			}
			return nil
		},
	}, []api.Endpoint{
		api.Handle(api.Endpoint{Mount: api.Root, Method: http.MethodGet, Path: "/page", ID: "page"}, describe),
		api.Handle(api.Endpoint{Mount: api.Root, Method: http.MethodPost, Path: "/page", ID: "act", Media: []string{api.MediaForm}, Origin: api.OriginNone}, act),
	})
}

// page asks what the page of a flow would show.
func (b *browser) page(at *url.URL) *answer {
	return b.at(b.w.pageServer(), httptest.NewRequest(http.MethodGet, "/page?flow="+url.QueryEscape(at.Query().Get("flow")), nil))
}

// act presses a button on the page of a flow.
func (b *browser) act(at *url.URL, button string, extra url.Values) *answer {
	form := url.Values{"flow": {at.Query().Get("flow")}, "act": {button}}
	for k, v := range extra {
		form[k] = v
	}
	r := httptest.NewRequest(http.MethodPost, "/page", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.at(b.w.pageServer(), r)
}

func (b *browser) at(h http.Handler, r *http.Request) *answer {
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return &answer{rec, b.w.t}
}

// allow answers our consent page with yes.
func (b *browser) allow(consent *url.URL) *url.URL {
	b.w.t.Helper()
	return b.act(consent, "allow", nil).location()
}
