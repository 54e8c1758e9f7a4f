package openapi_test

import (
	"os"
	"testing"

	"authd/auth/internal/testkit"
)

func TestTheServedDocumentIsTheOneInDocs(t *testing.T) {
	s := testkit.Start(t, "")
	a := s.Client().Get("/open-api/generate-schema").Is(200, "")
	kept, err := os.ReadFile("../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if a.Body != string(kept) {
		t.Fatal("docs/openapi.json is not what the endpoints declare: run go generate .")
	}
	if a.Field("openapi") != "3.1.0" || a.Field("paths./api/auth/sign-in/email.post.operationId") != "signInEmail" {
		t.Fatal("the document lacks what every reader looks for")
	}
}
