package upstream_test

import (
	"testing"
	"time"

	"authd/auth/internal/testkit"
	"authd/auth/internal/upstream"
)

// person is what is read of a profile.
type person struct {
	id, name, email       string
	verified, placeholder bool
	image                 string
}

const ada = "ada@example.com"

// people are who the shapes tell of.
func people() map[string]person {
	return map[string]person{
		"apple":       {"001999.b23c.1042", "Ada King", ada, true, false, ""},
		"atlassian":   {"112233aa", "Ada King", ada, false, false, "https://avatar-management.atlassian.com/a"},
		"cloudflare":  {"7c5dae5552338874e5053f2534d2767a", "Ada King", ada, false, false, ""},
		"cognito":     {"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "Ada", ada, true, false, ""},
		"discord":     {"80351110224678912", "Ada King", ada, true, false, "https://cdn.discordapp.com/avatars/80351110224678912/a_8342729096ea3675442027381ff50dfe.gif"},
		"dropbox":     {"dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc", "Ada King", ada, true, false, "https://dl-web.dropbox.com/p.jpg"},
		"example":     {"ada-1", "Ada King", ada, true, false, ""},
		"facebook":    {"10158", "Ada King", ada, false, false, "https://platform-lookaside.fbsbx.com/p.jpg"},
		"figma":       {"936012", "Ada King", ada, false, false, "https://s3-alpha.figma.com/a"},
		"github":      {"583231", "ada", ada, true, false, "https://avatars.githubusercontent.com/u/583231?v=4"},
		"gitlab":      {"1", "Ada King", ada, false, false, "https://git.example.com/a.png"},
		"google":      {"110169484474386276334", "Ada King", ada, true, false, "https://lh4.googleusercontent.com/photo.jpg"},
		"huggingface": {"62f264b9f3c90f4b6514a269", "Ada King", ada, true, false, "https://huggingface.co/a.svg"},
		"kakao":       {"9007199254740993", "Ada King", ada, true, false, "https://k.kakaocdn.net/a.jpg"},
		"kick":        {"4377", "ada", ada, false, false, "https://kick.com/a.webp"},
		"line":        {"U1234567890abcdef", "Ada King", ada, false, false, "https://profile.line-scdn.net/a"},
		"linear":      {"90fa1f7b", "Ada King", ada, false, false, "https://public.linear.app/a.png"},
		"linkedin":    {"782bbtaQ", "Ada King", ada, true, false, "https://media.licdn.com/p.jpg"},
		"microsoft":   {"00000000-0000-0000-66f3-3332eca7ea81", "Ada King", ada, true, false, "data:image/jpeg;base64,anBlZw=="},
		"naver":       {"32742776", "Ada King", ada, false, false, "https://ssl.pstatic.net/a.gif"},
		"notion":      {"d40e767c", "Ada King", ada, false, false, "https://s3.notion.so/a.png"},
		"patreon":     {"12345", "Ada King", ada, true, false, "https://c10.patreonusercontent.com/a.jpeg"},
		"paybin":      {"pb-1", "ada", ada, true, false, ""},
		"paypal":      {"https://www.paypal.com/webapps/auth/identity/user/mWq6", "Ada King", ada, true, false, ""},
		"polar":       {"1dbfc517", "Ada King", ada, true, false, "https://polar.sh/a.png"},
		"railway":     {"user_1", "Ada King", ada, false, false, "https://railway.com/a.png"},
		"reddit":      {"1qwh0", "ada", "1qwh0@reddit.placeholder.invalid", false, true, "https://styles.redditmedia.com/a.png"},
		"roblox":      {"1516563360", "Ada King", "1516563360@roblox.placeholder.invalid", false, true, "https://tr.rbxcdn.com/a.png"},
		"salesforce":  {"005xx000001Sv6AAAS", "Ada King", ada, true, false, "https://acme.my.salesforce.com/p.jpg"},
		"slack":       {"U0R7JM", "Ada King", ada, true, false, "https://secure.gravatar.com/a.png"},
		"spotify":     {"ada1815", "Ada King", ada, false, false, "https://i.scdn.co/a"},
		"tiktok":      {"afd97af1", "Ada King", "afd97af1@tiktok.placeholder.invalid", false, true, "https://p19.tiktokcdn-us.com/a.jpg"},
		"twitch":      {"713936733", "ada", ada, true, false, "https://static-cdn.jtvnw.net/a.png"},
		"twitter":     {"2244994945", "Ada King", ada, true, false, "https://pbs.twimg.com/a.png"},
		"vercel":      {"345e869043f2e55", "ada", ada, true, false, "https://vercel.com/a.png"},
		"vk":          {"1234567890", "Ada King", ada, false, false, "https://pp.userapi.com/a.jpg"},
		"wechat":      {"o6_bmasdasdsad6_2sgVt7hMZOPfL", "Ada King", "o6_bmasdasdsad6_2sgVt7hMZOPfL@wechat.placeholder.invalid", false, true, "https://thirdwx.qlogo.cn/a"},
		"zoom":        {"zJKyaiAyTNC-MWjiWC18KQ", "Ada King", ada, true, false, "https://us06web.zoom.us/p/a"},
	}
}

// TestEveryProviderFromButtonToProfile walks the whole way with each provider,
// against one that is as strict as the real one.
func TestEveryProviderFromButtonToProfile(t *testing.T) {
	walked := map[string]bool{}
	for _, s := range testkit.Shapes() {
		walked[s.ID] = true
		t.Run(s.ID, func(t *testing.T) {
			t.Parallel()
			w, p := one(t, s)
			back := w.Authorize(w.begin(p))
			if err := p.CheckIssuer(t.Context(), back.Get("iss")); err != nil {
				t.Error(err)
			}
			tokens, err := p.Exchange(t.Context(), code(back))
			if err != nil {
				t.Fatal(err)
			}
			if tokens.AccessToken == "" || tokens.RefreshToken == "" || !tokens.AccessExpires.Equal(w.clock.Now(t.Context()).Add(time.Hour)) {
				t.Errorf("%+v", tokens)
			}
			profile, err := p.Profile(t.Context(), tokens, back)
			if err != nil {
				t.Fatal(err)
			}
			got := person{profile.ID, profile.Name, profile.Email, profile.EmailVerified, profile.Placeholder, profile.Image}
			if want := people()[s.ID]; got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if _, err := p.Exchange(t.Context(), code(back)); err == nil {
				t.Error("the code worked twice")
			}
			next, err := p.Refresh(t.Context(), tokens.RefreshToken)
			if err != nil || next.AccessToken == tokens.AccessToken || next.RefreshToken == "" {
				t.Errorf("refresh: %+v, %v", next, err)
			}
		})
	}
	for _, d := range upstream.Definitions() {
		if !walked[d.ID] {
			t.Errorf("nothing plays %s", d.ID)
		}
	}
}

// TestScopesOfATokenAreRead in all the forms that providers write them in.
func TestScopesOfATokenAreRead(t *testing.T) {
	for _, s := range testkit.Shapes() {
		want := map[string]int{"github": 2, "twitch": 2, "google": 3, "tiktok": 1}[s.ID]
		if want == 0 {
			continue
		}
		t.Run(s.ID, func(t *testing.T) {
			w, p := one(t, s)
			tokens, err := p.Exchange(t.Context(), code(w.Authorize(w.begin(p))))
			if err != nil || len(tokens.Scopes) != want {
				t.Errorf("%+v, %v", tokens, err)
			}
		})
	}
}
