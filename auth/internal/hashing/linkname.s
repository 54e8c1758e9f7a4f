// Empty. It lets the compiler accept the functions of argon2id.go and scrypt.go
// whose bodies are in golang.org/x/crypto.
