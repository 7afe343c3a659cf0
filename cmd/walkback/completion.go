package main

import (
	"bufio"
	"context"
	"embed"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// completionScripts tell a shell to ask "walkback completion words". The
// library's own way has the shell evaluate what was typed so far.
//
//go:embed completion
var completionScripts embed.FS

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "let the shell complete commands and pages",
		UsageText: "walkback completion bash|zsh|fish",
		Description: `Prints what makes a shell complete commands, options and the names of pages that
are in the archive. For this session: . <(walkback completion bash); for every
one, put that line into ~/.bashrc. In fish: walkback completion fish | source.

Exit codes: 0 done; 2 usage.`,
		Action: p.completion,
		Subcommands: []*cli.Command{{
			Name: "words", Usage: "how the last of the words may go on", Hidden: true,
			UsageText: "walkback completion words -- WORD...",
			Description: `Prints, one a line, how the last WORD of a command line may go on. The scripts ask.

Exit codes: 0 done; 2 usage.`,
			Action: p.completeWords,
		}},
	}
}

func (p *program) completion(c *cli.Context) error {
	shell := c.Args().First()
	script, err := completionScripts.ReadFile("completion/walkback." + shell)
	if err != nil || c.Args().Len() != 1 {
		return &usage{message: "completion is for one of bash, zsh and fish", hint: "walkback completion bash"}
	}
	_, err = p.stdout.Write(script)
	return err
}

// completionPatience is how long a person who pressed the tab key waits.
const completionPatience = 2 * time.Second

// completeWords prints how the last word may go on. Where that cannot be told,
// it prints nothing: there is nobody to read an error.
func (p *program) completeWords(c *cli.Context) error {
	if !c.Args().Present() {
		return &usage{message: "there are no words to complete", hint: "walkback completion bash prints what asks for them"}
	}
	words := c.Args().Slice()[1:]
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	line := readLine(c.App, words[:len(words)-1])
	out := bufio.NewWriter(p.stdout)
	for _, word := range p.continuations(c, line, last) {
		if strings.HasPrefix(word, last) && word == cleanLine(word) {
			fmt.Fprintln(out, word)
		}
	}
	return out.Flush()
}

// typedLine is what stands before the word that is completed.
type typedLine struct {
	archive  string       // as the line names it
	command  *cli.Command // nil: none yet
	commands []*cli.Command
	flags    []cli.Flag
	args     int  // of the command
	waiting  bool // the last word is an option that needs a value
}

func readLine(app *cli.App, words []string) typedLine {
	line := typedLine{commands: app.Commands, flags: app.Flags}
	for i := 0; i < len(words); i++ {
		word := words[i]
		if len(word) > 1 && word[0] == '-' {
			flag := named(line.flags, word)
			if flag == nil {
				flag = named(app.Flags, word)
			}
			_, value, given := strings.Cut(word, "=")
			if !given && takesValue(flag) {
				if i++; i == len(words) {
					line.waiting = true
					return line
				}
				value = words[i]
			}
			if flag == archiveFlag {
				line.archive = value
			}
			continue
		}
		if command := find(line.commands, word); command != nil && line.args == 0 {
			line.command, line.commands, line.flags = command, command.Subcommands, command.Flags
		} else {
			line.args++
		}
	}
	return line
}

func (p *program) continuations(c *cli.Context, line typedLine, last string) []string {
	var words []string
	switch {
	case line.waiting:
	case strings.HasPrefix(last, "-"):
		for _, flag := range line.flags {
			for _, name := range flag.Names() {
				if len(name) > 1 {
					words = append(words, "--"+name)
				}
			}
		}
	case line.command != nil && line.command.Name == "completion":
		words = []string{"bash", "fish", "zsh"}
	case len(line.commands) > 0 && line.args == 0:
		for _, command := range line.commands {
			if !command.Hidden {
				words = append(words, command.Name)
			}
		}
	case takesPage(line):
		words = p.pagesBeginning(c, line.archive, last)
	}
	return words
}

// takesPage reports whether a page's name may come next.
func takesPage(line typedLine) bool {
	if line.command == nil {
		return false
	}
	usage := line.command.UsageText
	return strings.Contains(usage, "PAGE...") || line.args == 0 && strings.Contains(usage, "PAGE")
}

// pagesBeginning returns how the names of pages that begin so go on, nothing
// when that takes too long.
func (p *program) pagesBeginning(c *cli.Context, archive, prefix string) []string {
	ctx, cancel := context.WithTimeout(c.Context, completionPatience)
	defer cancel()
	if archive != "" {
		if err := c.Set(archiveFlag.Name, archive); err != nil {
			return nil
		}
	}
	a, err := p.openIndexed(c)
	if err != nil {
		return nil
	}
	defer a.Close()
	head, err := a.Head()
	if err != nil {
		return nil
	}
	names, err := head.Complete(ctx, prefix)
	if err != nil {
		return nil
	}
	return names
}
