package mail

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// PayloadBuild says whether this build attaches what a mail was made from.
var PayloadBuild = func() bool {
	m := gomail.NewMsg()
	_ = attachPayload(m, 1)
	var b strings.Builder
	_, _ = m.WriteTo(&b)
	return strings.Contains(b.String(), "X-Authd-Payload")
}()

// Payload reads X-Authd-Payload.
func Payload(header string) map[string]any {
	text, _ := base64.StdEncoding.DecodeString(strings.ReplaceAll(header, " ", ""))
	var payload map[string]any
	_ = json.Unmarshal(text, &payload)
	return payload
}
