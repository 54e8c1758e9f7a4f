package access_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

func operator(t *testing.T, s *testkit.Server) *testkit.Client {
	t.Helper()
	_, token, err := s.Operators.Create(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	c.Header = http.Header{"Authorization": {"Bearer " + token}}
	return c
}

func TestTheOperatorInvitesAndLetsIn(t *testing.T) {
	s := testkit.Start(t, approval)
	op := operator(t, s)
	post := func(operation string, body map[string]any) *testkit.Answer {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return op.Do("POST", "./api/operator/"+operation, "application/json", string(text))
	}
	made := post("inviteUser", map[string]any{"email": "ada@example.com", "role": "editor", "expiresIn": 3600}).Is(200, "")
	if !strings.HasPrefix(made.Field("invitation.url"), s.URL+"/signup?invitation=") || made.Field("invitation.role") != "editor" {
		t.Fatal(made.Body)
	}
	id := made.Field("invitation.id")
	if list := post("listSignUpInvitations", map[string]any{}).Is(200, ""); !strings.Contains(list.Body, id) || strings.Contains(list.Body, "invitation=") {
		t.Fatal(list.Body)
	}
	post("revokeSignUpInvitation", map[string]any{"id": id}).Is(200, "")
	post("revokeSignUpInvitation", map[string]any{"id": id}).Is(404, "INVITATION_NOT_FOUND")
	post("inviteUser", map[string]any{"expiresIn": 5}).Is(400, "VALIDATION_ERROR")

	entered(t, s, "a@example.com", "")
	entered(t, s, "b@example.com", "")
	if list := post("listPendingUsers", map[string]any{}).Is(200, ""); strings.Count(list.Body, `"email"`) != 2 {
		t.Fatal(list.Body)
	}
	post("approveUser", map[string]any{"email": "a@example.com"}).Is(200, "")
	post("approveUser", map[string]any{"email": "a@example.com"}).Is(400, "NOT_PENDING")
	post("approveUser", map[string]any{}).Is(400, "VALIDATION_ERROR")
	post("refuseUser", map[string]any{"id": user(t, s, "b@example.com").ID}).Is(200, "")
	post("refuseUser", map[string]any{"email": "b@example.com"}).Is(404, "USER_NOT_FOUND")
	if user(t, s, "a@example.com").Pending {
		t.Fatal("they still wait")
	}
	nobody(t, s, "b@example.com")
}

func TestStrangersAreNoOperators(t *testing.T) {
	s := testkit.Start(t, "")
	operator(t, s)
	for _, operation := range []string{"inviteUser", "listSignUpInvitations", "revokeSignUpInvitation", "listPendingUsers", "approveUser", "refuseUser"} {
		if a := s.Client().Do("POST", "./api/operator/"+operation, "application/json", `{"id":"x"}`); a.Status != 401 {
			t.Errorf("%s: %d", operation, a.Status)
		}
	}
}
