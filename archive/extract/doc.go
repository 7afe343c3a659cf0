// Package extract turns the bytes of a web page, a Markdown file or a plain
// text into the text that a reader sees, with its title, dates and links.
package extract
