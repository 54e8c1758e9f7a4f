package oidc

import (
	"context"
	"net/url"
	"sync"
	"time"
)

const (
	documentsKept = 1000 // how many are kept in memory
	readsAtAll    = 60   // how many addresses of strangers are read a minute
	readsOfAHost  = 10   // how many of them at one host
)

// errDocumentAway: it cannot be read now, which says nothing about the client.
const errDocumentAway = documentError("the metadata document at client_id cannot be read")

// documents are the clients that are known by their metadata documents, for as long
// as the documents may be kept. Strangers name the addresses: there is a bound to
// what is kept, and to how often others are called for it. A failure is not kept, but
// for the steps of one request.
type documents struct {
	limit readLimit

	mu sync.Mutex
	of map[string]*document
}

type document struct {
	wanted time.Time // guarded by documents.mu

	mu     sync.Mutex // held while it is read: others who need it wait for the same answer
	client *Client
	until  time.Time
	wrong  error // why it was no client just now
	failed time.Time
}

// get is the client of an address, a copy that is the caller's. Errors: documentError.
func (d *documents) get(ctx context.Context, s *Service, id string) (*Client, error) {
	now := s.now(ctx)
	one := d.entry(id, now)
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.client != nil && now.Before(one.until) {
		c := *one.client
		return &c, nil
	}
	if age := now.Sub(one.failed); one.wrong != nil && age >= 0 && age < time.Second {
		return nil, one.wrong
	}
	if !d.limit.take(id, now) {
		return nil, errDocumentAway
	}
	read, life, err := s.readDocument(ctx, id)
	if err != nil {
		one.wrong, one.failed = err, now
		return nil, err
	}
	one.client, one.until, one.wrong = read, now.Add(life), nil
	c := *read
	return &c, nil
}

// entry makes room by forgetting what nobody wanted for the longest time.
func (d *documents) entry(id string, now time.Time) *document {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of == nil {
		d.of = map[string]*document{}
	}
	one := d.of[id]
	if one == nil {
		if len(d.of) >= documentsKept {
			oldest := ""
			for other, about := range d.of {
				if oldest == "" || about.wanted.Before(d.of[oldest].wanted) {
					oldest = other
				}
			}
			delete(d.of, oldest)
		}
		one = &document{}
		d.of[id] = one
	}
	one.wanted = now
	return one
}

// readLimit bounds how often others are called because a stranger named their address.
type readLimit struct {
	mu     sync.Mutex
	since  time.Time // when the minute began of which the rest tells
	all    int
	atHost map[string]int
}

// take counts what is read, and tells whether one more may be.
func (l *readLimit) take(address string, now time.Time) bool {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Hostname()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := now.Sub(l.since); l.atHost == nil || age >= time.Minute || age < 0 {
		l.since, l.all, l.atHost = now, 0, map[string]int{}
	}
	if l.all >= readsAtAll || l.atHost[host] >= readsOfAHost {
		return false
	}
	l.all++
	l.atHost[host]++
	return true
}
