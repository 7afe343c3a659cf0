package provenance_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/provenance"
)

// attackLists are the attacks that tests make, by the test's name.
var attackLists = map[string]func(*testing.T) []attack{
	"TestTamperedStorage":    storageAttacks,
	"TestForgedCommits":      forgedCommits,
	"TestForgedDocuments":    forgedDocuments,
	"TestTrust":              trustAttacks,
	"TestWithheld":           withheldAttacks,
	"TestRevocation":         revocationAttacks,
	"TestForgedCosignatures": forgedCosignatures,
	"TestPolicies":           policyCases,
	"TestTimeAttacks":        timeAttacks,
}

// threat is a row of docs/threats.md.
type threat struct {
	line   int
	stock  string // what stock git says: good, bad, or no answer
	code   int
	says   string
	test   string
	attack attack
}

// threats reads the tables of docs/threats.md and finds their attacks.
func threats(t *testing.T) []threat {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []threat
	for i, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 5 || cells[4] == "test" {
			continue
		}
		row := threat{line: i + 1, stock: cells[1], says: strings.Trim(cells[3], "`"), test: strings.Trim(cells[4], "`")}
		if row.code, err = strconv.Atoi(cells[2]); err != nil {
			t.Errorf("line %d: %v", row.line, err)
		}
		test, name, _ := strings.Cut(row.test, "/")
		if list := attackLists[test]; list != nil {
			for _, a := range list(t) {
				if a.name == name {
					row.attack = a
				}
			}
		}
		if row.attack.tamper == nil {
			if !expects(t, test, name, row.code, row.says) {
				t.Errorf("line %d: there is no test %s that expects %d, %q", row.line, row.test, row.code, row.says)
			}
			continue
		}
		all = append(all, row)
	}
	return all
}

// expects looks into the source of a test that has no list of attacks here: the
// code and the words stand behind the name of the attack.
func expects(t *testing.T, test, name string, code int, says string) bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, body, found := strings.Cut(string(source), "\nfunc "+test+"(t *testing.T) {\n")
		if !found {
			continue
		}
		body, _, _ = strings.Cut(body, "\n}\n")
		if name != "" {
			_, body, found = strings.Cut(body, strconv.Quote(name))
			body = body[:min(len(body), 800)]
		}
		return found && strings.Contains(body, says) && strings.Contains(body, strconv.Itoa(code))
	}
	return false
}

// TestThreats: docs/threats.md says of each attack what its test expects.
func TestThreats(t *testing.T) {
	rows := threats(t)
	for _, row := range rows {
		if want := row.attack.want.ExitCode(); row.code != want || !strings.Contains(row.says, row.attack.says) && !strings.Contains(row.attack.says, row.says) {
			t.Errorf("line %d: %d, %q; the test expects %d, %q", row.line, row.code, row.says, want, row.attack.says)
		}
	}
	if len(rows) < 40 {
		t.Errorf("only %d rows", len(rows))
	}
}

// TestStockHoles: stock git finds good what docs/threats.md says it does, so that
// the page accuses nobody wrongly.
func TestStockHoles(t *testing.T) {
	needTool(t, "git", "ssh-keygen")
	for _, row := range threats(t) {
		if row.stock != "good" && row.stock != "bad" {
			continue
		}
		t.Run(row.attack.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			signers := filepath.Join(t.TempDir(), "allowed_signers")
			row.attack.tamper(v)
			if err := os.WriteFile(signers, []byte(v.git("cat-file", "blob", "main:"+signersFile)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := tryGit(v.dir, "", nil, "-c", "gpg.ssh.allowedSignersFile="+signers, "verify-commit", "main")
			if (err == nil) != (row.stock == "good") {
				t.Errorf("line %d: git says %v, want %s", row.line, err, row.stock)
			}
		})
	}
}

// TestChecksAreListed: docs/threats.md says of each check what it does.
func TestChecksAreListed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	e := newEvidence(t)
	checks := verifyBundle(t, e.file, provenance.VerifyOptions{}).Checks
	checks = append(checks, e.Verify().Checks...)
	if len(checks) < 20 {
		t.Errorf("there are %d checks", len(checks))
	}
	for _, c := range checks {
		if !strings.Contains(string(page), "\n| `"+c.ID+"` | ") {
			t.Errorf("the check %q is not told", c.ID)
		}
	}
}
