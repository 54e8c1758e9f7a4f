package user_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

func TestAPictureIsLoadedOverHTTPS(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	c.Post("/update-user", map[string]any{"image": "https://x.example/a.png"}).Is(200, "")
	for _, address := range []string{"http://x.example/a.png", "javascript:alert(1)", "data:image/png;base64,AA", "//x.example/a.png", "https:", "https://x.example/" + strings.Repeat("p", 9000)} {
		c.Post("/update-user", map[string]any{"image": address}).Is(400, "VALIDATION_ERROR")
		s.Client().Post("/sign-up/email", map[string]any{"email": "b@example.com", "password": testkit.Password, "name": "B", "image": address}).Is(400, "VALIDATION_ERROR")
	}
	if image := c.Get("/get-session").Field("user.image"); image != "https://x.example/a.png" {
		t.Fatal(image)
	}
	if _, err := s.Admin.Find(t.Context(), "b@example.com"); err == nil {
		t.Fatal("somebody was made")
	}
}

func TestAnOperatorsNewAddressEndsTheOldOnesLinks(t *testing.T) {
	s := testkit.Start(t, "")
	s.SignUp("a@example.com").Post("/request-password-reset", map[string]string{"email": "a@example.com"}).Is(200, "")
	token := s.Token("reset-password")
	if _, err := s.Admin.Update(t.Context(), "a@example.com", map[string]any{"email": "b@example.com"}); err != nil {
		t.Fatal(err)
	}
	s.Client().Post("/reset-password", map[string]string{"token": token, "newPassword": "another-password"}).Is(400, "INVALID_TOKEN")
	s.SignIn("b@example.com")
}

func TestAnOperatorGivesAFirstPasswordOnce(t *testing.T) {
	s := testkit.Start(t, "[operator]\ntoken = \"0123456789-0123456789-0123456789-token\"\n")
	s.SignUp("a@example.com")
	u, err := s.Admin.Find(t.Context(), "a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	c.Header.Set("Authorization", "Bearer 0123456789-0123456789-0123456789-token")
	c.Post("./api/operator/setPassword", map[string]string{"userId": u.ID, "newPassword": "another-password"}).Is(400, "PASSWORD_ALREADY_SET")
	s.SignIn("a@example.com")
	made := c.Post("./api/operator/createUser", map[string]any{"email": "b@example.com", "name": "B"}).Is(200, "").Field("user.id")
	c.Post("./api/operator/setPassword", map[string]string{"userId": made, "newPassword": testkit.Password}).Is(200, "")
	s.SignIn("b@example.com")
}
