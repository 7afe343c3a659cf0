// Package feed reads lists of pages: feeds, sitemaps, lists of feeds and
// exported bookmarks. It asks for nothing itself; [Gather] follows what a list
// leads to through a function of its caller. All input is hostile: bytes, entries,
// nesting, and the number of lists that lead to one another are bounded.
//
// # What is read
//
//	rss            RSS 0.9 to 2.0, and RDF
//	atom           Atom 0.3 and 1.0 (RFC 4287)
//	json-feed      JSON Feed 1 and 1.1
//	opml           OPML: outlines with xmlUrl are feeds, those of type link pages,
//	               those of type include lists like this one
//	sitemap        sitemaps.org 0.9; without namespace or with a wrong one too
//	sitemap-index  the list of several sitemaps
//	text           text that is nothing but http and https addresses, one a line
//	bookmarks      the HTML that browsers export (NETSCAPE-Bookmark-file-1)
//	page           any other HTML page: the feeds that its <link rel=alternate> offer
//
// The kind is told by the content, whatever the media type says. Content may be
// packed by gzip. Text is decoded by the byte order mark, the charset of the media
// type, the XML declaration, and last by its bytes. Entities of a DTD are never
// expanded and nothing outside of the content is read.
//
// # Entries
//
// The address of an entry is that of feedburner:origLink, the link of the entry,
// or a guid that is a link, in this order, made absolute against xml:base where
// that is given (Atom), else against the address of the list, or where the list
// has none against the page that it belongs to. Only http and https count. An
// address that comes twice is one entry, with the latest of its dates. Dates that
// cannot be read, or lie before 1990, are none.
package feed
