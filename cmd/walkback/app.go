package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// The exit codes. Those of verify are the verdicts' own.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitChanged     = 3
	exitPartly      = 4
	exitInterrupted = 130
)

// world is all that a command sees of the outside.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
}

// program is one invocation.
type program struct {
	world
	// stop is done after the first interrupt: start nothing new, finish and
	// keep what is in flight. The context of a command is done after the second.
	stop context.Context
	// quiet keeps notes from being printed, see quietFlag.
	quiet bool
	// onlyMissing is --missing of capture.
	onlyMissing bool
}

// exit ends a command with a code and nothing more to say.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run runs the program with these arguments, the first being its name, and
// returns the exit code.
func run(ctx context.Context, args []string, w world) int {
	ctx, stop, release := interrupts(ctx)
	defer release()
	p := &program{world: w, stop: stop}
	app := p.app()
	err := app.RunContext(ctx, flagsFirst(app, args))
	return p.finish(err)
}

// finish prints what went wrong and returns the exit code.
func (p *program) finish(err error) int {
	var code exit
	said := errors.As(err, &code) || errors.Is(err, context.Canceled)
	switch {
	case p.stop.Err() != nil:
		if err != nil && !said {
			p.complain(err)
		}
		return exitInterrupted
	case errors.As(err, &code):
		return int(code)
	case err != nil:
		return p.complain(err)
	}
	return exitDone
}

// interrupts returns a context that the second interrupt ends, and one that the
// first ends.
func interrupts(parent context.Context) (ctx, stop context.Context, release func()) {
	ctx, abort := context.WithCancel(parent)
	stop, halt := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for _, cancel := range []func(){halt, abort} {
			select {
			case <-signals:
				cancel()
			case <-done:
				return
			}
		}
	}()
	return ctx, stop, func() {
		signal.Stop(signals)
		close(done)
		halt()
		abort()
	}
}

func (p *program) app() *cli.App {
	app := &cli.App{
		Name:            "walkback",
		Usage:           "archive posts and their sources, and tell what was changed later",
		UsageText:       "walkback COMMAND [ARGUMENTS]",
		Description:     overview,
		Version:         version(),
		Writer:          p.stdout,
		ErrWriter:       p.stderr,
		HideHelpCommand: true,
		// An address may hold a comma.
		DisableSliceFlagSeparator: true,
		Flags:                     []cli.Flag{archiveFlag},
		OnUsageError:              usageError,
		ExitErrHandler:            func(*cli.Context, error) {}, // finish has the codes
		Action:                    p.noCommand,
	}
	for _, group := range []struct {
		name     string
		commands []*cli.Command
	}{
		{"Keep and look again", []*cli.Command{
			p.captureCommand(), p.checkCommand(), p.retractionsCommand(), p.untrackCommand(), p.withholdCommand(),
		}},
		{"Read", []*cli.Command{
			p.diffCommand(), p.quotesCommand(), p.logCommand(), p.showCommand(), p.listCommand(), p.searchCommand(), p.exportCommand(),
		}},
		{"Prove", []*cli.Command{
			p.verifyCommand(), p.stampCommand(), p.checkpointCommand(), p.cosignCommand(), p.custodyCommand(),
		}},
		{"Archives and keys", []*cli.Command{
			p.initCommand(), p.keyCommand(), p.compactCommand(), p.demoCommand(), p.completionCommand(),
		}},
	} {
		for _, command := range group.commands {
			command.Category = group.name
			app.Commands = append(app.Commands, command)
		}
	}
	for _, command := range app.Commands {
		adopt(command)
	}
	return app
}

// adopt makes a command and those below it behave as all of ours: "(default:
// false)" is not in the help, and help is asked for with an option, since a word
// may be a page.
func adopt(command *cli.Command) {
	command.HideHelpCommand = true
	command.OnUsageError = usageError
	for _, flag := range command.Flags {
		if b, ok := flag.(*cli.BoolFlag); ok {
			b.DisableDefaultText = true
		}
	}
	for _, sub := range command.Subcommands {
		adopt(sub)
	}
}

const overview = `Start with: walkback capture https://example.com/post
Later:      walkback check; walkback diff https://example.com/post
Anytime:    walkback verify
For a tour on a made-up web: walkback demo`

var archiveFlag = &cli.StringFlag{Name: "archive", Usage: "the archive's `DIR`", EnvVars: []string{"WALKBACK_ARCHIVE"}}

// usage is a mistake in the words of a command line.
type usage struct {
	message string
	hint    string
}

func (u *usage) Error() string { return u.message }

func usageError(c *cli.Context, err error, _ bool) error {
	hint := "walkback --help lists the commands"
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != "walkback" {
		hint = "see " + c.Command.HelpName + " --help"
	}
	message := longFlag().ReplaceAllString(flagWords.Replace(err.Error()), " --$1")
	return &usage{message: message, hint: hint}
}

// The flag package's messages in our words: it prints every flag with one dash.
var (
	flagWords = strings.NewReplacer(
		"flag provided but not defined:", "unknown option", "flag needs an argument:", "no value for",
		"for flag -", "for -", "invalid value ", "bad value ", "invalid boolean value ", "bad value ",
	)
	longFlag = pattern.New(` -(\w[\w-]+)`)
)

func (p *program) noCommand(c *cli.Context) error {
	if c.Args().Present() {
		name := c.Args().First()
		hint := "walkback --help lists the commands"
		if near := nearestCommand(c.App, name); near != "" {
			hint = "did you mean walkback " + near + "?"
		}
		return &usage{message: fmt.Sprintf("there is no command %q", name), hint: hint}
	}
	if err := cli.ShowAppHelp(c); err != nil {
		return err
	}
	return exit(exitUsage)
}

// nearestCommand returns the command that begins alike, or "".
func nearestCommand(app *cli.App, name string) string {
	for n := len(name); n >= 2; n-- {
		for _, command := range app.Commands {
			if strings.HasPrefix(command.Name, name[:n]) {
				return command.Name
			}
		}
	}
	return ""
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	at := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.revision" })
	if at < 0 || len(info.Settings[at].Value) < 12 {
		return "devel"
	}
	return "devel-" + info.Settings[at].Value[:12]
}

func tool() schemas.Tool { return schemas.Tool{Name: "walkback", Version: version()} }
