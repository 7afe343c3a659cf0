package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompletionInBash asks bash how a line goes on, after it has read the script.
func TestCompletionInBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("bash is not installed, so nothing asks for completions")
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<html><title>%s</title><p>A page that is there.", r.URL.Path)
	}))
	defer site.Close()
	w := newWorkplace(t)
	if err := os.WriteFile(w.path("my $(touch pwned) note;.txt"), []byte("A note."), 0o644); err != nil {
		t.Fatal(err)
	}
	w.must(0, "capture", "my $(touch pwned) note;.txt", site.URL+"/news/pier", site.URL+"/news/harbour;touch%20pwned?a=1&b=$(touch$IFS'pwned')", site.URL+"/ledger")
	script := w.must(0, "completion", "bash")
	port := strings.TrimPrefix(site.URL, "http://127.0.0.1:")
	for line, want := range map[string][]string{
		"walkback sh":                          {"show"},
		"walkback key ":                        subcommands("key"),
		"walkback completion ":                 {"bash", "fish", "zsh"},
		"walkback log --js":                    {"--json"},
		"walkback capture ":                    nil, // files
		"walkback diff my 3":                   nil,
		"walkback log http":                    {"http://127.0.0.1:" + port + "/ledger", "http://127.0.0.1:" + port + `/news/harbour\;touch%20pwned\?a=1\&b=\$\(touch\$IFS%27pwned%27\)`, "http://127.0.0.1:" + port + "/news/pier"},
		"walkback log " + site.URL + "/l":      {port + "/ledger"},
		"walkback check -v " + site.URL + "/n": {port + `/news/harbour\;touch%20pwned\?a=1\&b=\$\(touch\$IFS%27pwned%27\)`, port + "/news/pier"},
		`walkback show my`:                     {`my\ \$\(touch\ pwned\)\ note\;.txt`},
		`walkback show my\ `:                   {`my\ \$\(touch\ pwned\)\ note\;.txt`},
		`walkback show "my`:                    nil,
		"walkback show nothing-like-it":        nil,
	} {
		cmd := exec.Command(bash, "--norc", "-c", script+`
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:' COMP_LINE=$1 COMP_POINT=${#1}
_walkback
(( ${#COMPREPLY[@]} == 0 )) || printf '%s\n' "${COMPREPLY[@]}"`, "bash", line)
		cmd.Dir, cmd.Env = w.dir, w.command().Env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
		got := slices.Sorted(strings.FieldsFuncSeq(string(out), func(r rune) bool { return r == '\n' }))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
	if _, err := os.Stat(w.path("pwned")); err == nil {
		t.Error("a name was run as a command")
	}
}

// subcommands returns the names below a command, sorted.
func subcommands(command string) []string {
	var names []string
	for _, sub := range find((&program{}).app().Commands, command).Subcommands {
		names = append(names, sub.Name)
	}
	return slices.Sorted(slices.Values(names))
}

// TestCompletionScripts lets other shells read their scripts, where they are.
func TestCompletionScripts(t *testing.T) {
	w := newWorkplace(t)
	for shell, check := range map[string]string{"bash": "-n", "zsh": "-n", "fish": "--no-execute"} {
		script := w.must(0, "completion", shell)
		found, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not installed, so nothing reads its script", shell)
			continue
		}
		cmd := exec.Command(found, check, "/dev/stdin")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	w.must(2, "completion")
	w.must(2, "completion", "tcsh")
	w.must(2, "completion", "words")
}
