package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// TestHelpIsReadable holds the help of every command to the width of a terminal,
// and to telling its exit codes and what each option does.
func TestHelpIsReadable(t *testing.T) {
	app := (&program{}).app()
	var help strings.Builder
	printHelp(&help, "", app)
	checkWidth(t, "walkback", help.String())
	commands := app.Commands
	for len(commands) > 0 {
		command := commands[0]
		commands = append(commands[1:], command.Subcommands...)
		help.Reset()
		command.HelpName = "walkback " + command.Name
		printHelp(&help, "", command)
		checkWidth(t, command.Name, help.String())
		if !strings.Contains(help.String(), "\nExit codes: 0 ") {
			t.Errorf("the help of %s does not tell its exit codes", command.Name)
		}
		for _, flag := range command.Flags {
			if documented, ok := flag.(cli.DocGenerationFlag); !ok || documented.GetUsage() == "" {
				t.Errorf("%s: nothing is said of --%s", command.Name, flag.Names()[0])
			}
		}
	}
}

func checkWidth(t *testing.T, of, help string) {
	t.Helper()
	for line := range strings.Lines(help) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > helpWidth {
			t.Errorf("the help of %s is wider than %d columns: %s", of, helpWidth, line)
		}
	}
}
