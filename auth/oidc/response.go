package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Ways in which an answer goes back to the client (OAuth 2.0 Multiple Response
// Types §2.1, OAuth 2.0 Form Post Response Mode).
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

func responseModes() []string { return []string{modeQuery, modeFragment, modeFormPost} }

// modeOf is how even a refusal goes back. A mode that cannot be is refused later,
// in the query.
func modeOf(params url.Values, redirectURI string) string {
	asked := params["response_mode"]
	switch {
	case len(asked) == 1 && modeFits(asked[0], redirectURI):
		return asked[0]
	// A client of the implicit kinds looks for its answer in the fragment
	// (OAuth 2.0 Multiple Response Types §5).
	case slices.ContainsFunc(strings.Fields(params.Get("response_type")), func(kind string) bool { return kind == "token" || kind == "id_token" }):
		return modeFragment
	default:
		return modeQuery
	}
}

// modeFits: a form can be posted only to a web server.
func modeFits(mode, redirectURI string) bool {
	where, _ := placeOf(redirectURI)
	return slices.Contains(responseModes(), mode) && (mode != modeFormPost || where != placeApp)
}

// FormPost is an answer that the browser hands to the client as a form.
type FormPost struct {
	Client string      `json:"client"` // its name
	URL    string      `json:"url"`
	Fields [][2]string `json:"fields"`
	Until  time.Time   `json:"until"`
}

// answer is the URL that takes parameters to the client. An answer in a form
// needs a page that posts it: the parameters travel there sealed.
func (s *Service) answer(ctx context.Context, to *destination, params []param) (string, error) {
	if to.mode != modeFormPost {
		return withParams(to.uri, params, to.mode == modeFragment), nil
	}
	form := FormPost{Client: to.client, URL: to.uri, Until: s.now(ctx).Add(s.cfg.CodeExpiresIn)}
	for _, p := range params {
		if p.value != "" {
			form.Fields = append(form.Fields, [2]string{p.name, p.value})
		}
	}
	text, err := json.Marshal(form)
	if err != nil {
		return "", fmt.Errorf("write answer: %w", err)
	}
	sealed, err := s.forms.Seal("", text)
	if err != nil {
		return "", err
	}
	return s.issuer + "/continue?answer=" + sealed, nil
}

// destination is where an answer goes, and how.
type destination struct{ client, uri, mode string }

// FormPost opens the answer that a page is to post. Errors: ErrFlowGone.
func (s *Service) FormPost(ctx context.Context, sealed string) (*FormPost, error) {
	text, err := s.forms.Open("", sealed)
	if err != nil {
		return nil, ErrFlowGone
	}
	form := &FormPost{}
	if err := json.Unmarshal(text, form); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if !s.now(ctx).Before(form.Until) {
		return nil, ErrFlowGone
	}
	return form, nil
}
