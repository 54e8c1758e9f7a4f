package oidc_test

import (
	"net/url"
	"testing"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/oidc"
)

// BenchmarkRefresh is the domain's part of a token refresh, by eight clients at once.
func BenchmarkRefresh(b *testing.B) {
	w := newWorld(b, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	tokens := make(chan string, 64)
	for range cap(tokens) {
		tokens <- w.tokens(id, secret)["refresh_token"].(string)
	}
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			token := <-tokens
			got := w.refresh(id+":"+secret, token, url.Values{}).json(200)
			tokens <- got["refresh_token"].(string)
		}
	})
}

// BenchmarkCodeFlow is authorize and token for somebody who is signed in and not asked.
func BenchmarkCodeFlow(b *testing.B) {
	w := newWorld(b, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	ada := w.ada()
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		code := ada.authorize(request(id, nil)).Query().Get("code")
		w.redeem(id+":"+secret, code, nil).json(200)
	}
}

// BenchmarkIntrospect is the domain's part of looking at an opaque token.
func BenchmarkIntrospect(b *testing.B) {
	w := newWorld(b, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	token := w.tokens(id, secret)["access_token"].(string)
	b.ReportAllocs()
	for b.Loop() {
		w.form("introspect", id+":"+secret, url.Values{"token": {token}})
	}
}

// BenchmarkClientCredentials is a machine's token, opaque and on disk.
func BenchmarkClientCredentials(b *testing.B) {
	w := withThings(b)
	_, basic := w.machine("read:things")
	b.ReportAllocs()
	for b.Loop() {
		w.own(basic, nil)
	}
}

// BenchmarkSweep deletes 100,000 expired tokens while a client refreshes: the longest refresh
// tells how long the sweep keeps others from writing.
func BenchmarkSweep(b *testing.B) {
	w := newWorld(b, nil)
	id, secret := w.client(oidc.Client{SkipConsent: true})
	token := w.tokens(id, secret)["refresh_token"].(string)
	var longest time.Duration
	for b.Loop() {
		b.StopTimer()
		w.expiredTokens(100_000, id)
		b.StartTimer()
		swept := make(chan error)
		go func() { swept <- w.srv.OIDC.Sweep(b.Context()) }()
		for done := false; !done; {
			began := time.Now()
			token = w.refresh(id+":"+secret, token, url.Values{}).json(200)["refresh_token"].(string)
			longest = max(longest, time.Since(began))
			select {
			case err := <-swept:
				if err != nil {
					b.Fatal(err)
				}
				done = true
			default:
			}
		}
	}
	b.ReportMetric(float64(longest.Microseconds())/1000, "longest-refresh-ms")
	if n := w.count("oauth_access_token WHERE expires_at < 1000000000000"); n != 0 {
		b.Fatalf("%d expired tokens are left", n)
	}
}

func (w *world) expiredTokens(n int, clientID string) {
	w.t.Helper()
	err := w.srv.Core.DB.Write(w.t.Context(), func(tx *store.Tx) error {
		for range n {
			if _, err := tx.Exec(w.t.Context(), `INSERT INTO oauth_access_token (id, token, grant_id, client_id, scopes, created_at, expires_at)
VALUES ($1, $2, '', $3, '[]', 0, 1)`, core.NewID(), core.HashToken(core.NewToken(32)), clientID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
