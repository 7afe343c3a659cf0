package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestStartIsLight holds that nothing is compiled when the program starts, which
// every command would wait for: regular expressions and templates of packages
// wait for their first use (archive/pattern, sync.OnceValue).
func TestStartIsLight(t *testing.T) {
	root := filepath.Join("..", "..")
	checked := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != root):
			return filepath.SkipDir
		case filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		checked++
		for _, call := range startCalls(parsed) {
			t.Errorf("%s: compiled at the start of every command: use archive/pattern, or sync.OnceValue", files.Position(call.Pos()))
		}
		return nil
	})
	if err != nil || checked < 100 {
		t.Fatalf("%d files checked: %v", checked, err)
	}
}

// startCalls returns the calls of regexp.MustCompile and template.Must in the
// initial values of a file's variables, and not in functions.
func startCalls(file *ast.File) (calls []*ast.CallExpr) {
	for _, decl := range file.Decls {
		variables, ok := decl.(*ast.GenDecl)
		if !ok || variables.Tok != token.VAR {
			continue
		}
		ast.Inspect(variables, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok {
					if library, ok := f.X.(*ast.Ident); ok && (library.Name == "regexp" || library.Name == "template" && f.Sel.Name == "Must") {
						calls = append(calls, n)
					}
				}
			}
			return true
		})
	}
	return calls
}
