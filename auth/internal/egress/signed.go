package egress

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Signed adds to header what signs a JSON message as Standard Webhooks has it
// (https://www.standardwebhooks.com, "Signature scheme"). Several secrets sign side
// by side while one replaces the other.
func Signed(header map[string]string, secrets [][]byte, id string, now time.Time, body string) map[string]string {
	all := maps.Clone(header)
	if all == nil {
		all = map[string]string{}
	}
	at := strconv.FormatInt(now.Unix(), 10)
	all["Content-Type"] = "application/json"
	all["Webhook-Id"] = id
	all["Webhook-Timestamp"] = at
	all["Webhook-Signature"] = signature(secrets, id, at, body)
	return all
}

func signature(secrets [][]byte, id, timestamp, body string) string {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write([]byte(id + "." + timestamp + "." + body))
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}
