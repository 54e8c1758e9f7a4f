package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Webhook is one [[webhook]]: somebody who is told what happens.
type Webhook struct {
	Name     string            `toml:"name" shown:"the host of url" doc:"Its name in commands and logs."`
	URL      string            `toml:"url" doc:"Where messages are posted; required. It may be a private address."`
	Secret   []string          `toml:"secret" secret:"true" doc:"Signs the messages, 24 to 64 bytes: whsec_ and base64, as Standard Webhooks has it, or plain text; required. Several, separated by commas, all sign: for a change."`
	Events   []string          `toml:"events" default:"*" doc:"Events to tell of, such as user.created or user.*; docs/webhooks.md lists them."`
	Headers  map[string]string `toml:"headers" secret:"true" doc:"Further headers of the requests."`
	Timeout  time.Duration     `toml:"timeout" default:"10s" min:"100ms" max:"10s" doc:"How long an answer may take."`
	RetryFor time.Duration     `toml:"retry_for" default:"3d" min:"1m" max:"30d" doc:"How long a message is tried again, later and later, before it is given up."`
	Enabled  bool              `toml:"enabled" default:"true" doc:"When false, what happens meanwhile is not told."`
}

// PolicyWebhook is asked before people sign up or in.
type PolicyWebhook struct {
	URL     string            `toml:"url" doc:"Asked before people sign up or in, and may refuse them; docs/webhooks.md. It may be a private address."`
	Secret  []string          `toml:"secret" secret:"true" doc:"Signs the questions, as in a [[webhook]]; required with url."`
	On      []string          `toml:"on" default:"sign-up,sign-in" allowed:"sign-up,sign-in" doc:"What it is asked about."`
	Headers map[string]string `toml:"headers" secret:"true" doc:"Further headers of the requests."`
	Timeout time.Duration     `toml:"timeout" default:"2s" min:"50ms" max:"10s" doc:"How long people wait for its answer at most."`
	Fail    string            `toml:"fail" default:"closed" allowed:"open,closed" doc:"What happens when it gives no answer: open lets people in, closed keeps them out."`
}

// WebhookKeys lists what stands in a [[webhook]].
func WebhookKeys() []Key {
	return keysOf(reflect.TypeFor[Webhook](), "", nil)
}

// parseWebhooks reads the [[webhook]] tables.
func (k Key) parseWebhooks(source string, given any) (any, error) {
	list, ok := given.([]any)
	if !ok {
		return nil, k.refuse(source, given)
	}
	hooks := []Webhook{}
	for i, item := range list {
		table, ok := item.(map[string]any)
		if !ok {
			return nil, k.refuse(source, item)
		}
		var w Webhook
		prefix := fmt.Sprintf("%s[%d].", k.Path, i)
		if err := fill(reflect.ValueOf(&w).Elem(), WebhookKeys(), prefix, source, table); err != nil {
			return nil, err
		}
		if err := w.check(prefix, source); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(hooks, func(other Webhook) bool { return other.Name == w.Name }) {
			return nil, &complaint{prefix + "name", source, strconv.Quote(w.Name) + " twice", "a name of its own for each webhook"}
		}
		hooks = append(hooks, w)
	}
	return hooks, nil
}

func (w *Webhook) check(prefix, source string) error {
	refuse := func(key, given, allowed string) error { return &complaint{prefix + key, source, given, allowed} }
	if !webURL(w.URL) {
		return refuse("url", shownURL(w.URL), "an http or https URL, without user and password")
	}
	if w.Name == "" {
		w.Name = hostOf(w.URL)
	}
	if !clientID(w.Name) {
		return refuse("name", strconv.Quote(w.Name), "1 to 128 letters, digits, and -._~:/@")
	}
	if len(w.Events) == 0 {
		return refuse("events", "empty", "events such as user.created, or *")
	}
	if _, err := SigningSecrets(w.Secret); err != nil {
		return refuse("secret", err.Error(), signingKeyForm)
	}
	return checkHeaders(refuse, w.Headers)
}

// shownURL keeps a wrong address, whose end may be a secret, out of the log.
func shownURL(text string) string {
	if text == "" {
		return "not set"
	}
	return "not usable (not shown, it may hold a secret)"
}

// checkHeaders refuses headers that would be another message's or break this one.
func checkHeaders(refuse refusal, headers map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		lower := strings.ToLower(name)
		reserved := slices.Contains([]string{"host", "content-type", "content-length", "transfer-encoding", "connection"}, lower)
		if name == "" || reserved || strings.HasPrefix(lower, "webhook-") || strings.IndexFunc(name, func(r rune) bool { return r != '_' && !cookieNameRune(r) }) >= 0 {
			return refuse("headers", strconv.Quote(name), "names of headers, but not Host, Content-Type, Content-Length, Transfer-Encoding, Connection and webhook-…")
		}
		if strings.IndexFunc(headers[name], func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) >= 0 {
			return refuse("headers", strconv.Quote(name)+" with a line break", "values of one line")
		}
	}
	return nil
}

// checkPolicy looks at [policy_webhook].
func (c *Config) checkPolicy() error {
	p := &c.PolicyWebhook
	if p.URL == "" {
		return nil
	}
	refuse := func(key, given, allowed string) error {
		return &complaint{"policy_webhook." + key, c.Source("policy_webhook." + key), given, allowed}
	}
	if !webURL(p.URL) {
		return refuse("url", shownURL(p.URL), "an http or https URL, without user and password")
	}
	if _, err := SigningSecrets(p.Secret); err != nil {
		return refuse("secret", err.Error(), signingKeyForm)
	}
	if len(p.On) == 0 {
		return refuse("on", "empty", "sign-up, sign-in, or both")
	}
	return checkHeaders(refuse, p.Headers)
}

// SecretPrefix begins a signing secret in base64.
const SecretPrefix = "whsec_"

const signingKeyForm = "24 to 64 bytes each, such as whsec_ and what openssl rand -base64 32 makes"

// SigningSecrets gives the bytes of symmetric signing secrets (Standard Webhooks, "Signature
// scheme"): what follows whsec_ is base64, anything else is taken as it stands. The error
// shows nothing of them.
func SigningSecrets(texts []string) ([][]byte, error) {
	if len(texts) == 0 {
		return nil, errors.New("not set")
	}
	var secrets [][]byte
	for i, text := range texts {
		secret := []byte(text)
		if encoded, ok := strings.CutPrefix(text, SecretPrefix); ok {
			var err error
			if secret, err = base64.StdEncoding.DecodeString(encoded); err != nil {
				return nil, fmt.Errorf("whsec_ and something that is not base64 (number %d)", i+1)
			}
		}
		if len(secret) < 24 || len(secret) > 64 {
			return nil, fmt.Errorf("%d bytes long (number %d)", len(secret), i+1)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// WebURL tells whether text is an http or https URL without user and password.
func WebURL(text string) bool { return webURL(text) }
