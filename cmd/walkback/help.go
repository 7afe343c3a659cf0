package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// The headings under which the help of a command lists its options. Those
// without one come first.
const (
	groupFeeds     = "Feeds"
	groupFiles     = "Posts from files"
	groupKept      = "What is kept of a page"
	groupManners   = "How hosts are asked"
	groupVantage   = "From where, and as whom"
	groupWriting   = "Signing and writing"
	groupHashed    = "How much is hashed (default: every file)"
	groupDemanded  = "What is demanded"
	helpWidth      = 80
	helpTextColumn = 24 // where the text of an option begins
)

// The library has one place for whatever prints help.
func init() { cli.HelpPrinter = printHelp }

// printHelp prints the help of the program or of a command in no more than 80
// columns. Descriptions are written as paragraphs and wrapped here; a line that
// begins with a blank stands as it is.
func printHelp(w io.Writer, _ string, subject any) {
	var b strings.Builder
	switch s := subject.(type) {
	case *cli.App:
		helpApp(&b, s)
	case *cli.Command:
		helpCommand(&b, s)
	}
	// Whoever asks for help has no use for an error of its output.
	_, _ = io.WriteString(w, b.String())
}

func helpApp(b *strings.Builder, app *cli.App) {
	fmt.Fprintf(b, "%s: %s\n\nUsage: %s\n\n%s\n", app.Name, app.Usage, app.UsageText, app.Description)
	var group string
	for _, command := range app.Commands {
		if command.Hidden {
			continue
		}
		if command.Category != group {
			group = command.Category
			fmt.Fprintf(b, "\n%s:\n", group)
		}
		fmt.Fprintf(b, "  %-11s %s\n", command.Name, command.Usage)
	}
	b.WriteString(appOptions)
}

const appOptions = `
Options:
  --archive DIR  the archive (else $WALKBACK_ARCHIVE, else walkback.git in this
                 folder or the nearest parent, else ./walkback.git)
  --version      print the version
  --help         print this, or the help of a command

Exit codes: 0 done; 1 could not run; 2 usage; 3 something changed; 4 partly
done; 10-16 the archive does not verify; 130 interrupted. The help of each
command says what they mean there.
`

func helpCommand(b *strings.Builder, command *cli.Command) {
	fmt.Fprintf(b, "%s: %s\n\nUsage: %s\n\n", command.HelpName, command.Usage, command.UsageText)
	wrapText(b, command.Description)
	if len(command.Subcommands) > 0 {
		b.WriteString("\nCommands:\n")
		for _, sub := range command.Subcommands {
			if !sub.Hidden {
				fmt.Fprintf(b, "  %-8s %s\n", sub.Name, sub.Usage)
			}
		}
	}
	var groups []string
	flags := map[string][]cli.Flag{}
	for _, flag := range command.VisibleFlags() {
		group := ""
		if c, ok := flag.(cli.CategorizableFlag); ok {
			group = c.GetCategory()
		}
		if !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
		flags[group] = append(flags[group], flag)
	}
	slices.SortStableFunc(groups, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	for _, group := range groups {
		fmt.Fprintf(b, "\n%s:\n", cmp.Or(group, "Options"))
		for _, flag := range flags[group] {
			helpFlag(b, flag)
		}
	}
}

// place sorts the groups of options: what a command is about before how it writes.
func place(group string) int {
	switch group {
	case "":
		return 0
	case groupWriting:
		return 2
	}
	return 1
}

// noDefault are the defaults that say nothing.
var noDefault = strings.NewReplacer(" (default: 0)", "", " (default: )", "", "(default: \"", "(default: ", "\")", ")", "m0s)", "m)")

// helpFlag prints what the library says of an option: its names, a tab, its text.
func helpFlag(b *strings.Builder, flag cli.Flag) {
	names, text, _ := strings.Cut(flag.String(), "\t")
	text = noDefault.Replace(text)
	names, _, repeated := strings.Cut(names, " [ ")
	if repeated {
		text += "; may be repeated"
	}
	line := "  " + names
	switch room := helpTextColumn - utf8.RuneCountInString(line); {
	case room >= 2:
		line += strings.Repeat(" ", room)
	default:
		b.WriteString(line + "\n")
		line = strings.Repeat(" ", helpTextColumn)
	}
	wrap(b, line, strings.Repeat(" ", helpTextColumn), strings.Fields(text))
}

// wrapText wraps paragraphs. A line that begins with a blank, or comes before
// such a line, is not joined to the next one.
func wrapText(b *strings.Builder, text string) {
	lines := strings.Split(text, "\n")
	for len(lines) > 0 {
		if lines[0] == "" || lines[0][0] == ' ' {
			b.WriteString(lines[0] + "\n")
			lines = lines[1:]
			continue
		}
		end := slices.IndexFunc(lines, func(line string) bool { return line == "" || line[0] == ' ' })
		if end < 0 {
			end = len(lines)
		}
		wrap(b, "", "", strings.Fields(strings.Join(lines[:end], " ")))
		lines = lines[end:]
	}
}

// wrap writes words behind what the first line begins with, and in as many more
// lines as there must be.
func wrap(b *strings.Builder, first, indent string, words []string) {
	b.WriteString(first)
	column, empty := utf8.RuneCountInString(first), true
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		switch {
		case empty:
		case column+1+n > helpWidth:
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
		empty = false
	}
	b.WriteByte('\n')
}
