package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/walkback-dev/walkback/provenance/checkpoint/witnesstest"
)

// startWitness starts a witness for the log key in a file and enters it into a
// configuration. It runs until the script ends.
func startWitness(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: witness CONFIG KEYFILE")
	}
	witness, err := witnesstest.New("witness.example/w1", strings.TrimSpace(ts.ReadFile(args[1])))
	ts.Check(err)
	site := httptest.NewServer(witness)
	ts.Defer(site.Close)
	file := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o700))
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = fmt.Fprintf(f, "[[witness]]\nurl = %q\nkey = %q\n", site.URL, witness.Key)
	ts.Check(err)
	ts.Check(f.Close())
}
