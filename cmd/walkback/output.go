package main

import (
	"bufio"
	"fmt"
	"iter"

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

// printJSONList prints a document whose last field is a list, one element at a
// time.
func printJSONList[E any](p *program, doc any, elements iter.Seq2[E, error]) error {
	out := bufio.NewWriter(p.stdout)
	if err := schemas.EncodeList(out, doc, elements); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return out.Flush()
}

// rowsAligned is how many rows are aligned with each other: of a longer list,
// the first are printed before the last are known.
const rowsAligned = 1000

// printRows prints a list of any length as columns.
func printRows[E any](p *program, elements iter.Seq2[E, error], row func(E) []string) error {
	var rows [][]string
	for element, err := range elements {
		if err != nil {
			return err
		}
		if rows = append(rows, row(element)); len(rows) == rowsAligned {
			if err := p.writeColumns(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return p.writeColumns(rows)
}
