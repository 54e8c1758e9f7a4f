package health_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

func TestAHealthyServerSaysSo(t *testing.T) {
	s := testkit.Start(t, "")
	for _, path := range []string{"./healthz", "./readyz"} {
		if a := s.Client().Get(path).Is(200, ""); a.Body != `{"status":"ok"}` {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	s.Client().Get("./metrics").Is(404, "")
}

func TestMetricsCountRoutesAndNothingThatCallersChoose(t *testing.T) {
	s := testkit.Start(t, "[metrics]\nenabled = true\n")
	c := s.Client()
	c.Get("/ok").Is(200, "")
	c.Do("BREW", "/coffee-of-somebody", "", "").Is(404, "")
	a := c.Get("./metrics").Is(200, "")
	for _, want := range []string{
		`authd_http_request_duration_seconds_count{method="GET",route="ok",status="2xx"} 1`,
		`authd_http_request_duration_seconds_count{method="other",route="unknown",status="4xx"} 1`,
	} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(a.Body, "coffee") || strings.Contains(a.Body, "BREW") {
		t.Error("a label is what a caller sent")
	}
}
