package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Witness is a witness that is asked to cosign.
type Witness struct {
	URL string // its submission prefix; add-checkpoint is asked for below it
	Key string // its verifier key, see NewWitnessVerifier
}

// Doer sends a request; *http.Client is one. It has to set limits of time.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// RefusedError is a witness's refusal.
type RefusedError struct {
	Witness string
	Status  int
	Said    string // the beginning of its answer
}

func (e *RefusedError) Error() string {
	why := map[int]string{
		http.StatusForbidden:           "it does not trust the log key",
		http.StatusNotFound:            "it does not know this archive: its operator has to add the log key first",
		http.StatusUnprocessableEntity: "it says that this history does not continue the one that it has signed",
		http.StatusConflict:            "it has signed another history of the same size, or more of it",
	}[e.Status]
	if why == "" {
		why = fmt.Sprintf("HTTP %d", e.Status)
	}
	if e.Said != "" {
		why += fmt.Sprintf(" (%q)", e.Said)
	}
	return fmt.Sprintf("witness %s has not signed: %s", e.Witness, why)
}

// Fork reports whether the refusal is the witness's word that another history
// was shown to it.
func (e *RefusedError) Fork() bool {
	return e.Status == http.StatusUnprocessableEntity || e.Status == http.StatusConflict
}

// maxAnswer bounds what is read of a witness's answer.
const maxAnswer = 16 << 10

// Add asks the witness to cosign a checkpoint (add-checkpoint of
// c2sp.org/tlog-witness) and returns the note with the witness's signature lines
// behind those that it had. old is the size that the witness has signed before,
// as far as is known, else 0; when the witness knows better, it is asked once
// more from there. The tree must hold the checkpoint's leaves.
func (w Witness) Add(ctx context.Context, client Doer, signed []byte, old int64, tree *Tree) ([]byte, error) {
	verifier, err := NewWitnessVerifier(w.Key)
	if err != nil {
		return nil, err
	}
	opened, err := w.parse(signed)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		proof, err := tree.Consistency(min(old, opened.Size), opened.Size)
		if err != nil {
			return nil, err
		}
		answer, status, kind, err := w.post(ctx, client, addRequest(min(old, opened.Size), proof, signed))
		if err != nil {
			return nil, fmt.Errorf("asking witness %s: %w", verifier.Name(), err)
		}
		if status == http.StatusOK {
			return w.append(verifier, signed, answer)
		}
		refused := &RefusedError{Witness: verifier.Name(), Status: status, Said: firstLine(answer)}
		if status != http.StatusConflict || kind != "text/x.tlog.size" || attempt > 0 {
			return nil, refused
		}
		size, err := strconv.ParseInt(strings.TrimSuffix(string(answer), "\n"), 10, 64)
		if err != nil || size < 0 || size == old || size > opened.Size {
			return nil, refused
		}
		old = size
	}
}

// parse reads the text of a note that is about to be sent.
func (w Witness) parse(signed []byte) (Checkpoint, error) {
	text, _, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok {
		return Checkpoint{}, errMalformed
	}
	return Parse(string(text) + "\n")
}

func addRequest(old int64, proof []Hash, signed []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", old)
	for _, hash := range proof {
		fmt.Fprintf(&b, "%s\n", hash)
	}
	b.WriteString("\n")
	b.Write(signed)
	return b.Bytes()
}

func (w Witness) post(ctx context.Context, client Doer, body []byte) (answer []byte, status int, kind string, err error) {
	address, err := url.JoinPath(w.URL, "add-checkpoint")
	if err != nil {
		return nil, 0, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, 0, "", err
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	response, err := client.Do(request)
	if err != nil {
		return nil, 0, "", err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return answer, response.StatusCode, response.Header.Get("Content-Type"), err
}

// append puts the witness's own signature lines behind a note. What it signs for
// others is left out.
func (w Witness) append(verifier note.Verifier, signed, lines []byte) ([]byte, error) {
	joined := append(bytes.Clone(signed), lines...)
	opened, err := note.Open(joined, note.VerifierList(verifier))
	if err != nil {
		return nil, fmt.Errorf("witness %s answered with no signature of its key: %w", verifier.Name(), unverified(err))
	}
	out := bytes.Clone(signed)
	for _, sig := range opened.Sigs {
		line := fmt.Appendf(nil, "— %s %s\n", sig.Name, sig.Base64)
		if !bytes.Contains(out, line) {
			out = append(out, line...)
		}
	}
	return out, nil
}

func unverified(err error) error {
	var none *note.UnverifiedNoteError
	if errors.As(err, &none) {
		return errors.New("none verifies")
	}
	return err
}

// firstLine is the beginning of an answer, fit to be printed.
func firstLine(answer []byte) string {
	line, _, _ := strings.Cut(string(answer), "\n")
	line = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, line)
	return line[:min(len(line), 120)]
}
