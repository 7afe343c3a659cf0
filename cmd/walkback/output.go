package main

import (
	"fmt"

	"github.com/walkback-dev/walkback/schemas"
)

// printf prints a result. Foreign text in it is made harmless.
func (p *program) printf(format string, args ...any) {
	fmt.Fprint(p.stdout, clean(fmt.Sprintf(format, args...)))
}

// printJSON prints a document in its canonical form.
func (p *program) printJSON(doc any) error {
	data, err := schemas.Encode(doc)
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	_, err = p.stdout.Write(data)
	return err
}
