package oidc_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
)

// outside plays the servers that the provider calls: by address, what is there.
// Where nothing is, nobody answers.
type outside struct {
	mu    sync.Mutex
	sites map[string]site
	asked []string // the addresses, in order
	hold  chan struct{}
}

// site is one answer.
type site struct {
	status int // 0: 200
	kind   string
	cache  string
	body   string
}

// RoundTrip implements http.RoundTripper.
func (o *outside) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() == "127.0.0.1" { // a server of the test's own
		return http.DefaultTransport.RoundTrip(r)
	}
	o.mu.Lock()
	o.asked = append(o.asked, r.URL.String())
	s, there := o.sites[r.URL.String()]
	hold := o.hold
	o.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if !there {
		return nil, errString("no such host")
	}
	if s.status == 0 {
		s.status = http.StatusOK
	}
	if s.kind == "" {
		s.kind = "application/json"
	}
	h := http.Header{"Content-Type": {s.kind}}
	if s.cache != "" {
		h.Set("Cache-Control", s.cache)
	}
	return &http.Response{
		StatusCode: s.status, Header: h, Body: io.NopCloser(strings.NewReader(s.body)), ContentLength: int64(len(s.body)), Request: r,
	}, nil
}

// put sets what is at an address.
func (o *outside) put(address string, s site) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sites == nil {
		o.sites = map[string]site{}
	}
	o.sites[address] = s
}

// remove takes a server away.
func (o *outside) remove(address string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.sites, address)
}

// requests is how often somebody was asked.
func (o *outside) requests() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}
