package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"authd/auth/internal/testkit"
)

func BenchmarkGetSession(b *testing.B) {
	for name, toml := range map[string]string{
		"database": "",
		"compact":  "[session.cookie_cache]\nenabled = true\n",
		"jwe":      "[session.cookie_cache]\nenabled = true\nstrategy = \"jwe\"\n",
	} {
		b.Run(name, func(b *testing.B) {
			s := testkit.Start(b, "[log]\nlevel = \"error\"\n"+toml)
			c := s.SignUp("a@example.com")
			req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/auth/get-session", nil)
			for k, v := range c.Cookies {
				req.Header.Add("Cookie", k+"="+v)
			}
			h := s.Handler()
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, req)
				if w.Code != http.StatusOK || w.Body.Len() < 100 {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
