package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
)

var update = flag.Bool("update", false, "write what the program prints into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"walkback": laterMain})
}

// laterMain is main with a clock that is ahead by the duration in $AHEAD.
func laterMain() {
	ahead := os.Getenv("AHEAD")
	if ahead == "" {
		main()
	}
	by, err := time.ParseDuration(ahead)
	if err != nil {
		panic(err)
	}
	os.Exit(run(context.Background(), os.Args, world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		now: func() time.Time { return time.Now().Add(by) },
	}))
}

// TestScripts runs the program itself, as a process of its own, against a
// scripted web. Beside the commands of testscript, scripts use:
//
//	exits [-still] CODE PROGRAM ARG...   run it; its output, see mask, is compared by stdout, stderr, cmp
//	json PATH WANT                       the value in the document last printed; PATH is like posts.0.url, posts.len counts
//	web VERB ADDRESS ARG...              change the web: see web
//	expand FILE                          put the web's address in place of $WEB in it
//	signal INT|KILL                      to the program last started in the background
//	exited CODE                          how that program ended, after wait; -1: by a signal
//	blocks FILE                          the indented commands of a Markdown file, as block-1.sh, block-2.sh, …
//	readbyother ADDRESS FILE             a commit that gives a page the text in FILE, by another extractor
//	witness CONFIG KEYFILE               a witness of the log with the key in KEYFILE starts, and is entered into CONFIG
//	authority NAME                       openssl as a time stamping authority at $TSA_NAME, its root in NAME.pem
//	calendar start|mine HEIGHT FILE      an OpenTimestamps calendar at $CALENDAR; it makes a block, with its header in FILE
//	wellformed FILE                      it is an HTML page that loads nothing and runs nothing
//	premis FILE                          it is PREMIS 3.0 as its data dictionary has it, and its links lead somewhere
//
// A command that could not run (1), was misused (2) or found an archive bad
// (10-16) must leave every file as it was; -still demands that of any command.
//
// With $AHEAD, such as 61m, programs have a clock that is ahead by so much.
//
// Each script has a web of its own at $WEB, and a home, keys, settings and
// receipts of its own, and the project's documents in $DOCS. The web is on loopback: $WALKBACK_ALLOW_PRIVATE is set.
// So are $WALKBACK_SECOND_LOOK and $WALKBACK_RETRIES, to 0: a script that wants
// second looks says when, and one that wants requests made again how often.
func TestScripts(t *testing.T) {
	cache := t.TempDir() // for what is compiled to read PDFs
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", cache)
			return setUpScript(env)
		},
		Condition: scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"json":        jsonValue,
			"web":         changeWeb,
			"expand":      expandFile,
			"signal":      sendSignal,
			"exited":      exited,
			"blocks":      codeBlocks,
			"wellformed":  wellFormed,
			"premis":      checkPremis,
			"readbyother": readByOther,
			"witness":     startWitness,
			"authority":   startAuthority,
			"calendar":    changeCalendar,
		},
	})
}

// The keys of what a script carries along.
type (
	webKey    struct{}
	signalled struct{}
)

func setUpScript(env *testscript.Env) error {
	web, err := startWeb(func(format string, args ...any) { env.T().Fatal(fmt.Sprintf(format, args...)) })
	if err != nil {
		return err
	}
	env.Defer(web.Close)
	env.Values[webKey{}] = web
	env.Values[signalled{}] = new(*exec.Cmd)
	env.Values[proxyKey{}] = new(*archivetest.Proxy)
	env.Values[calendarKey{}] = new(timestamptest.Calendar)
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	docs, err := filepath.Abs(filepath.Join("..", "..", "docs"))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"DOCS": docs, "WEB": "http://" + web.Addr(), "WALKBACK_ALLOW_PRIVATE": "1", "WALKBACK_SECOND_LOOK": "0", "WALKBACK_RETRIES": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8",
		"HOME": home, "WALKBACK_CONFIG": filepath.Join(env.WorkDir, "config"), "WALKBACK_STATE": filepath.Join(env.WorkDir, "state"),
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
	} {
		env.Setenv(name, value)
	}
	return nil
}

// startWeb starts a web on a port of five digits, so that its address is as
// long as the one that stands for it in the scripts.
func startWeb(fail func(string, ...any)) (*archivetest.Web, error) {
	for {
		web, err := archivetest.Start(fail)
		if err != nil || len(web.Addr()) == len(maskedWeb) {
			return web, err
		}
		defer web.Close() // after the next one has its port
	}
}

// stockPython is the system's, where Debian puts python3-opentimestamps.
const stockPython = "/usr/bin/python3"

// scriptCondition knows [stock]: git, ssh-keygen and sha256sum are there, and
// [timestamps]: beside them openssl and python3-opentimestamps, and [chromium].
// Where all must be tested, their absence is an error.
func scriptCondition(condition string) (bool, error) {
	tools := []string{"bash", "git", "ssh-keygen", "ssh-agent", "sha256sum"}
	python := condition == "timestamps"
	switch {
	case python:
		tools = append(tools, "openssl", stockPython)
	case condition == "chromium":
		tools = []string{condition}
	case condition != "stock":
		return false, fmt.Errorf("there is no condition %q", condition)
	}
	missing := func(err error) (bool, error) {
		if os.Getenv("CI") != "" {
			return false, err
		}
		return false, nil
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return missing(err)
		}
	}
	if python {
		if err := exec.Command(stockPython, "-c", "import opentimestamps").Run(); err != nil {
			return missing(fmt.Errorf("python3-opentimestamps is not installed: %w", err))
		}
	}
	return true, nil
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	still := len(args) > 0 && args[0] == "-still"
	if still {
		args = args[1:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits [-still] CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	before := files(ts)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	if slices.Contains(args, "--json") && want != exitFailed && want != exitUsage {
		if err := decodeReport(stdout); err != nil {
			ts.Fatalf("the document is not of its schema: %v", err)
		}
	}
	if still || want == exitFailed || want == exitUsage || want >= 10 && want <= 16 {
		sameFiles(ts, before, files(ts))
	}
	mask := maskFor(ts)
	fmt.Fprint(ts.Stdout(), mask.Replace(stdout))
	fmt.Fprint(ts.Stderr(), mask.Replace(stderr))
}

// files describes everything below the script's folder.
func files(ts *testscript.TestScript) map[string]string {
	found := map[string]string{}
	root := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		found[file] = info.Mode().String()
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			found[file] += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		return nil
	}))
	return found
}

func sameFiles(ts *testscript.TestScript, before, after map[string]string) {
	var wrong []string
	for file, now := range after {
		switch was, ok := before[file]; {
		case !ok:
			wrong = append(wrong, "left behind "+file)
		case was != now:
			wrong = append(wrong, "changed "+file)
		}
	}
	for file := range before {
		if _, ok := after[file]; !ok {
			wrong = append(wrong, "removed "+file)
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		ts.Fatalf("the command must leave all as it was, but it\n%s", strings.Join(wrong, "\n"))
	}
}

func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}
	running := ts.BackgroundCmds()
	if neg || len(args) != 1 || signals[args[0]] == nil || len(running) == 0 {
		ts.Fatalf("usage: signal INT|TERM|KILL, to a program in the background")
	}
	last := running[len(running)-1]
	ts.Check(last.Process.Signal(signals[args[0]]))
	*ts.Value(signalled{}).(**exec.Cmd) = last
}

func exited(ts *testscript.TestScript, neg bool, args []string) {
	program := *ts.Value(signalled{}).(**exec.Cmd)
	if neg || len(args) != 1 || program == nil || program.ProcessState == nil {
		ts.Fatalf("usage: exited CODE, after signal and wait")
	}
	if got := strconv.Itoa(program.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
