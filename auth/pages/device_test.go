package pages_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

// deviceClient may let a device in; wiki may not.
const deviceClient = `
[[client]]
client_id = "tv"
name = "The <television>"
token_endpoint_auth_method = "none"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code"]
`

// askDevice begins what a device begins, and returns its codes and the link that it shows.
func askDevice(t *testing.T, s *testkit.Server, client string) (device, code, link string) {
	t.Helper()
	a := s.Client().Form("/device/code", url.Values{"client_id": {client}, "scope": {"openid email"}}).Is(200, "")
	return a.Field("device_code"), a.Field("user_code"), strings.TrimPrefix(a.Field("verification_uri_complete"), s.URL)
}

func TestDevicePage(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, deviceClient)
	ada := s.SignUp("ada@example.com")
	poll := func(device string) string {
		return s.Client().Form("/oauth2/token", url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device}, "client_id": {"tv"},
		}).Field("error")
	}
	t.Run("signing in comes first, and the code comes along", func(t *testing.T) {
		_, code, link := askDevice(t, s, "tv")
		to := s.Client().Get("."+link).Is(303, "").Header.Get("Location")
		u, err := url.Parse(to)
		if err != nil || u.Path != "/login" || u.Query().Get("return_to") != "/device?user_code="+code {
			t.Error(to)
		}
	})
	t.Run("RFC 8628 §5.4: a link fills the field in and does nothing more", func(t *testing.T) {
		device, code, link := askDevice(t, s, "tv")
		page := ada.Get("."+link).Is(200, "").Body
		if !strings.Contains(page, `value="`+code+`"`) || strings.Contains(page, "television") {
			t.Error(page)
		}
		if got := poll(device); got != "authorization_pending" {
			t.Error(got)
		}
	})
	t.Run("the page says who asks, for what, from where and since when", func(t *testing.T) {
		_, code, _ := askDevice(t, s, "tv")
		page := html.UnescapeString(ada.Form("./device", url.Values{"user_code": {strings.ToLower(code)}}).Is(200, "").Body)
		for _, want := range []string{"Let The <television> in?", "127.0.0.1", "just now", code, "ada@example.com", "Know who you are", "See your e-mail address"} {
			if !strings.Contains(page, want) {
				t.Errorf("it does not say %q", want)
			}
		}
		// Equal weight: the same class, in one row.
		if n := strings.Count(page, `class="button choice-button" name="decision"`); n != 2 {
			t.Errorf("%d choices", n)
		}
	})
	t.Run("a stranger's name is marked, and that it gets everything", func(t *testing.T) {
		_, code, _ := askDevice(t, s, "Your bank")
		page := ada.Form("./device", url.Values{"user_code": {code}}).Is(200, "").Body
		if !strings.Contains(page, "Nobody has checked that name") || !strings.Contains(page, "Be signed in as you") {
			t.Error(page)
		}
	})
	for decision, want := range map[string]string{"allow": "", "deny": "access_denied"} {
		t.Run(decision, func(t *testing.T) {
			device, code, _ := askDevice(t, s, "tv")
			form := url.Values{"user_code": {code}, "decision": {decision}}
			ada.Form("./device/answer", form).Is(422, "") // not without a look
			ada.Form("./device", url.Values{"user_code": {code}}).Is(200, "")
			ada.Form("./device/answer", url.Values{"user_code": {code}, "decision": {"?"}}).Is(303, "")
			ada.Form("./device/answer", form).Is(200, "")
			if got := poll(device); got != want {
				t.Errorf("the device is told %q", got)
			}
			page := ada.Form("./device/answer", form).Is(422, "").Body
			if !regexp.MustCompile("answered already|No device").MatchString(page) {
				t.Error(page)
			}
		})
	}
	t.Run("another site's form does nothing", func(t *testing.T) {
		device, code, _ := askDevice(t, s, "tv")
		ada.Form("./device", url.Values{"user_code": {code}}).Is(200, "")
		evil := *ada
		evil.Header = map[string][]string{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}
		evil.Form("./device/answer", url.Values{"user_code": {code}, "decision": {"allow"}}).Is(403, "")
		if got := poll(device); got != "authorization_pending" {
			t.Error(got)
		}
	})
	t.Run("what is wrong stands beside the field", func(t *testing.T) {
		if page := ada.Form("./device", url.Values{"user_code": {`"><b>`}}).Is(422, "").Body; !strings.Contains(page, "No device shows this code") || strings.Contains(page, "<b>") {
			t.Error(page)
		}
	})
}
