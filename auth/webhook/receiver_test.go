package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

// secret is 32 bytes in base64, as receivers have it.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

// heard is one request that a receiver got.
type heard struct {
	ID, Signature string
	At            time.Time
	Header        http.Header
	Body          string
	Type          string
	Timestamp     time.Time
	Data          map[string]any
}

// receiver is another system, over real HTTP. answer decides what it says.
type receiver struct {
	*httptest.Server
	t      *testing.T
	secret string

	mu     sync.Mutex
	got    []heard
	answer http.HandlerFunc
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, secret: secret, answer: func(http.ResponseWriter, *http.Request) {}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, hr *http.Request) {
	body, err := io.ReadAll(hr.Body)
	if err != nil {
		r.t.Error(err)
	}
	h := heard{ID: hr.Header.Get("webhook-id"), Signature: hr.Header.Get("webhook-signature"), Header: hr.Header, Body: string(body)}
	if !verify(r.secret, h.ID, hr.Header.Get("webhook-timestamp"), h.Signature, h.Body) {
		r.t.Errorf("the signature does not hold: %v %s", hr.Header, body)
	}
	seconds, _ := strconv.ParseInt(hr.Header.Get("webhook-timestamp"), 10, 64)
	h.At = time.Unix(seconds, 0)
	if err := json.Unmarshal(body, &h); err != nil {
		r.t.Errorf("%s: %v", body, err)
	}
	r.mu.Lock()
	r.got = append(r.got, h)
	answer := r.answer
	r.mu.Unlock()
	answer(w, hr)
}

// verify is a receiver's own check, written from the specification and not from this server.
func verify(secret, id, timestamp, header, body string) bool {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return false
		}
	}
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, id+"."+timestamp+"."+body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return slices.Contains(strings.Split(header, " "), want)
}

func (r *receiver) answers(fn http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = fn
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// heard returns what came since the last call, and its types in the order of their making.
func (r *receiver) heard() (got []heard, types string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	got, r.got = r.got, nil
	slices.SortStableFunc(got, func(a, b heard) int { return strings.Compare(a.ID, b.ID) })
	var names []string
	for _, h := range got {
		names = append(names, h.Type)
	}
	return got, strings.Join(names, " ")
}

// hook is the configuration of a receiver.
func (r *receiver) hook(more string) string {
	return "[[webhook]]\nname = \"crm\"\nurl = \"" + r.URL + "\"\nsecret = \"" + secret + "\"\n" + more + "\n"
}

// tells delivers what is due and fails unless these are the types that came.
func (r *receiver) tells(srv *testkit.Server, types string) []heard {
	r.t.Helper()
	srv.Drain(r.t.Context())
	got, names := r.heard()
	if names != types {
		r.t.Fatalf("the receiver heard %q, want %q", names, types)
	}
	return got
}
