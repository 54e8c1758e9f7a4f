package captcha

import (
	"net/http"
	"slices"
	"strings"

	"authd/auth/internal/api"
)

const challengeID = "captchaChallenge"

// Forms are those of the pages: what a task is for besides an endpoint.
var forms = []string{"/login", "/signup", "/forgot-password", "/verify-email", "/login/phone", "/forgot-password/phone"}

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	if s.work == nil {
		return nil
	}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/captcha/challenge", ID: challengeID, Tag: "captcha", Errors: []*api.Error{ErrPurpose},
			Doc: "Get a task for a proof of work. Find a number n so that SHA-256 of the challenge, a dot and n begins with difficulty zero bits, and send all three as x-captcha-response.",
		}, s.challenge),
	}
}

// challenge is a task.
type challenge struct {
	Challenge  string `json:"challenge"`
	Algorithm  string `json:"algorithm"`
	Difficulty int    `json:"difficulty"`
	ExpiresIn  int    `json:"expiresIn"` // seconds
}

func (s *Service) challenge(r *api.Request, in *struct {
	For string `query:"for"`
},
) (challenge, error) {
	if !slices.Contains(forms, in.For) && s.pattern(in.For) == "" {
		return challenge{}, ErrPurpose
	}
	difficulty := s.cfg.Difficulty
	if s.cfg.LockedDifficulty > 0 && (in.For == "/login" || strings.HasPrefix(in.For, "/sign-in/")) {
		waits, err := s.networks.NetworkWaits(r.Context(), r)
		if err != nil {
			return challenge{}, err
		}
		if waits {
			difficulty = s.cfg.LockedDifficulty
		}
	}
	r.Header().Set("Cache-Control", "no-store")
	return challenge{
		Challenge: s.work.task(in.For, difficulty, r.Now().Add(s.cfg.ExpiresIn)), Algorithm: "SHA-256",
		Difficulty: difficulty, ExpiresIn: int(s.cfg.ExpiresIn.Seconds()),
	}, nil
}
