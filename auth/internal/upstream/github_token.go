package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"authd/auth/internal/clock"
	"authd/auth/internal/egress"
)

var (
	// ErrTokenRefused says that GitHub does not know the token, or it is none that may sign in.
	ErrTokenRefused = errors.New("the token does not count")
	// ErrNotMember says that the person is in none of the organizations, or the
	// token may not tell.
	ErrNotMember = errors.New("the person is in none of the organizations")
)

// GitHub is the provider for personal access tokens, which need no app there.
func GitHub(out *egress.Client, now clock.Clock) *Provider {
	d := github()
	return &Provider{ID: d.ID, Name: d.Name, Icon: d.ID, def: d, out: out, now: now}
}

const githubAPI = "https://api.github.com"

// PersonalToken reads whose personal access token of GitHub it is. Only tokens
// that people make themselves count: one that GitHub gave to somebody's app for
// a person would let that app sign in as them (RFC 9700 §4.9.1 has the attack).
// Errors: ErrTokenRefused, ErrNotMember, ErrNoProfile, ErrUnreachable.
func (p *Provider) PersonalToken(ctx context.Context, token string, organizations []string) (*Profile, error) {
	if !strings.HasPrefix(token, "ghp_") && !strings.HasPrefix(token, "github_pat_") || len(token) > 255 || strings.ContainsFunc(token, notInToken) {
		return nil, ErrTokenRefused
	}
	status, _, err := p.look(ctx, "/user", token)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return nil, ErrTokenRefused
	case status != http.StatusOK:
		return nil, fmt.Errorf("%w: GitHub answered %d", ErrUnreachable, status)
	}
	if err := p.memberOf(ctx, token, organizations); err != nil {
		return nil, err
	}
	return p.Profile(ctx, &Tokens{AccessToken: token}, nil)
}

func notInToken(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_'
}

// memberOf looks for one organization that the person is an active member of.
func (p *Provider) memberOf(ctx context.Context, token string, organizations []string) error {
	for _, organization := range organizations {
		status, body, err := p.look(ctx, "/user/memberships/orgs/"+url.PathEscape(organization), token)
		if err != nil {
			return err
		}
		var membership struct {
			State string `json:"state"`
		}
		if status == http.StatusOK && json.Unmarshal(body, &membership) == nil && membership.State == "active" {
			return nil
		}
	}
	if len(organizations) > 0 {
		return ErrNotMember
	}
	return nil
}

// look asks GitHub's API with a token. Errors: ErrUnreachable.
func (p *Provider) look(ctx context.Context, path, token string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, githubAPI+path, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: its address cannot be read", ErrUnreachable)
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := p.out.Trusted().Do(request)
	if err != nil {
		var network *url.Error
		if errors.As(err, &network) {
			err = network.Err
		}
		return 0, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return answer.StatusCode, body, nil
}
