package auth

import (
	"context"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
)

func wording(*config.Config) core.Wording {
	return func(_ context.Context, l *core.Letter) (string, string, string, error) {
		return l.Kind, l.Kind + "\n" + l.Link + "\n", "<p>" + l.Link + "</p>", nil
	}
}
