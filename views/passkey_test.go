package views

import (
	"encoding/json"
	"html"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

func passkeySamples(p Page) map[string]templ.Component {
	carrying := p
	carrying.Carry = url.Values{"flow": {"4f1c"}}
	button := PasskeyButton{RPID: "id.example.org"}
	known := button
	known.Unknown, known.Last = "AAECAw", true
	wrong := p
	wrong.Alert = Alert{Problem, Msg("passkey.unknown")}
	password := PasswordPanel(p, PasswordForm{Email: "ada@example.org", Exists: true, MinPasswordLength: 8, Passkey: true})
	short := PasswordForm{Email: "ada@example.org", Exists: true, MinPasswordLength: 8, Errors: Errors{"new_password": Msg("field.password_short", "n", 8)}}
	keys := Passkeys{All: []Passkey{
		{ID: "1", Provider: "Apple Passwords", Kind: PasskeyOfDevice, Synced: true, Created: now.Add(-70 * 24 * time.Hour), Used: now.Add(-2 * time.Hour)},
		{ID: "2", Name: "The blue one on the key ring, not the black one", Provider: "YubiKey 5", Kind: PasskeyOfKey, Created: now.Add(-3 * time.Minute)},
		{ID: "3", Name: "Work", Provider: "Bitwarden", Kind: PasskeyOfManager, Synced: true, Created: now.Add(-30 * time.Hour), Used: now.Add(-time.Minute)},
	}, Owner: PasskeyOwner{RPID: "id.example.org", Handles: []PasskeyHandle{{Handle: "aGFuZGxl", Credentials: []string{"AQ", "Ag", "Aw"}, Name: "ada@example.org", DisplayName: "Ada"}}}}
	one := Passkeys{All: []Passkey{{ID: "1", Copied: true, Created: now.Add(-time.Minute), Last: true}}, Gone: "BBBB"}
	return map[string]templ.Component{
		"login-passkey":         Login(p, LoginForm{Remember: true, SignUp: true, Reset: true, Passkey: &button}),
		"login-passkey-all":     Login(p, LoginForm{Remember: true, SignUp: true, Reset: true, Methods: providerButtons(p)[:3], Passkey: &known}),
		"login-passkey-one":     Login(p, LoginForm{Only: true, SignUp: true, Passkey: &button}),
		"login-passkey-unknown": Login(wrong, LoginForm{Remember: true, Passkey: &known}),
		"signup-passkey":        SignUp(p, SignUpForm{MinPasswordLength: 8, Passkey: true}),
		"signup-passkey-one":    SignUp(p, SignUpForm{Only: true, Passkey: true}),
		"new-password":          NewPassword(p, PasswordForm{Email: "ada@example.org", Exists: true, MinPasswordLength: 8}),
		"new-password-short":    NewPassword(p, short),
		"offer":                 OfferPasskey(p, PasskeyOffer{}),
		"offer-recovered":       OfferPasskey(p, PasskeyOffer{Recovered: true}),
		"offer-second":          OfferPasskey(carrying, PasskeyOffer{Second: true, Client: "Grafana"}),
		"passkeys":              Security(p.WithPasskeys(), SecurityPage{Panels: []templ.Component{PasskeysPanel(p, keys), password}}),
		"passkeys-one":          Security(p.WithPasskeys(), SecurityPage{Panels: []templ.Component{PasskeysPanel(p, one)}}),
		"passkeys-unproven":     Security(p.WithPasskeys(), SecurityPage{Panels: []templ.Component{PasskeysPanel(p, Passkeys{Unproven: true})}}),
		"confirm-passkey":       Confirm(p.WithPasskeys(), ConfirmPage{User: User{Email: "ada@example.org"}, Ways: []string{"password", "passkey"}, Pending: "p", Back: "/account/security", Again: "/login?switch=1"}),
		"confirm-passkey-only":  Confirm(p.WithPasskeys(), ConfirmPage{User: User{Email: "ada@example.org"}, Ways: []string{"passkey"}, Back: "/account/security", Again: "/login?switch=1"}),
		"passkeys-none":         Security(p.WithPasskeys(), SecurityPage{Panels: []templ.Component{PasskeysPanel(p, Passkeys{}), password}}),
	}
}

func TestThePictureOfWhoKeepsAPasskey(t *testing.T) {
	for name, want := range map[string]string{"1Password": "1", "YubiKey 5": "Y", "iCloud Keychain (Managed)": "I"} {
		if got := (Passkey{Provider: name}).initial(); got != want {
			t.Errorf("%s has the initial %q", name, got)
		}
	}
	if (Passkey{Provider: "YubiKey 5"}).colour() != (Passkey{Provider: "YubiKey Bio"}).colour() {
		t.Error("one maker has two colours")
	}
	for _, colour := range keepers { // white on it, WCAG 2.2 §1.4.3
		var light float64
		for i, weight := range []float64{.2126, .7152, .0722} {
			part, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			if c := float64(part) / 255; c > .04045 {
				light += weight * math.Pow((c+.055)/1.055, 2.4)
			} else {
				light += weight * c / 12.92
			}
		}
		if ratio := 1.05 / (light + .05); ratio < 4.5 {
			t.Errorf("white on %s has a contrast of %.2f", colour, ratio)
		}
	}
}

// TestWhatPasswordManagersAreTold reads what the script takes from a page.
func TestWhatPasswordManagersAreTold(t *testing.T) {
	c := catalogue(t)
	p := samplePage(c, c.locales[0])
	told := func(page templ.Component) string {
		found := regexp.MustCompile(`data-signal="([^"]*)"`).FindAllStringSubmatch(render(t, page), -1)
		if len(found) == 0 {
			return ""
		}
		text := html.UnescapeString(found[0][1])
		if len(found) > 1 || !json.Valid([]byte(text)) {
			t.Fatalf("told twice, or no JSON: %v", found)
		}
		return text
	}
	handles := []PasskeyHandle{{Handle: "h1", Credentials: []string{"c1", "c2"}, Name: "ada@example.org", DisplayName: `Ada "The" <b>`}, {Handle: "h2", Credentials: []string{}, Name: "ada@example.org", DisplayName: "Ada"}}
	for name, tc := range map[string]struct {
		page templ.Component
		want []string
		not  []string
	}{
		"a page where nothing happened says nothing": {Login(p, LoginForm{Passkey: &PasskeyButton{RPID: "id.example.org"}}), nil, []string{"signal"}},
		"a credential of nobody is unknown": {
			Login(p, LoginForm{Passkey: &PasskeyButton{RPID: "id.example.org", Unknown: "c9"}}),
			[]string{`["signalUnknownCredential",{"credentialId":"c9","rpId":"id.example.org"}]`},
			[]string{"signalAllAcceptedCredentials"},
		},
		"the panel says for each handle what counts, and who it is": {
			PasskeysPanel(p, Passkeys{Owner: PasskeyOwner{RPID: "id.example.org", Handles: handles}}),
			[]string{
				`["signalAllAcceptedCredentials",{"allAcceptedCredentialIds":["c1","c2"],"rpId":"id.example.org","userId":"h1"}]`,
				`["signalAllAcceptedCredentials",{"allAcceptedCredentialIds":[],"rpId":"id.example.org","userId":"h2"}]`, `"userId":"h1"`, `"name":"ada@example.org"`,
			},
			[]string{"signalUnknownCredential"},
		},
		"what was just removed is unknown": {
			PasskeysPanel(p, Passkeys{Owner: PasskeyOwner{RPID: "id.example.org"}, Gone: "c3"}),
			[]string{`["signalUnknownCredential",{"credentialId":"c3","rpId":"id.example.org"}]`},
			[]string{"signalAllAcceptedCredentials"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := told(tc.page)
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s is not in %s", want, text)
				}
			}
			for _, not := range tc.not {
				if strings.Contains(text, not) {
					t.Errorf("%s is in %s", not, text)
				}
			}
		})
	}
}

// TestPasskeysHideWithoutAScript keeps what cannot be pressed out of sight, and nothing else.
func TestPasskeysHideWithoutAScript(t *testing.T) {
	c := catalogue(t)
	p := samplePage(c, c.locales[0])
	for name, tc := range map[string]struct {
		page   templ.Component
		hidden []string
		shown  []string
	}{
		"with a password, the button and the line above it": {
			Login(p, LoginForm{Passkey: &PasskeyButton{}}), []string{`class="or" hidden`, `data-webauthn hidden>`}, []string{`type="password"`, `autocomplete="username webauthn"`},
		},
		"with other ways, the line above them stays": {
			Login(p, LoginForm{Methods: providerButtons(p), Passkey: &PasskeyButton{}}), []string{`data-webauthn hidden>`}, []string{`<div class="or"><span>`},
		},
		"with nothing else, the page says what is missing": {
			Login(p, LoginForm{Only: true, Passkey: &PasskeyButton{}}), []string{`data-webauthn hidden>`, `<div hidden data-webauthn>`}, []string{"<noscript>"},
		},
		"on the sign-up page, the button": {
			SignUp(p, SignUpForm{MinPasswordLength: 8, Passkey: true}), []string{`<div data-webauthn hidden>`}, []string{`type="password"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := render(t, tc.page)
			for _, want := range append(tc.hidden, tc.shown...) {
				if !strings.Contains(text, want) {
					t.Errorf("%s is missing", want)
				}
			}
			if strings.Count(text, " hidden") != len(tc.hidden) {
				t.Errorf("%d parts are hidden, want %d", strings.Count(text, " hidden"), len(tc.hidden))
			}
		})
	}
	if strings.Contains(render(t, Login(p, LoginForm{})), "webauthn") {
		t.Error("a server without passkeys speaks of them")
	}
}
