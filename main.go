// Command authd is a self-hosted auth server: one binary, one SQLite file.
package main

//go:generate sh -c "go run . openapi > docs/openapi.json"

import (
	"os"

	"authd/auth/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
