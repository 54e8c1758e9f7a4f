package tests

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"authd/migrations"
)

// statement is the text of one SQL statement and where it stands.
type statement struct{ at, text string }

// built is what `go list -export` knows of a package.
type built struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

const storePath = module + "/auth/internal/store"

// collectStatements type-checks every package that has a store.go, so that constants are
// put together as the compiler does it, and takes every constant that reads as SQL. A
// statement that is no constant fails the test: nobody could check it before it runs.
func collectStatements(t *testing.T) []statement {
	t.Helper()
	packages := listBuilt(t)
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var all []statement
	for _, p := range packages {
		if !ours(p.ImportPath) || p.ImportPath == storePath || !hasStoreFile(p) {
			continue
		}
		files, info := typeCheck(t, fset, imports, p)
		for _, file := range files {
			all = append(all, statementsIn(t, fset, file, info)...)
		}
	}
	return all
}

func listBuilt(t *testing.T) []built {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", "./auth/...")
	cmd.Dir, cmd.Stderr, cmd.Env = root(t), os.Stderr, append(os.Environ(), "CGO_ENABLED=0") // as it is released, and built already
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -export: %v", err)
	}
	var all []built
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p built
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func hasStoreFile(p built) bool {
	for _, name := range p.GoFiles {
		if (source{path: name}).named("store") {
			return true
		}
	}
	return false
}

func typeCheck(t *testing.T, fset *token.FileSet, imports types.Importer, p built) ([]*ast.File, *types.Info) {
	t.Helper()
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, fset, files, info); err != nil {
		t.Fatalf("type-check %s: %v", p.ImportPath, err)
	}
	return files, info
}

func statementsIn(t *testing.T, fset *token.FileSet, file *ast.File, info *types.Info) []statement {
	t.Helper()
	var found []statement
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if arg := sqlArgument(call, info); arg != nil && info.Types[arg].Value == nil {
				t.Errorf("%s: this SQL is not a constant: write it as one, or one constant for each case", fset.Position(arg.Pos()))
			}
		}
		expr, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		value := info.Types[expr].Value
		if value == nil || value.Kind() != constant.String {
			return true
		}
		if text := constant.StringVal(value); sqlText.MatchString(text) {
			found = append(found, statement{fset.Position(expr.Pos()).String(), text})
		}
		return false
	})
	return found
}

// sqlArgument finds the statement among the arguments of store.One, store.All and Tx.Exec.
func sqlArgument(call *ast.CallExpr, info *types.Info) ast.Expr {
	fun := call.Fun
	if generic, ok := fun.(*ast.IndexExpr); ok {
		fun = generic.X
	}
	selector, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	used := info.Uses[selector.Sel]
	if used == nil || used.Pkg() == nil || used.Pkg().Path() != storePath {
		return nil
	}
	position := map[string]int{"One": 3, "All": 3, "Exec": 1}[used.Name()]
	if position == 0 || len(call.Args) <= position {
		return nil
	}
	return call.Args[position]
}

// script is one half of a migration file.
type script struct{ name, text string }

// readMigrations splits each file at its goose marks; downs come in reverse order.
func readMigrations(t *testing.T) (ups, downs []script) {
	t.Helper()
	entries, err := migrations.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := migrations.FS.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		up, down, found := strings.Cut(string(text), "-- +goose Down")
		if !found {
			t.Fatalf("%s has no -- +goose Down", e.Name())
		}
		ups = append(ups, script{e.Name() + " (up)", up})
		downs = append([]script{{e.Name() + " (down)", down}}, downs...)
	}
	return ups, downs
}
