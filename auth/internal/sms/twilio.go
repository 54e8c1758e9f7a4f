package sms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/egress"
)

// twilio posts messages as Twilio's Messages resource takes them, which others take
// too: a form, and the account as user and password.
type twilio struct {
	cfg     config.Twilio
	timeout time.Duration
	out     *egress.Client
}

func (t *twilio) Send(ctx context.Context, m Message) error {
	form := url.Values{"To": {m.To}, "Body": {m.Text}}
	if strings.HasPrefix(t.cfg.From, "MG") {
		form.Set("MessagingServiceSid", t.cfg.From)
	} else {
		form.Set("From", t.cfg.From)
	}
	address := strings.TrimSuffix(t.cfg.URL, "/") + "/2010-04-01/Accounts/" + t.cfg.AccountSID + "/Messages.json"
	header := map[string]string{
		"Content-Type":  "application/x-www-form-urlencoded",
		"Accept":        "application/json",
		"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(t.cfg.AccountSID+":"+t.cfg.AuthToken)),
	}
	answer, err := t.out.Post(ctx, address, header, []byte(form.Encode()), egress.Want{Trusted: true, Timeout: t.timeout, MaxBody: most})
	if err != nil {
		return unnamed(err)
	}
	return judge(answer, codeOf(answer.Body))
}

// codeOf is Twilio's own number for what is wrong; its words name the phone.
func codeOf(body []byte) string {
	var told struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(body, &told) != nil || told.Code == 0 {
		return ""
	}
	return fmt.Sprintf(" (error %d)", told.Code)
}
