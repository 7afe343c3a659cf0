package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// process is a browser that runs.
type process struct {
	*wire
	profile string
	lock    *flock.Flock
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has been waited for and its folder is gone
	ask     chan struct{} // closed to end it
	once    sync.Once

	pagesMu sync.Mutex
	pages   map[string]*page // by browser context

	memory  int64  // that it may hold
	version string // Chromium/156.0.8078.108
}

const (
	profilePrefix = "walkback-browser-"
	lockName      = "walkback.lock"
	startTime     = 30 * time.Second
	maxComplaint  = 16 << 10 // bytes kept of what the browser says on standard error
)

// start starts a browser with a profile of its own.
func start(ctx context.Context, path string, o Options) (*process, error) {
	clean(o.Folder)
	p := &process{pages: map[string]*page{}, memory: o.MaxMemory, ended: make(chan struct{}), ask: make(chan struct{})}
	var err error
	if p.profile, err = os.MkdirTemp(o.Folder, profilePrefix); err != nil {
		return nil, fmt.Errorf("making a profile for the browser: %w", err)
	}
	p.lock = flock.New(filepath.Join(p.profile, lockName))
	if _, err = p.lock.TryLock(); err == nil {
		err = writePreferences(p.profile)
	}
	if err != nil {
		p.remove()
		return nil, fmt.Errorf("making a profile for the browser: %w", err)
	}
	complaint := &tail{limit: maxComplaint}
	p.cmd = exec.Command(path, arguments(p.profile, o)...)
	p.cmd.Env, p.cmd.Dir, p.cmd.Stderr = environment(p.profile), p.profile, complaint
	p.cmd.WaitDelay = time.Second
	started := make(chan error, 1)
	go p.live(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	var version struct {
		Product string `json:"product"`
	}
	if err := p.call(ctx, "", "Browser.getVersion", nil, &version); err != nil {
		p.end()
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, &StartError{Path: path, Said: complaint.lastLine(), Err: err}
	}
	p.version = strings.Replace(version.Product, "HeadlessChrome", "Chrome", 1)
	return p, nil
}

// StartError is returned for a browser that does not start.
type StartError struct {
	Path string
	Said string // the last of what it said; may be empty
	Err  error
}

func (e *StartError) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("%s did not start: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s did not start: %s", e.Path, e.Said)
}

func (e *StartError) Unwrap() error { return e.Err }

// live is the life of the process. The system may be told to end it with the
// thread that started it, so that thread stays.
func (p *process) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.ended)
	to, from, after, err := connectPipes(p.cmd)
	if err == nil {
		err = p.cmd.Start()
		after()
	}
	if err != nil {
		p.remove()
		started <- err
		return
	}
	p.wire = newWire(to, from)
	watch := newWatch(p.cmd.Process.Pid, p.memory)
	defer watch.stop()
	started <- nil
	select {
	case <-p.ask:
	case <-p.gone:
	}
	// One that is asked might stay; there is nothing in it to be saved.
	killTree(p.cmd.Process)
	_ = p.cmd.Wait()
	p.wire.close()
	from.Close()
	p.remove()
}

// end ends the browser and waits until nothing of it is left.
func (p *process) end() {
	p.once.Do(func() { close(p.ask) })
	<-p.ended
}

// running reports whether the browser still answers.
func (p *process) running() bool {
	select {
	case <-p.gone:
		return false
	case <-p.ask:
		return false
	default:
		return true
	}
}

// remove removes the profile. Processes of the browser may be about to end and
// write a last file.
func (p *process) remove() {
	_ = p.lock.Unlock()
	for try := 0; try < 50; try++ {
		if os.RemoveAll(p.profile) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// clean removes the profiles that killed runs left. What cannot be removed is in
// nobody's way.
func clean(folder string) {
	if folder == "" {
		folder = os.TempDir()
	}
	left, _ := filepath.Glob(filepath.Join(folder, profilePrefix+"*"))
	for _, profile := range left {
		info, err := os.Lstat(profile)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Second {
			continue // just being made
		}
		lock := flock.New(filepath.Join(profile, lockName))
		if locked, err := lock.TryLock(); err != nil || !locked {
			continue
		}
		_ = lock.Unlock()
		_ = os.RemoveAll(profile)
	}
}

// tail keeps the last bytes written to it.
type tail struct {
	mu    sync.Mutex
	kept  []byte
	limit int
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - t.limit; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

// lastLine returns the last line that says what is wrong, else the last one.
func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := ""
	for line := range bytes.Lines(t.kept) {
		text := strings.Map(printing, string(line))
		if text = strings.TrimSpace(text); text == "" || strings.Contains(text, "dbus") {
			continue
		}
		if last = text; strings.Contains(text, "FATAL") || strings.Contains(text, "sandbox") {
			break
		}
	}
	return last[:min(len(last), 300)]
}
