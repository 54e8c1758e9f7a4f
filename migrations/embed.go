// Package migrations holds the one timeline of schema changes. A file is
// named by the UTC time it was written and is never edited once released.
package migrations

import "embed"

// FS holds the goose migrations, applied in the order of their names.
//
//go:embed *.sql
var FS embed.FS
