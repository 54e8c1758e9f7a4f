//go:build testhooks

package mail

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// attachPayload puts what the mail was made from into a header, in pieces, so
// that the header can be folded into lines of allowed length.
func attachPayload(msg *gomail.Msg, payload any) error {
	if payload == nil {
		return nil
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	encoded := []byte(base64.StdEncoding.EncodeToString(text))
	var pieces []string
	for piece := range slices.Chunk(encoded, 60) {
		pieces = append(pieces, string(piece))
	}
	msg.SetGenHeaderPreformatted("X-Authd-Payload", strings.Join(pieces, "\r\n "))
	return nil
}
