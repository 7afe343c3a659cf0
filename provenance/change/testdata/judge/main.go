// Command judge extracts the pages in the files that it is given and judges each
// second one against the one before. The benchmark of this package measures it
// as a process.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

func main() {
	changes := 0
	var before change.Side
	for i, file := range os.Args[1:] {
		page, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "judge: error:", err)
			os.Exit(1)
		}
		side := change.Side{State: schemas.State{Outcome: schemas.Served}}
		side.Document, _ = extract.Read(context.Background(), extract.Input{Payload: page, ContentType: "text/html", URL: "https://pages.example/a"})
		if i%2 == 1 {
			got, err := change.Judge(before, side, nil)
			if err != nil {
				fmt.Fprintln(os.Stderr, "judge: error:", err)
				os.Exit(1)
			}
			if !got.Class.Quiet() {
				changes++
			}
		}
		before = side
	}
	fmt.Println(changes)
}
