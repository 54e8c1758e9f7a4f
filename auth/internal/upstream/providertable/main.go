// Command providertable writes the table of upstream providers into a Markdown
// file, between the marks <!-- providers:begin --> and <!-- providers:end -->.
// go generate runs it. All but the addresses of consoles, which only people need,
// comes from the definitions.
package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"authd/auth/internal/upstream"
)

const (
	begin = "<!-- providers:begin -->\n"
	end   = "<!-- providers:end -->"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: providertable FILE.md")
		os.Exit(2)
	}
	if err := rewrite(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "providertable:", err)
		os.Exit(1)
	}
}

// rewrite replaces what stands between the marks.
func rewrite(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, hasBegin := bytes.Cut(text, []byte(begin))
	_, after, hasEnd := bytes.Cut(rest, []byte(end))
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s: the marks are missing", name)
	}
	out := slices.Concat(before, []byte(begin), []byte(table()), []byte(end), after)
	return os.WriteFile(name, out, 0o644) //nolint:gosec // a document for everybody
}

func table() string {
	var out strings.Builder
	out.WriteString("| `[social_providers.…]` | needs | takes | asks for | its addresses count as verified | ID tokens of apps |\n|---|---|---|---|---|---|\n")
	for _, d := range upstream.Definitions() {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", name(d), needs(d), takes(d), code(d.Scopes), verified(d), apps(d))
	}
	return out.String()
}

// name links to where the app is made.
func name(d upstream.Definition) string {
	shown := "`" + d.ID + "`"
	if at := consoles()[d.ID]; at != "" {
		shown = "[" + shown + "](https://" + at + ")"
	}
	if !strings.EqualFold(d.ID, d.Name) {
		shown += " " + d.Name
	}
	return shown
}

func needs(d upstream.Definition) string {
	keys := []string{"client_id"}
	var more []string
	for _, s := range d.Settings {
		switch {
		case s.Key == "client_key":
			keys[0] = s.Key
		case s.Required:
			more = append(more, s.Key)
		}
	}
	if d.ID == "apple" {
		return code(keys) + ", and `team_id`, `key_id`, `private_key` or a `client_secret` of your own"
	}
	if !d.Public {
		keys = append(keys, "client_secret")
	}
	return code(append(keys, more...))
}

func takes(d upstream.Definition) string {
	var all []string
	if d.Public {
		all = append(all, "`client_secret`")
	}
	for _, s := range d.Settings {
		switch {
		case s.Required, d.ID == "apple" && slices.Contains([]string{"team_id", "key_id", "private_key"}, s.Key):
		case s.Default != "":
			all = append(all, "`"+s.Key+"` ("+s.Default+")")
		default:
			all = append(all, "`"+s.Key+"`")
		}
	}
	return strings.Join(all, ", ")
}

func verified(d upstream.Definition) string {
	switch {
	case d.Placeholder && d.ID != "twitter":
		return "it tells none"
	case d.Fields.Verified != "", d.ID == "github", d.ID == "twitter": // these two by a function
		return "when it says so"
	default:
		return "no"
	}
}

func apps(d upstream.Definition) string {
	if d.JWKS != "" && !d.NoApps {
		return "yes"
	}
	return ""
}

func code(list []string) string {
	var all []string
	for _, one := range list {
		all = append(all, "`"+one+"`")
	}
	return strings.Join(all, ", ")
}

// consoles are where people make an app.
func consoles() map[string]string {
	return map[string]string{
		"apple": "developer.apple.com/account/resources/identifiers", "atlassian": "developer.atlassian.com/console/myapps/",
		"cloudflare": "dash.cloudflare.com", "cognito": "console.aws.amazon.com/cognito", "discord": "discord.com/developers/applications",
		"dropbox": "www.dropbox.com/developers/apps", "facebook": "developers.facebook.com/apps", "figma": "www.figma.com/developers/apps",
		"github": "github.com/settings/developers", "gitlab": "gitlab.com/-/user_settings/applications", "google": "console.cloud.google.com/apis/credentials",
		"huggingface": "huggingface.co/settings/applications/new", "kakao": "developers.kakao.com", "kick": "kick.com/settings/developer",
		"line": "developers.line.biz/console/", "linear": "linear.app/settings/api", "linkedin": "www.linkedin.com/developers/apps",
		"microsoft": "entra.microsoft.com", "naver": "developers.naver.com/apps/", "notion": "www.notion.so/my-integrations",
		"paypal": "developer.paypal.com/dashboard/applications", "polar": "polar.sh", "railway": "railway.com/account",
		"reddit": "www.reddit.com/prefs/apps", "roblox": "create.roblox.com/dashboard/credentials", "salesforce": "login.salesforce.com",
		"slack": "api.slack.com/apps", "spotify": "developer.spotify.com/dashboard", "tiktok": "developers.tiktok.com",
		"twitch": "dev.twitch.tv/console/apps", "twitter": "developer.x.com", "vercel": "vercel.com/dashboard", "vk": "id.vk.com/business/go",
		"wechat": "open.weixin.qq.com", "zoom": "marketplace.zoom.us",
	}
}
