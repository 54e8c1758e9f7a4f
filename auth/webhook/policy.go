package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/egress"
)

// policy is the [policy_webhook]: it is asked before anything is written, and people wait
// for it.
type policy struct {
	config.PolicyWebhook
	secrets [][]byte
}

// What it is asked about.
const (
	askSignUp = "sign-up"
	askSignIn = "sign-in"
)

// usePolicy has the policy webhook asked, where one is configured.
func (s *Service) usePolicy() error {
	p := &policy{PolicyWebhook: s.core.Config.PolicyWebhook}
	if p.URL == "" {
		return nil
	}
	var err error
	if p.secrets, err = config.SigningSecrets(p.Secret); err != nil { // Load has checked it
		return err
	}
	if slices.Contains(p.On, askSignUp) {
		s.core.SignUpChecks = append(s.core.SignUpChecks, func(ctx context.Context, in *core.SignUp) error {
			return s.ask(ctx, p, askSignUp, aboutSignUp(in))
		})
	}
	if slices.Contains(p.On, askSignIn) {
		s.core.SignInChecks = append(s.core.SignInChecks, func(ctx context.Context, in *core.SignIn) error {
			return s.ask(ctx, p, askSignIn, aboutSignIn(in))
		})
	}
	return nil
}

// question is what the policy webhook is told: never a password, and of an invitation only
// that there is one.
type question struct {
	User      any      `json:"user"`
	Method    string   `json:"method"`
	AMR       []string `json:"amr,omitempty"`
	Invited   *bool    `json:"invited,omitempty"`
	Requested *bool    `json:"requested,omitempty"`
	IPAddress string   `json:"ipAddress"`
	UserAgent string   `json:"userAgent"`
}

// stranger is somebody who has no account yet, as far as the question tells: it is asked in
// the same words whether the address is somebody's or not.
type stranger struct {
	Name          string  `json:"name"`
	Email         string  `json:"email"`
	EmailVerified bool    `json:"emailVerified"`
	Image         *string `json:"image"`
}

func aboutSignUp(in *core.SignUp) question {
	invited := in.Invitation != ""
	return question{
		User: stranger{in.Name, in.Email, in.EmailVerified, in.Image}, Method: in.Method,
		Invited: &invited, Requested: &in.Requested, IPAddress: in.IP, UserAgent: in.UserAgent,
	}
}

func aboutSignIn(in *core.SignIn) question {
	return question{User: core.UserJSON(in.User), Method: in.Method, AMR: in.AMR, IPAddress: in.IP, UserAgent: in.UserAgent}
}

// verdict is its answer. Allow is a pointer: an answer without it is none.
type verdict struct {
	Allow   *bool  `json:"allow"`
	Message string `json:"message"`
}

// maxVerdict bounds its answer in bytes.
const maxVerdict = 16 << 10

// ask asks, once. Without an answer the configuration decides.
// Errors: core.ErrPolicyRefused, core.ErrPolicyUnavailable.
func (s *Service) ask(ctx context.Context, p *policy, about string, q question) error {
	v, err := s.verdict(ctx, p, about, q)
	switch {
	case err != nil && p.Fail == "open":
		s.core.Log.Warn("the policy webhook gave no answer; the person is let in", "on", about, "err", err)
		return nil
	case err != nil:
		s.core.Log.Error("the policy webhook gave no answer; the person is refused", "on", about, "err", err)
		return core.ErrPolicyUnavailable
	case *v.Allow:
		return nil
	default:
		s.core.Log.Info("the policy webhook refuses", "on", about, "method", q.Method)
		return core.PolicyRefused(plain(v.Message))
	}
}

var errVerdict = errors.New(`the answer is not {"allow": true} or {"allow": false}`)

func (s *Service) verdict(ctx context.Context, p *policy, about string, q question) (*verdict, error) {
	j, err := s.newJob(ctx, "policy."+about, q)
	if err != nil {
		return nil, err
	}
	answer, err := s.post(ctx, p.URL, p.Headers, p.secrets, j, egress.Want{Trusted: true, Timeout: p.Timeout, MaxBody: maxVerdict})
	if err != nil {
		return nil, err
	}
	if answer.Status != 200 {
		return nil, fmt.Errorf("it answered %d", answer.Status)
	}
	var v verdict
	if !answer.Whole || json.Unmarshal(answer.Body, &v) != nil || v.Allow == nil {
		return nil, errVerdict
	}
	return &v, nil
}

// maxMessage bounds what people are shown, in characters.
const maxMessage = 300

// plain makes one line of text of a message: it is somebody else's and stands on our page.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxMessage {
		runes = append(runes[:maxMessage], '…')
	}
	return string(runes)
}
