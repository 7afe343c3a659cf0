package main

import (
	"fmt"

	"github.com/walkback-dev/walkback/schemas"
)

// printf prints a result. Foreign text among the arguments is made harmless and
// kept on its line, so that it cannot pass for a line of ours.
func (p *program) printf(format string, args ...any) {
	fmt.Fprintf(p.stdout, format, oneLined(args)...)
}

// printText prints a text of many lines, made harmless.
func (p *program) printText(s string) { fmt.Fprint(p.stdout, clean(s)) }

// printJSON prints a document in its canonical form.
func (p *program) printJSON(doc any) error {
	data, err := schemas.Encode(doc)
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	_, err = p.stdout.Write(data)
	return err
}
