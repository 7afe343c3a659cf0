package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// memoryPages bounds the memory of a sandbox, in pages of 64 KiB: 256 MiB.
const memoryPages = 4096

// errSandbox marks what keeps the sandbox from starting.
var errSandbox = errors.New("starting the PDF reader")

// turn lets one document be read at a time: each may take all the memory there is
// for it.
var turn = make(chan struct{}, 1)

// pool compiles PDFium once for a process.
var pool = sync.OnceValues(func() (pdfium.Pool, error) {
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(memoryPages).
		WithCloseOnContextDone(true)
	if cache := compilationCache(); cache != nil {
		config = config.WithCompilationCache(cache)
	}
	return webassembly.Init(webassembly.Config{
		Context: context.Background(), MaxIdle: 1, MaxTotal: 1, RuntimeConfig: config,
		FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard, RandomSource: zeros{},
	})
})

// compilationCache returns where machine code is kept between processes, nil when
// there is no such place: then each of them compiles anew.
func compilationCache() wazero.CompilationCache {
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	folder = filepath.Join(folder, "walkback")
	// Whoever can write there can make us run anything.
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(folder)
	if err != nil {
		return nil
	}
	return cache
}

// zeros is what a sandbox gets for random numbers: the same each time.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// sandboxed calls do with a fresh instance, which is stopped when ctx is done, or
// when do has taken longer than most: then late is true.
func sandboxed(ctx context.Context, most time.Duration, do func(context.Context, pdfium.Pdfium) error) (late bool, err error) {
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-turn }()
	instances, err := pool()
	if err != nil {
		return false, fmt.Errorf("%w: %w", errSandbox, err)
	}
	instance, err := instances.GetInstance(time.Minute)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errSandbox, err)
	}
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	killed := make(chan struct{})
	stop := context.AfterFunc(within, func() {
		defer close(killed)
		_ = instance.Kill()
	})
	err = guarded(within, instance, do)
	if stop() {
		_ = instance.Close()
		return false, err
	}
	<-killed
	return true, errors.Join(err, within.Err())
}

// guarded calls do. The library panics where the sandboxed code faults or runs out
// of memory, which is an error of the document.
func guarded(ctx context.Context, instance pdfium.Pdfium, do func(context.Context, pdfium.Pdfium) error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the PDF reader failed: %v", fault)
		}
	}()
	return do(ctx, instance)
}
