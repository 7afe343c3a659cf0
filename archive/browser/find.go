package browser

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// MissingError is returned where no browser is found. Name is what was asked
// for, "" when all the usual places were tried.
type MissingError struct {
	Name string
	Err  error
}

func (e *MissingError) Error() string {
	if e.Name == "" {
		return "no Chromium or Chrome was found on this machine"
	}
	return fmt.Sprintf("there is no browser %q: %v", e.Name, e.Err)
}

func (e *MissingError) Unwrap() error { return e.Err }

// Find returns the path of the browser of this name or path, or of the first of
// the usual ones when name is "". It looks at files only and starts nothing.
func Find(name string) (string, error) {
	if name != "" {
		path, err := exec.LookPath(name)
		var lookup *exec.Error
		if errors.As(err, &lookup) {
			err = lookup.Err
		}
		if err != nil {
			return "", &MissingError{Name: name, Err: err}
		}
		return filepath.Abs(path)
	}
	for _, candidate := range usual() {
		if path, err := exec.LookPath(candidate); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", &MissingError{Err: fs.ErrNotExist}
}

// usual lists where browsers that speak our protocol stand.
func usual() []string {
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge-stable", "microsoft-edge"}
	switch runtime.GOOS {
	case "darwin":
		names = append(names,
			"/Applications/Chromium.app/Contents/MacOS/Chromium",
			"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
			"/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge")
	case "windows":
		for _, root := range []string{os.Getenv("ProgramFiles"), os.Getenv("ProgramFiles(x86)"), os.Getenv("LocalAppData")} {
			if root != "" {
				names = append(names, filepath.Join(root, `Chromium\Application\chrome.exe`),
					filepath.Join(root, `Google\Chrome\Application\chrome.exe`), filepath.Join(root, `Microsoft\Edge\Application\msedge.exe`))
			}
		}
	}
	return names
}
