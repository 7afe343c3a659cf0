package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/trust"
)

// readByOther gives a page of the script's archive the text that another
// extractor made of it.
func readByOther(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: readbyother PATH TEXT-FILE")
	}
	a, err := archive.Open(ts.MkAbs("walkback.git"))
	ts.Check(err)
	defer a.Close()
	key, err := trust.OpenKey(ts.MkAbs("config/keys/default"), nil)
	ts.Check(err)
	web := ts.Value(webKey{}).(*archivetest.Web)
	ts.Check(provenancetest.ReadByOther(context.Background(), a, key, web.Local(args[0]), ts.ReadFile(args[1])))
}
