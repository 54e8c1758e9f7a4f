package views

// Provider is another server that people sign in with.
type Provider struct {
	ID   string
	Name string
	Icon string // its id where authd knows it by name, "" otherwise
	Last bool   // what was used last in this browser
	// SignUp: an account is asked for, not only a sign-in.
	SignUp bool
}

// drawing is the picture beside a provider's name: of what the provider is about,
// not its trade mark.
func (m Provider) drawing() string {
	switch m.Icon {
	case "github", "gitlab", "atlassian", "huggingface", "linear", "vercel", "railway", "cloudflare":
		return "branch"
	case "discord", "slack", "kakao", "line", "wechat", "reddit", "twitter", "vk":
		return "speech"
	case "spotify", "twitch", "tiktok", "kick", "zoom":
		return "play"
	case "facebook", "linkedin", "patreon", "naver":
		return "people"
	case "paypal", "paybin", "polar":
		return "card"
	case "google", "microsoft", "apple", "cognito", "salesforce", "roblox":
		return "tiles"
	case "figma", "notion", "dropbox":
		return "layers"
	default:
		return "door"
	}
}
