package gitstore

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestConfigSyntax holds what we read in config files against what git reads,
// on texts put together from pieces of the syntax.
func TestConfigSyntax(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("git is not installed")
	}
	texts := []string{
		configText, "", "\ufeff[a]\nb=c\n", "[a]\r\nb = c \r\nd\r\n", "[A.B \"c.D\\\"e\\\\\"]X-1=y", "[a] b = c ; d\n", "[a]b\n[c]\n", "b = c\n",
		"[a]\nb = \"c ; \\\"d\\t\" e  # f\n", "[a]\nb = c \\\n   d\n", "[a]\nb = \"c\nd\"\n", "[a]\n b c\n", "[a\n", "[a \"b\n\"]\n", "[a]\nb = \\x\n", "[a]\n1 = 2\n",
	}
	pieces := []string{
		"[a]\n", "[a]", "[", "]", "[Core \"Sub x\"]\n", "[a.B]\n", "\"", "\\", "\\\\", "\\n", "\\\n", "\n", "\n", " ", "\t", "=", " = ", "b", "C-3", "\nkey = value", "# x\n", ";", "\r\n", "\r", "é", ".", "7",
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		text := "[s]\nk = "
		for range 1 + r.IntN(9) {
			text += pieces[r.IntN(len(pieces))]
		}
		texts = append(texts, text)
	}
	file := filepath.Join(t.TempDir(), "config")
	read := 0
	for _, text := range texts {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		out, gitErr := exec.Command("git", "config", "--file", file, "--null", "--list").Output()
		var want settings
		for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			if name, value, _ := strings.Cut(entry, "\n"); name != "" {
				want = append(want, setting{name, value})
			}
		}
		got, err := parseConfig([]byte(text))
		switch {
		case (err == nil) != (gitErr == nil):
			t.Errorf("%q: %v, git says %v", text, err, gitErr)
		case err == nil && !slices.Equal(spaced(got), spaced(want)):
			t.Errorf("%q: %q, git reads %q", text, got, want)
		case err == nil:
			read++
		}
	}
	if read < 50 {
		t.Errorf("only %d of %d texts can be read", read, len(texts))
	}
}

// spaced makes one of what versions of git tell apart: until 2.45 they read any
// space within a value as a blank.
func spaced(all settings) settings {
	all = slices.Clone(all)
	for i := range all {
		all[i].value = strings.NewReplacer("\t", " ", "\r", " ").Replace(all[i].value)
	}
	return all
}
