// Package tests looks at authd from outside: its shape, its binary, its wire.
//
// arch_test.go keeps the dependency rule of auth/doc.go. When it fails, it says
// which file broke which rule and where the thing belongs instead.
package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "authd"

// layers, from the top: a package imports only from layers that stand below its own.
// The base packages may use each other (Go itself forbids cycles); capabilities may not.
const (
	layerTests = iota
	layerMain
	layerCLI
	layerAuth
	layerCapability
	layerCore
	layerBase
	layerLeaf
)

var layerNames = [...]string{"tests", "main", "auth/cli", "auth", "a capability", "auth/internal/core", "auth/internal/…", "views, migrations, static"}

// pkg is what `go list` knows about one of our packages.
type pkg struct {
	ImportPath   string
	Dir          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	Deps         []string
}

// layer says where in the tree an import path of ours stands.
func layer(importPath string) int {
	p := strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
	switch {
	case p == "":
		return layerMain
	case p == "views" || p == "migrations" || p == "static":
		return layerLeaf
	case p == "auth":
		return layerAuth
	case within(p, "auth/cli"):
		return layerCLI
	case within(p, "auth/internal/core"):
		return layerCore
	case within(p, "auth/internal/testkit"), within(p, "auth/internal/benchkit"):
		return layerTests
	case within(p, "auth/internal"):
		return layerBase
	case within(p, "auth"):
		return layerCapability
	default:
		return layerTests
	}
}

func within(p, folder string) bool {
	return p == folder || strings.HasPrefix(p, folder+"/")
}

func ours(importPath string) bool { return within(importPath, module) }

// TestDependencyRule holds every import of the product against the arrows
// main → auth/cli → auth → capability → core → the base packages.
func TestDependencyRule(t *testing.T) {
	t.Parallel()
	packages := listPackages(t, "")
	if len(packages) < 3 {
		t.Fatalf("go list found %d packages: this test looks at the wrong folder", len(packages))
	}
	for _, tags := range []string{"", "testhooks"} {
		for _, p := range listPackages(t, tags) {
			for _, complaint := range importComplaints(p) {
				t.Error(complaint)
			}
		}
	}
}

// importComplaints checks one package's direct imports; the arrows being a strict
// order, what holds for direct imports holds for everything behind them.
func importComplaints(p pkg) []string {
	var found []string
	from := layer(p.ImportPath)
	if from == layerCapability && strings.Count(p.ImportPath, "/") > 2 {
		found = append(found, fmt.Sprintf("%s: a capability has no sub-packages; split it by noun into files of its own folder", p.ImportPath))
	}
	if from == layerTests {
		return found
	}
	for _, imported := range p.Imports {
		if sqlPackage(imported) && p.ImportPath != module+"/auth/internal/store" {
			found = append(found, fmt.Sprintf("%s imports %s: only auth/internal/store speaks to the database; use store.One, store.All and db.Write", p.ImportPath, imported))
		}
		if !ours(imported) {
			continue
		}
		if complaint := arrowComplaint(p.ImportPath, from, imported); complaint != "" {
			found = append(found, complaint)
		}
	}
	return found
}

func arrowComplaint(importer string, from int, imported string) string {
	to := layer(imported)
	switch {
	case from == layerLeaf:
		return fmt.Sprintf("%s imports %s: views, migrations and static import nothing of ours; hand them plain values", importer, imported)
	case to == layerTests:
		return fmt.Sprintf("%s imports %s: only tests may", importer, imported)
	case from == layerCapability && to == layerCapability:
		return fmt.Sprintf("%s imports %s: a capability never imports another; declare the small interface you need and let auth/modules.go pass it in, or move what both need to auth/internal/core", importer, imported)
	case to > from, from == layerBase && to == layerBase, from == layerCore && to == layerCore:
		return ""
	default:
		return fmt.Sprintf("%s imports %s: %s stands below %s, no arrow points back; declare an interface here and pass the other one in", importer, imported, layerNames[from], layerNames[to])
	}
}

func sqlPackage(importPath string) bool {
	for _, root := range []string{"database/sql", "modernc.org/sqlite", "github.com/pressly/goose", "github.com/jackc/pgx"} {
		if importPath == root || strings.HasPrefix(importPath, root+"/") {
			return true
		}
	}
	return false
}

// TestReleaseBinaryHasNoTestPackages reads the whole dependency list of the released program.
func TestReleaseBinaryHasNoTestPackages(t *testing.T) {
	t.Parallel()
	for _, dep := range goList(t, "-deps", "-json=ImportPath", ".") {
		if dep.ImportPath == "testing" || dep.ImportPath == "net/http/httptest" || dep.ImportPath == "net/http/pprof" {
			t.Errorf("the released program contains %s: find who imports it with `go mod why` and move that into a _test.go file or auth/internal/testkit", dep.ImportPath)
		}
		if ours(dep.ImportPath) && layer(dep.ImportPath) == layerTests {
			t.Errorf("the released program contains %s, which is for tests", dep.ImportPath)
		}
	}
}

// TestCapabilityFiles: every capability is laid out alike, so that the second one is read in a minute.
func TestCapabilityFiles(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t, "") {
		if layer(p.ImportPath) != layerCapability {
			continue
		}
		name := path.Base(p.ImportPath)
		if !slices.Contains(p.GoFiles, name+".go") {
			t.Errorf("%s has no %s.go: the package comment, Config, Service, New and Module stand there", p.ImportPath, name)
		}
		if len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 {
			t.Errorf("%s has no test: add %s_test.go, through HTTP, on a real file, with a fake clock", p.ImportPath, name)
		}
	}
}

// TestArrowsAreNoticed shows that the rule bites: each case is a package that breaks or keeps it.
func TestArrowsAreNoticed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, importer, imported string
		wrong                    bool
	}{
		{"the program hands over to the command line", "authd", "authd/auth/cli", false},
		{"the command line may read the configuration", "authd/auth/cli", "authd/auth/internal/config", false},
		{"a capability stands on core", "authd/auth/password", "authd/auth/internal/core", false},
		{"a capability renders views", "authd/auth/pages", "authd/views", false},
		{"base packages use each other", "authd/auth/internal/outbox", "authd/auth/internal/store", false},
		{"a capability imports another", "authd/auth/password", "authd/auth/session", true},
		{"core looks up at a capability", "authd/auth/internal/core", "authd/auth/password", true},
		{"a base package looks up at core", "authd/auth/internal/store", "authd/auth/internal/core", true},
		{"a capability looks up at auth", "authd/auth/session", "authd/auth", true},
		{"auth looks up at the command line", "authd/auth", "authd/auth/cli", true},
		{"views look at the product", "authd/views", "authd/auth/internal/config", true},
		{"the product uses the test kit", "authd/auth/password", "authd/auth/internal/testkit", true},
		{"a capability opens the database itself", "authd/auth/user", "database/sql", true},
		{"the command line opens the file itself", "authd/auth/cli", "modernc.org/sqlite", true},
		{"the store opens the database", "authd/auth/internal/store", "modernc.org/sqlite", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := importComplaints(pkg{ImportPath: c.importer, Imports: []string{c.imported}})
			if (len(got) > 0) != c.wrong {
				t.Errorf("%s → %s: complaints %q, want some: %t", c.importer, c.imported, got, c.wrong)
			}
		})
	}
}

func listPackages(t *testing.T, tags string) []pkg {
	t.Helper()
	return goList(t, "-tags="+tags, "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports", "./...")
}

func goList(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", strings.Join(args, " "), err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatalf("read go list's answer: %v", err)
		}
		all = append(all, p)
	}
	return all
}

// root is the folder of go.mod: tests run in their own folder, one below it.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("no go.mod above tests/: %v", err)
	}
	return dir
}
