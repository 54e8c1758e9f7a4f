package wire

import "slices"

// deviation is something that authd answers differently on purpose.
type deviation struct {
	ID         string
	BetterAuth string // what better-auth 1.7.7 does
	Authd      string // what authd does
	Why        string
	Recordings []int // whose expectation it changes; none: any
	Change     func(want exchange) exchange
}

// asAuthdAnswers turns a recorded answer into the one that authd is to give.
func asAuthdAnswers(n int, want exchange) exchange {
	for _, d := range deviations() {
		if d.Change != nil && (len(d.Recordings) == 0 || slices.Contains(d.Recordings, n)) {
			want = d.Change(want)
		}
	}
	return want
}

// deviations is THE list; docs/compatibility.md is made from it.
func deviations() []deviation {
	return []deviation{
		{
			ID:         "issuer",
			BetterAuth: "The OAuth issuer is the URL with `/api/auth` behind it.",
			Authd:      "The issuer is the URL itself.",
			Why:        "OpenID Connect Discovery and RFC 8414 put the metadata under the issuer; clients find both documents from the plain URL.",
			Change:     issuerIsOrigin,
		},
	}
}

func issuerIsOrigin(want exchange) exchange {
	return want.rewriteAll(func(key string, value any) any {
		if (key == "iss" || key == "issuer") && value == "http://authd.test/api/auth" {
			return "http://authd.test"
		}
		return value
	})
}
