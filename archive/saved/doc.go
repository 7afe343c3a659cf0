// Package saved reads what browsers and mail programs save: pages in one file
// (MHTML, RFC 2557) and mail (RFC 5322, MIME RFC 2045 to 2049); and what a saved
// page says of where and when it was saved. It is pure. The file itself is the
// payload of a capture; what is read here is derived from it. All input is hostile:
// nesting, parts, heads and addresses are bounded, and what cannot be decoded is
// left out.
//
// # Messages
//
// [Read] takes a message apart. Of multipart/alternative the HTML part is shown,
// else the plain one; of multipart/related the root, which the start parameter
// names, else the first part, and the others are its resources; of any other
// multipart all texts that are not attachments. A message within a message is an
// attachment. Quoted-printable and base64 are decoded as far as they can be. Heads
// are read leniently: lines that make no sense are passed over, and so is the
// "From " line of a mailbox file.
//
// A message is a saved page if it says so (Snapshot-Content-Location, or a From
// that begins with "Saved by"), or if its root has a place on the web and nothing
// tells of a delivery (To, Received, Message-ID). It is read as the page that its
// root is. Mail is read whole, as a text with these parts, each where it has
// something to say: "From:", "To:", "Cc:" and "Date:", the texts, and under
// "Attachments:" an item for each with its name, media type, size and SHA-256.
//
// A DKIM-Signature (RFC 6376) is told with its domain. It is not verified: that
// takes a key from the DNS of the day.
//
// # Claims
//
// [ClaimsOf] tells where and when a file says that it is from: of a saved page the
// place that the message gives and its Date; of mail its Date; of HTML what the
// comment of the program says that saved it (browsers: "saved from url=(0023)",
// SingleFile, monolith). They are what the file says, and nothing else.
package saved
