package oidc_test

import (
	"net/url"
	"testing"

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
