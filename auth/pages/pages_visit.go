package pages

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/static"
	"authd/views"
)

// visit is one request for a page: who makes it, in which language, on which journey.
type visit struct {
	*Service
	r        *api.Request
	auth     *core.Auth // nil when nobody is signed in
	flowID   string
	flow     *Flow  // nil when no app sent the person here
	returnTo string // a path of this server, "" when none was given
	gone     string // a passkey that was just removed
	keyHere  bool   // the person has just shown a passkey of this device
	back     string // the page of the account that a form is on
	page     views.Page
}

// The names of what travels through a journey.
const (
	paramFlow   = "flow"
	paramReturn = "return_to"
	paramLocale = "ui_locales"

	paramInvitation = "invitation"
)

// maxReturn bounds return_to: it is carried in URLs.
const maxReturn = 2000

// visit reads what every page needs. Errors: ErrFlowGone.
func (s *Service) visit(r *api.Request, path string) (*visit, error) {
	auth, err := s.Core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	v := &visit{Service: s, r: r, auth: auth, flowID: param(r, paramFlow)}
	if to := param(r, paramReturn); len(to) <= maxReturn && api.SafePath(to) {
		v.returnTo = to
	}
	wished := param(r, paramLocale)
	if v.flowID != "" {
		if v.flow, err = s.Flows.Flow(r, v.flowID, auth); err != nil {
			return nil, err
		}
		if wished == "" {
			wished = v.flow.UILocales
		}
	}
	v.page = s.page(r, wished, path)
	v.page.Carry = v.carry()
	v.page.Self = v.page.Link(path)
	return v, nil
}

// carry is what goes along to the next page.
func (v *visit) carry() url.Values {
	carry := url.Values{}
	for name, value := range map[string]string{paramFlow: v.flowID, paramReturn: v.returnTo, paramLocale: param(v.r, paramLocale)} {
		if value != "" && len(value) <= maxReturn {
			carry.Set(name, value)
		}
	}
	return carry
}

// page is the frame of a page; wished is the app's choice of language.
func (s *Service) page(r *api.Request, wished, self string) views.Page {
	chosen, _ := r.Cookie(s.cookieName(localeCookie))
	locale := s.catalogue.Choose(wished, chosen, r.Languages())
	// The mails that a form of this page causes are written in the page's language.
	r.HTTP.Header.Set("Accept-Language", locale.Code())
	return views.Page{
		Locale: locale, Languages: s.catalogue.Languages(), App: appName, Host: s.base.Host, Self: self, Now: r.Now(),
		Assets: views.Assets{
			CSS: static.URL("authd.css"), Icon: static.URL("favicon.svg"), TouchIcon: static.URL("icon.png"),
			Submit: static.URL("submit.js"), Passkey: static.URL("passkey.js"), Code: static.URL("code.js"), Wallet: static.URL("wallet.js"), Captcha: static.URL("captcha.js"),
		},
		Origin: s.elsewhere(r),
	}
}

const appName = "authd"

// elsewhere notices that the page was opened at another host than the configured
// one, where cookies and redirects will not do. A proxy may rename the host; what
// it says can only hide the notice, so it needs no trust.
func (s *Service) elsewhere(r *api.Request) views.Origin {
	for _, host := range []string{r.HTTP.Host, r.HTTP.Header.Get("X-Forwarded-Host")} {
		if host == "" || strings.EqualFold(strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80"), s.base.Host) || strings.EqualFold(host, s.base.Host) {
			if host != "" {
				return views.Origin{}
			}
		}
	}
	if r.HTTP.Host == "" {
		return views.Origin{}
	}
	return views.Origin{Here: r.HTTP.Host, Configured: s.Core.Config.URL, URL: s.Core.Config.URL + r.HTTP.URL.EscapedPath()}
}

// param is a field of the form, or of the query of a GET.
func param(r *api.Request, name string) string {
	if r.HTTP.Method == http.MethodPost {
		return field(r, name)
	}
	return r.Query(name)
}

// field is a field of the form that was posted, "" when it is not there once.
func field(r *api.Request, name string) string {
	text, _ := r.Body[name].(string)
	return text
}

// answers: all handlers of this package return one of these.

func show(status int, body templ.Component) (api.Responder, error) {
	return api.Page{Status: status, Body: body}, nil
}

// wrong is the page of a form again, with what is wrong in it.
func wrong(body templ.Component) (api.Responder, error) {
	return show(http.StatusUnprocessableEntity, body)
}

// to sends the browser to a page of this server, by GET.
func to(path string) (api.Responder, error) {
	return api.Redirect{URL: path, Status: http.StatusSeeOther}, nil
}

// onward goes where the journey leads now that somebody is signed in.
func (v *visit) onward(a *core.Auth) (api.Responder, error) {
	if v.flow != nil {
		next, err := v.Flows.Resume(v.r, v.flowID, a)
		if err != nil {
			return nil, err
		}
		return v.goTo(next)
	}
	if v.returnTo != "" {
		return v.goTo(v.Core.Config.URL + v.returnTo)
	}
	return to("/account")
}

// goTo sends the browser to a URL that the server made or checked. After a form
// was posted, what may leave this origin goes by way of the handoff page.
func (v *visit) goTo(target string) (api.Responder, error) {
	path, ours := strings.CutPrefix(target, v.Core.Config.URL)
	ours = ours && strings.HasPrefix(path, "/")
	switch {
	case ours && !strings.HasPrefix(path, "/api/"):
		return to(path)
	case v.r.HTTP.Method != http.MethodPost:
		return api.Redirect{URL: target, Status: http.StatusSeeOther}, nil
	}
	h := views.HandoffPage{URL: target, Client: v.Core.Config.URL}
	if v.flow != nil {
		h.Client, h.Native = v.flow.Client, v.flow.Leads.Kind != views.Web
	} else if u, err := url.Parse(target); err == nil && u.Host != "" {
		h.Client = u.Host
	}
	v.page.Self = ""
	return show(http.StatusOK, views.Handoff(v.page, h))
}

// signInFirst sends somebody who is not signed in to the page where they can, and back.
func (v *visit) signInFirst(back string) (api.Responder, error) {
	return to("/login?" + paramReturn + "=" + url.QueryEscape(back))
}
