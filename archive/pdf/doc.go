// Package pdf finds the lines of text in a PDF, for package extract to make a
// document of. The work is done by PDFium, compiled to WebAssembly and run in a
// sandbox (wazero): no files, no network, no clock, nothing random, at most 256 MiB
// of memory and a minute for each document. The same bytes give the same lines on
// each machine.
//
// PDFium is compiled to machine code when the first PDF is read, which takes some
// seconds, and kept in the folder walkback of the user's cache folder for the next
// process; it is read from there in a tenth of a second. Commands that read no PDF
// pay nothing.
//
// # Places
//
// The text of a PDF is drawn by programs inside compressed streams: no range of its
// bytes stands for a sentence. So the blocks of its document have no byte range, and
// a quote from one is pinned by the digest of the payload, the position in text.md
// and the words around it.
//
// # What is not read
//
// Encrypted files that need a password to open, pages that are pictures
// (scans), forms and comments, files that are not PDF after all. A damaged file is
// read as far as PDFium repairs it.
package pdf
