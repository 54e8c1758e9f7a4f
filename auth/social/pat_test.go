package social_test

import (
	"net/http"
	"testing"
)

// github has GitHub answer for one token of ada's, who is a member of acme.
func (w *world) github(emails string) {
	of := func(body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+patOfAda {
				rw.WriteHeader(http.StatusUnauthorized)
				return
			}
			if _, err := rw.Write([]byte(body)); err != nil {
				w.t.Error(err)
			}
		}
	}
	w.idp.Answers["api.github.com/user"] = of(`{"login":"ada","id":583231,"name":"Ada King","email":null}`)
	w.idp.Answers["api.github.com/user/emails"] = of(emails)
	w.idp.Answers["api.github.com/user/memberships/orgs/acme"] = of(`{"state":"active"}`)
	w.idp.Answers["api.github.com/user/memberships/orgs/asked"] = of(`{"state":"pending"}`)
}

const (
	patOfAda = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
	mail     = `[{"email":"ada@example.com","primary":true,"verified":true}]`
)

func TestAPersonalAccessTokenSignsItsOwnerIn(t *testing.T) {
	t.Parallel()
	for rule, c := range map[string]struct {
		toml, pat, emails string
		status            int
		code              string
	}{
		"a token of somebody's":             {"", patOfAda, mail, 200, ""},
		"a member of an organization named": {"organizations = ['other', 'acme']\n", patOfAda, mail, 200, ""},
		"a token that nobody has":           {"", "ghp_0000000000000000000000000000000000AA", mail, 401, "INVALID_TOKEN"},
		"a token that an app was given":     {"", "gho_16C7e42F292c6912E7710c838347Ae178B4a", mail, 401, "INVALID_TOKEN"},
		"a token of an app's own kind":      {"", "ghu_16C7e42F292c6912E7710c838347Ae178B4a", mail, 401, "INVALID_TOKEN"},
		"what would be another header":      {"", "ghp_x\r\nX-Y: z", mail, 401, "INVALID_TOKEN"},
		"nothing":                           {"", "", mail, 400, "VALIDATION_ERROR"},
		"a member of none that is named":    {"organizations = ['other']\n", patOfAda, mail, 403, "ORGANIZATION_NOT_ALLOWED"},
		"somebody who was only asked in":    {"organizations = ['asked']\n", patOfAda, mail, 403, "ORGANIZATION_NOT_ALLOWED"},
		"nobody new, where none is let in":  {"disable_sign_up = true\n", patOfAda, mail, 401, "OAUTH_LINK_ERROR"},
		"somebody without an address":       {"", patOfAda, `[]`, 401, "USER_EMAIL_NOT_FOUND"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			w := start(t, "[pat_signin]\nenabled = true\n"+c.toml)
			w.github(c.emails)
			browser := w.Client()
			a := browser.Post("/pat-signin", body{"pat": c.pat}).Is(c.status, c.code)
			if c.status != 200 {
				nobody(t, browser)
				if n := w.users(); n != 0 {
					t.Errorf("%d users were made", n)
				}
				return
			}
			if got := browser.Get("/get-session").Field("user.email"); got != "ada@example.com" || a.Field("user.email") != got || a.Field("token") == "" {
				t.Errorf("got %s, and the session is of %q", a.Body, got)
			}
			w.Client().Post("/pat-signin", body{"pat": c.pat}).Is(200, "")
			if n := w.users(); n != 1 {
				t.Errorf("%d users after two sign-ins", n)
			}
			if w.FileContains(patOfAda) {
				t.Error("the token lies in the database in clear")
			}
		})
	}
}

func TestATokenIsOfTheSamePersonAsASignInAtGitHub(t *testing.T) {
	t.Parallel()
	w := start(t, "[pat_signin]\nenabled = true\n"+providers)
	c := w.Client()
	leads(t, w.signIn(c, body{"provider": "github", "callbackURL": "/dash"}), "/dash")
	w.github(mail)
	other := w.Client()
	other.Post("/pat-signin", body{"pat": patOfAda}).Is(200, "")
	if first, second := c.Get("/get-session").Field("user.id"), other.Get("/get-session").Field("user.id"); first != second {
		t.Errorf("two users: %s and %s", first, second)
	}
}

func TestGitHubThatDoesNotAnswerIsNobodysFault(t *testing.T) {
	t.Parallel()
	w := start(t, "[pat_signin]\nenabled = true\n")
	w.idp.Answers["api.github.com/user"] = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }
	c := w.Client()
	c.Post("/pat-signin", body{"pat": patOfAda}).Is(502, "PROVIDER_UNAVAILABLE")
	nobody(t, c)
}
