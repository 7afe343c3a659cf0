// Command trafilatura extracts the pages in the files that it is given with
// go-trafilatura, with its fallbacks off. The benchmark of this package measures
// it as a process.
package main

import (
	"bytes"
	"fmt"
	"os"

	trafilatura "github.com/markusmobius/go-trafilatura"
)

func main() {
	words := 0
	for _, file := range os.Args[1:] {
		page, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "trafilatura: error:", err)
			os.Exit(1)
		}
		if r, err := trafilatura.Extract(bytes.NewReader(page), trafilatura.Options{}); err == nil {
			words += len(bytes.Fields([]byte(r.ContentText)))
		}
	}
	fmt.Println(words)
}
