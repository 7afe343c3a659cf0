package extract

import "fmt"

// Characters returns a payload without its content-codings as text in UTF-8, and
// the media type that it was read as. Errors: those of [Decode], [ErrNoText]
// (perhaps wrapped) for what is no text, and a [*LimitError] for more than
// [MaxText] bytes.
func Characters(in Input) (text, mediaType string, err error) {
	body, err := decodeUpTo(MaxText, in.Payload, in.ContentEncoding)
	if err != nil {
		return "", "", fmt.Errorf("removing content-coding %q: %w", in.ContentEncoding, err)
	}
	mediaType, declared, err := readAs(body, in.ContentType, in.URL)
	if err != nil {
		return "", "", err
	}
	decoded, err := decodeText(body, mediaType, declared)
	return decoded.text, mediaType, err
}

// IsPage reports whether a media type is that of HTML or XHTML.
func IsPage(mediaType string) bool { return isHTML(mediaType) }
