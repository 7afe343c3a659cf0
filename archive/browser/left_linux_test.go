package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// processesOf finds processes that speak of a folder, or are of a group.
func processesOf(t *testing.T, folder string, group int) (found []string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		found = nil
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range lines {
			line, _ := os.ReadFile(file)
			pid := filepath.Base(filepath.Dir(file))
			if strings.Contains(string(line), folder) || groupOf(pid) == group {
				found = append(found, pid+" "+strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
		if len(found) == 0 {
			return nil
		}
	}
	return found
}
