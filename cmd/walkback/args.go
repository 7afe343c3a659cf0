package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst moves options before the arguments of the command they belong to,
// since the command-line library takes everything after the first argument for
// an argument. What follows "--" is an argument, whatever it looks like.
func flagsFirst(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	var (
		global   = []string{args[0]}
		path     []string // the command and its subcommand
		local    []string
		rest     []string
		commands = app.Commands
		flags    []cli.Flag
	)
	for i := 1; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = slices.Concat([]string{"--"}, rest, args[i+1:])
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			if command := find(commands, arg); command != nil && len(rest) == 0 {
				path = append(path, arg)
				commands, flags = command.Subcommands, command.Flags
			} else {
				commands = nil
				rest = append(rest, arg)
			}
			continue
		}
		if arg == "--help" || arg == "-h" {
			return slices.Concat(global, path, []string{arg}) // of the command, whatever else it was to do
		}
		words := []string{arg}
		own, shared := named(flags, arg), named(app.Flags, arg)
		if takesValue(own, shared) && !strings.Contains(arg, "=") {
			if i++; i == len(args) {
				// Without its value: an argument must not be taken for it.
				if own == nil {
					return append(global, arg)
				}
				return slices.Concat(global, path, words)
			}
			words = append(words, args[i])
		}
		if own == nil && shared != nil {
			global = append(global, words...)
		} else {
			local = append(local, words...)
		}
	}
	// An argument that begins with "-" got here behind "--" only.
	return slices.Concat(global, path, local, rest)
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, command := range commands {
		if command.HasName(name) {
			return command
		}
	}
	return nil
}

func named(flags []cli.Flag, arg string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, flag := range flags {
		if slices.Contains(flag.Names(), name) {
			return flag
		}
	}
	return nil
}

func takesValue(candidates ...cli.Flag) bool {
	for _, flag := range candidates {
		if documented, ok := flag.(cli.DocGenerationFlag); ok && flag != nil {
			return documented.TakesValue()
		}
	}
	return false
}
