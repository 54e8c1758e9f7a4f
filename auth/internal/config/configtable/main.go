// Command configtable writes the table of settings into a Markdown file, between
// the marks <!-- config:begin --> and <!-- config:end -->. go generate runs it on
// the README. It must know nothing about settings but what config.Keys says.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"authd/auth/internal/config"
)

const (
	begin = "<!-- config:begin -->"
	end   = "<!-- config:end -->"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: configtable FILE.md")
		os.Exit(2)
	}
	if err := rewrite(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "configtable:", err)
		os.Exit(1)
	}
}

// rewrite replaces what stands between the marks.
func rewrite(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	replaced, err := replace(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if bytes.Equal(text, replaced) {
		return nil
	}
	return os.WriteFile(name, replaced, 0o644) //nolint:gosec // a document for everybody
}

func replace(text []byte) ([]byte, error) {
	before, rest, hasBegin := bytes.Cut(text, []byte(begin))
	_, after, hasEnd := bytes.Cut(rest, []byte(end))
	if !hasBegin || !hasEnd {
		return nil, fmt.Errorf("the marks %s and %s are missing", begin, end)
	}
	var out bytes.Buffer
	out.Write(before)
	out.WriteString(begin + "\n")
	out.WriteString(table())
	out.WriteString(end)
	out.Write(after)
	return out.Bytes(), nil
}

func table() string {
	var out strings.Builder
	out.WriteString("| authd.toml | environment | default | |\n|---|---|---|---|\n")
	for _, key := range config.Keys() {
		if strings.HasPrefix(key.Path, "social_providers.") {
			continue
		}
		fmt.Fprintf(&out, "| `%s` | `%s` | %s | %s |\n", key.Path, key.Env[0], shown(key), sentence(key))
	}
	out.WriteString("\nIn a `[social_providers.NAME]` (in the environment `AUTHD_SOCIAL_PROVIDERS__GITHUB__CLIENT_ID`, …); names, and which provider needs which key: [docs/social-providers.md](docs/social-providers.md):\n\n")
	rows(&out, config.SocialProviderKeys())
	out.WriteString("\nIn a `[[generic_oauth.config]]` (in the environment `AUTHD_GENERIC_OAUTH__CONFIG__0__PROVIDER_ID`, …, or all of them as JSON in `AUTHD_GENERIC_OAUTH__CONFIG`):\n\n")
	rows(&out, config.GenericProviderKeys())
	out.WriteString("\nIn a `[[client]]` (in the environment `AUTHD_CLIENT__0__CLIENT_ID`, …, or all of them as JSON in `AUTHD_CLIENT`):\n\n")
	rows(&out, config.ClientKeys())
	out.WriteString("\nIn a `[[oauth_provider.resources]]` (in the environment `AUTHD_OAUTH_PROVIDER__RESOURCES__0__IDENTIFIER`, …, or all of them as JSON in `AUTHD_OAUTH_PROVIDER__RESOURCES`):\n\n")
	rows(&out, config.ResourceKeys())
	out.WriteString("\nIn a `[user.additional_fields.NAME]` or `[session.additional_fields.NAME]` (in the environment all of them as JSON in `AUTHD_USER__ADDITIONAL_FIELDS`):\n\n")
	rows(&out, config.FieldKeys())
	out.WriteString("\nIn a `[[webhook]]` (in the environment `AUTHD_WEBHOOK__0__NAME`, …, or all of them as JSON in `AUTHD_WEBHOOK`):\n\n")
	rows(&out, config.WebhookKeys())
	return out.String()
}

// rows is the table of what stands in one table of authd.toml.
func rows(out *strings.Builder, keys []config.Key) {
	out.WriteString("| key | default | |\n|---|---|---|\n")
	for _, key := range keys {
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", key.Path, shown(key), sentence(key))
	}
}

func shown(key config.Key) string {
	switch {
	case key.Shown != "":
		return cell(key.Shown)
	case key.Default != "":
		return "`" + key.Default + "`"
	default:
		return ""
	}
}

func sentence(key config.Key) string {
	text := cell(key.Doc)
	if len(key.Allowed) > 0 {
		text += " One of `" + strings.Join(key.Allowed, "`, `") + "`."
		if key.Kind == "list" {
			text = strings.Replace(text, " One of ", " Some of ", 1)
		}
	}
	if key.Secret {
		text += " Secret: `" + key.Path + "_file` names a file that holds it."
	}
	return text
}

// cell keeps a text within one cell and its angle brackets from being taken for HTML.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(text)
}
