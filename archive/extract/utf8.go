package extract

// UTF8 returns a body without content-codings as UTF-8, without a byte order mark
// and with U+FFFD for what is not valid, by the rules that [Read] goes by: the
// mark, the charset that was declared for the media type, what the document
// states, and last its bytes. It returns [ErrNoText] (perhaps wrapped) for what
// only claims to be text.
func UTF8(body []byte, mediaType, charset string) (string, error) {
	decoded, err := decodeText(body, mediaType, charset)
	return decoded.text, err
}
