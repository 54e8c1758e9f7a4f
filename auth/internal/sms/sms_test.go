package sms_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/egress"
	"authd/auth/internal/sms"
)

const secret = "a-secret-of-thirty-two-bytes-....."

// receiver answers as it is told and keeps what came.
type receiver struct {
	*httptest.Server
	status int
	answer string
	body   string
	header http.Header
	path   string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.body, r.header, r.path = string(body), req.Header, req.URL.Path
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func newSender(t *testing.T, cfg config.SMS) sms.Sender {
	t.Helper()
	cfg.Timeout = 5 * time.Second
	s, err := sms.New(cfg, egress.New(egress.Options{}), func(context.Context) time.Time { return time.Unix(1_800_000_000, 0) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var message = sms.Message{ID: "msg_1", Kind: "phone-otp", To: "+15550001111", Text: "123456 is your code"}

func TestAMessageIsPostedWithItsSignature(t *testing.T) {
	r := newReceiver(t)
	s := newSender(t, config.SMS{URL: r.URL + "/send", Secret: []string{secret}, Headers: map[string]string{"X-Key": "k"}})
	if err := s.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"sms","timestamp":"2027-01-15T08:00:00Z","data":{"kind":"phone-otp","to":"+15550001111","text":"123456 is your code"}}`
	if r.body != want || r.path != "/send" || r.header.Get("X-Key") != "k" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s %v", r.path, r.body, r.header)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte("msg_1." + strconv.Itoa(1_800_000_000) + "." + r.body))
	if got := r.header.Get("Webhook-Signature"); got != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) || r.header.Get("Webhook-Id") != "msg_1" {
		t.Errorf("signed %q", got)
	}
}

func TestTwilioGetsAFormAndTheAccount(t *testing.T) {
	r := newReceiver(t)
	r.status = 201
	for from, want := range map[string]string{"+15005550006": "Body=123456+is+your+code&From=%2B15005550006&To=%2B15550001111", "MG0123": "Body=123456+is+your+code&MessagingServiceSid=MG0123&To=%2B15550001111"} {
		s := newSender(t, config.SMS{Twilio: config.Twilio{AccountSID: "AC1", AuthToken: "tok", From: from, URL: r.URL}})
		if err := s.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		if r.body != want || r.path != "/2010-04-01/Accounts/AC1/Messages.json" || r.header.Get("Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("AC1:tok")) {
			t.Errorf("%s %s %v", r.path, r.body, r.header)
		}
	}
}

func TestWhatARefusalMeans(t *testing.T) {
	r := newReceiver(t)
	senders := map[string]sms.Sender{
		"hook":   newSender(t, config.SMS{URL: r.URL, Secret: []string{secret}}),
		"twilio": newSender(t, config.SMS{Twilio: config.Twilio{AccountSID: "AC1", AuthToken: "tok", From: "+15005550006", URL: r.URL}}),
	}
	r.answer = `{"code":21211,"message":"The 'To' number +15550001111 is not a valid phone number."}`
	for name, s := range senders {
		for status, permanent := range map[int]bool{400: true, 404: true, 408: false, 429: false, 500: false, 503: false, 302: false} {
			r.status = status
			err := s.Send(t.Context(), message)
			if err == nil || errors.Is(err, sms.ErrPermanent) != permanent {
				t.Errorf("%s, %d: %v", name, status, err)
				continue
			}
			for _, private := range []string{"15550001111", "123456", "tok", secret, r.URL} {
				if strings.Contains(err.Error(), private) {
					t.Errorf("the error tells %q: %v", private, err)
				}
			}
		}
	}
	r.Close()
	for name, s := range senders {
		if err := s.Send(t.Context(), message); err == nil || errors.Is(err, sms.ErrPermanent) {
			t.Errorf("%s without a receiver: %v", name, err)
		}
	}
}
