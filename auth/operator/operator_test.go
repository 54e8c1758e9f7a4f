package operator_test

import (
	"testing"

	"authd/auth/internal/testkit"
)

const create = "./api/operator/createUser"

func TestWithoutATokenThePathDoesNotExist(t *testing.T) {
	s := testkit.Start(t, "")
	if a := s.Client().Post(create, map[string]string{"email": "a@example.com", "name": "A"}).Is(404, ""); a.Body != "" {
		t.Fatal(a.Body)
	}
}

func TestOnlyAnOperatorCreatesAndFindsUsers(t *testing.T) {
	s := testkit.Start(t, "")
	token, secret, err := s.Operators.Create(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	body := map[string]any{"email": "a@example.com", "name": "A", "password": testkit.Password, "role": []string{"user", "editor"}}
	c.Post(create, body).Is(401, "UNAUTHORIZED")
	c.Header.Set("Authorization", "Bearer "+secret+"x")
	c.Post(create, body).Is(401, "UNAUTHORIZED")
	c.Header.Set("Authorization", "Bearer "+secret)
	a := c.Post(create, body).Is(200, "")
	if a.Field("user.role") != "user,editor" {
		t.Fatal(a.Body)
	}
	c.Post(create, body).Is(400, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL")
	if c.Post("./api/operator/getUser", map[string]string{"email": "a@example.com"}).Is(200, "").Field("id") != a.Field("user.id") {
		t.Fatal("another user was found")
	}
	c.Post("./api/operator/setUserPassword", map[string]string{"userId": a.Field("user.id"), "newPassword": "a-new-password"}).Is(200, "")
	s.Client().Post("/sign-in/email", map[string]string{"email": "a@example.com", "password": "a-new-password"}).Is(200, "")

	other := s.Client()
	other.Header.Set("X-Authd-Operator-Token", secret)
	other.Post("./api/operator/getUser", map[string]string{"id": "nope"}).Is(404, "USER_NOT_FOUND")
	if err := s.Operators.Revoke(t.Context(), token.ID); err != nil {
		t.Fatal(err)
	}
	other.Post("./api/operator/getUser", map[string]string{"email": "a@example.com"}).Is(404, "")
}
