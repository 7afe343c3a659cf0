package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/schemas"
)

// For runs that nobody watches: what they did goes to a file, and only what a
// person has to look at is printed.
var (
	reportFlag = &cli.StringFlag{Name: "report", Usage: "also write the report of the run to `FILE` (what --json prints), when it was interrupted too"}
	quietFlag  = &cli.BoolFlag{Name: "quiet", Usage: "print only what a person has to look at; nothing when all is well", Aliases: []string{"q"}}
)

// beReported looks at the flags for reports before a long run begins.
func (p *program) beReported(c *cli.Context) error {
	p.quiet = c.Bool(quietFlag.Name)
	if p.quiet && c.Bool("json") {
		return &usage{message: "--quiet prints only what is wrong, and --json all", hint: "leave out one of them; --report FILE keeps the whole report beside --quiet"}
	}
	file := c.String(reportFlag.Name)
	if file == "" {
		if c.IsSet(reportFlag.Name) {
			return &usage{message: "--report names no file", hint: "for example --report report.json"}
		}
		return nil
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return &usage{message: fmt.Sprintf("--report: there is no folder %s", filepath.Dir(file)), hint: "make it first, or name another file"}
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return &usage{message: fmt.Sprintf("--report: %s is no regular file", file), hint: "name another file; --json prints the report"}
	}
	return nil
}

// saveReport writes the report of a run to the file that --report names. Whoever
// reads it at any time finds this report, or the one before.
func saveReport(c *cli.Context, report any) error {
	file := c.String(reportFlag.Name)
	if file == "" {
		return nil
	}
	data, err := schemas.Encode(report)
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	if err := replaceFile(file, data); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// replaceFile puts a file in the place of another one, whole or not at all.
func replaceFile(file string, data []byte) error {
	next, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-")
	if err != nil {
		return err
	}
	_, err = next.Write(data)
	if err == nil {
		err = next.Chmod(0o644)
	}
	if err == nil {
		err = next.Sync()
	}
	err = errors.Join(err, next.Close())
	if err == nil {
		err = os.Rename(next.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}

// cutShort says why a run ended, and with how much left, where it was cut short.
func (p *program) cutShort(err error, left int) (string, int64) {
	switch {
	case p.late() && left > 0:
		return "deadline", int64(left)
	case p.stop.Err() != nil && left > 0, errors.Is(err, context.Canceled):
		return "interrupted", int64(max(left, 0))
	case err != nil:
		return "failed", int64(max(left, 0))
	}
	return "", 0
}
