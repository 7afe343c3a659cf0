package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/schemas"
)

// decodeReport reads a printed document as strictly as any reader would.
func decodeReport(document string) error {
	var named struct{ Schema string }
	if err := json.Unmarshal([]byte(document), &named); err != nil {
		return err
	}
	decoders := map[string]func([]byte) error{
		schemas.CaptureReportSchema:    decodes[schemas.CaptureReport],
		schemas.CheckReportSchema:      decodes[schemas.CheckReport],
		schemas.PageListSchema:         decodes[schemas.PageList],
		schemas.LogSchema:              decodes[schemas.Log],
		schemas.ShowSchema:             decodes[schemas.Show],
		schemas.WithheldSchema:         decodes[schemas.Withheld],
		schemas.CustodySchema:          decodes[schemas.Custody],
		schemas.DiffSchema:             decodes[schemas.Diff],
		schemas.SearchSchema:           decodes[schemas.Search],
		schemas.QuotesSchema:           decodes[schemas.Quotes],
		schemas.KeyListSchema:          decodes[schemas.KeyList],
		schemas.SignerListSchema:       decodes[schemas.SignerList],
		schemas.CheckpointReportSchema: decodes[schemas.CheckpointReport],
		schemas.VerifyReportSchema:     decodes[schemas.VerifyReport],
		schemas.RetractionReportSchema: decodes[schemas.RetractionReport],
	}
	decode, ok := decoders[named.Schema]
	if !ok {
		return fmt.Errorf("no command prints %q", named.Schema)
	}
	return decode([]byte(document))
}

func decodes[T schemas.Document](data []byte) error {
	_, err := schemas.Decode[T](data)
	return err
}

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && !(neg && len(args) == 1) {
		ts.Fatalf("usage: json PATH WANT, or ! json PATH")
	}
	var document any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &document))
	got, ok := walk(document, strings.Split(args[0], "."))
	switch {
	case neg && ok:
		ts.Fatalf("%s is %s, want none", args[0], got)
	case neg:
	case !ok:
		ts.Fatalf("there is no %s", args[0])
	case got != args[1]:
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// walk returns a value of a decoded document in words.
func walk(value any, path []string) (string, bool) {
	if len(path) == 0 {
		if s, ok := value.(string); ok {
			return s, true
		}
		data, err := json.Marshal(value)
		return string(data), err == nil
	}
	switch value := value.(type) {
	case map[string]any:
		child, ok := value[path[0]]
		if !ok {
			return "", false
		}
		return walk(child, path[1:])
	case []any:
		if path[0] == "len" {
			return strconv.Itoa(len(value)), true
		}
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(value) {
			return "", false
		}
		return walk(value[i], path[1:])
	}
	return "", false
}

func codeBlocks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: blocks FILE")
	}
	var blocks []string
	inside := false
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		command, indented := strings.CutPrefix(line, "    ")
		if indented && !inside {
			blocks = append(blocks, "")
		}
		inside = indented
		if indented {
			blocks[len(blocks)-1] += command
		}
	}
	for i, block := range blocks {
		ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("block-%d.sh", i+1)), []byte(block), 0o644))
	}
}

// wellFormed checks that a page is the tree that its source spells out, and
// that nothing in it makes a browser load or run anything.
func wellFormed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: wellformed FILE")
	}
	void := map[string]bool{"meta": true, "br": true, "col": true, "hr": true, "link": true, "img": true}
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(ts.ReadFile(args[0])))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		token := tokens.Token()
		switch kind {
		case html.StartTagToken:
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || token.Data == "link" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") && token.Data != "a" {
					ts.Fatalf("the page loads or runs something: %s", token)
				}
			}
			if token.Data == "script" || token.Data == "iframe" || token.Data == "object" {
				ts.Fatalf("the page has a %s element", token.Data)
			}
			if !void[token.Data] {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				ts.Fatalf("</%s> closes nothing: open are %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		ts.Fatalf("never closed: %v", open)
	}
}
