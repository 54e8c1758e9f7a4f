package webhook_test

import (
	"testing"

	"authd/auth/internal/testkit"
)

// TestWhoWasAnonymousIsToldOfTogetherWithWhoTheyAre: a receiver that deletes what it keeps
// of a deleted user must not hear of a deletion, for no order is promised.
func TestWhoWasAnonymousIsToldOfTogetherWithWhoTheyAre(t *testing.T) {
	r := newReceiver(t)
	srv := testkit.Start(t, r.hook(`events = ["user.*"]`)+"[anonymous]\nenabled = true\n")
	c := srv.Client()
	id := c.Post("/sign-in/anonymous", nil).Is(200, "").Field("user.id")
	r.tells(srv, "user.created")
	c.Post("/sign-up/email", map[string]any{"email": "ada@example.com", "password": testkit.Password, "name": "Ada"}).Is(200, "")
	got := r.tells(srv, "user.created user.linked")[1]
	before, _ := got.Data["anonymousUser"].(map[string]any)
	after, _ := got.Data["user"].(map[string]any)
	if before["id"] != id || before["isAnonymous"] != true || after["email"] != "ada@example.com" || got.Data["method"] != "email" || got.Data["anonymousUserDeleted"] != true {
		t.Fatal(got.Body)
	}
	c = srv.Client()
	c.Post("/sign-in/anonymous", nil).Is(200, "")
	c.Post("/delete-anonymous-user", nil).Is(200, "")
	r.tells(srv, "user.created user.deleted")
}
