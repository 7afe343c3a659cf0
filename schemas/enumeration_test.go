package schemas

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// The constants of an enumeration are all its values: none is forgotten.
func TestEnumerationsAreTheirConstants(t *testing.T) {
	constants := constantsByType(t)
	for goType, values := range enumerations {
		want := constants[goType.Name()]
		slices.Sort(want)
		if got := slices.Sorted(slices.Values(values)); !slices.Equal(got, want) {
			t.Errorf("%v lists %q, its constants are %q", goType, got, want)
		}
	}
	var verdicts []string
	for _, o := range verdictOrder {
		verdicts = append(verdicts, string(o.verdict))
	}
	if got := enumerations[reflect.TypeFor[Verdict]()]; !slices.Equal(slices.Sorted(slices.Values(verdicts)), slices.Sorted(slices.Values(got))) {
		t.Errorf("verdictOrder has %q, want %q", verdicts, got)
	}
	for name := range constants {
		known := false
		for goType := range enumerations {
			known = known || goType.Name() == name
		}
		if !known {
			t.Errorf("the constants of %s are no enumeration", name)
		}
	}
}

// constantsByType reads the string constants that have a type of ours.
func constantsByType(t *testing.T) map[string][]string {
	t.Helper()
	constants := map[string][]string{}
	for _, file := range []string{"capture.go", "change.go", "check.go", "post.go", "quote.go", "report.go", "resource.go", "time.go", "trust.go", "verify.go", "message.go", "archive.go", "custody.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec)
				name, ok := value.Type.(*ast.Ident)
				if !ok {
					continue
				}
				word, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				constants[name.Name] = append(constants[name.Name], word)
			}
		}
	}
	return constants
}
