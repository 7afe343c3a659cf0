package timestamp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Client asks authorities and calendars. No redirect is followed, and no answer
// is read beyond its limit.
type Client struct {
	HTTP      *http.Client // its transport decides which addresses may be dialled
	UserAgent string
	Random    io.Reader     // for nonces
	Timeout   time.Duration // of one question with its answer
}

// StatusError is an HTTP answer that is not what was asked for.
type StatusError struct {
	Status int
	Said   string // the beginning of the body, in printable ASCII
}

func (e *StatusError) Error() string {
	said := ""
	if e.Said != "" {
		said = ": " + e.Said
	}
	return fmt.Sprintf("the answer is HTTP status %d%s", e.Status, said)
}

// CheckURL returns why a URL cannot be that of an authority or a calendar.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q is not an http or https URL", s)
	case u.Host == "" || u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q must have a host, and neither user nor fragment", s)
	}
	return nil
}

// Stamp asks an authority for a token over the bytes with this SHA-256. The answer
// is returned as it came, once it is good: made for this question and verified
// against the authority.
func (c *Client) Stamp(ctx context.Context, address string, stamped []byte, a *Authority, v *Verifier) (answer []byte, t *Token, p *Proven, err error) {
	request, err := NewRequest(sha256.Sum256(stamped), c.Random)
	if err != nil {
		return nil, nil, nil, err
	}
	query, err := request.Encode()
	if err != nil {
		return nil, nil, nil, err
	}
	answer, err = c.ask(ctx, http.MethodPost, address, query, "application/timestamp-query", "application/timestamp-reply", MaxToken)
	if err != nil {
		return nil, nil, nil, err
	}
	if t, err = ParseResponse(answer); err != nil {
		return nil, nil, nil, err
	}
	if err := request.Answers(t); err != nil {
		return nil, nil, nil, err
	}
	if p, err = v.Verify(t, stamped, a); err != nil {
		return nil, nil, nil, err
	}
	return answer, t, p, nil
}

const calendarType = "application/vnd.opentimestamps.v1"

// Submit gives a SHA-256 to a calendar and returns its promise as a proof.
func (c *Client) Submit(ctx context.Context, calendar string, digest [sha256.Size]byte) (*Proof, error) {
	answer, err := c.ask(ctx, http.MethodPost, strings.TrimSuffix(calendar, "/")+"/digest", digest[:], "application/x-www-form-urlencoded", calendarType, MaxProof)
	if err != nil {
		return nil, err
	}
	root, err := parseTimestamp(answer, digest[:])
	if err != nil {
		return nil, err
	}
	p := &Proof{Digest: digest, root: root}
	if len(p.Encode()) > MaxProof {
		return nil, malformed("the answer is too long for a proof")
	}
	return p, nil
}

// Upgrade asks the calendars that made the promises of a proof for what became of
// them. Only those are asked that allowed holds: a proof could name any address.
// It returns the completed proof, nil when no calendar has its promise in a block
// yet; and what went wrong with each calendar, beside that.
func (c *Client) Upgrade(ctx context.Context, p *Proof, allowed []string) (*Proof, error) {
	upgraded, err := ParseProof(p.Encode())
	if err != nil {
		return nil, err
	}
	var failures []error
	better := false
	for _, a := range p.Attestations() {
		if a.Kind != PendingAttestation {
			continue
		}
		if !slices.ContainsFunc(allowed, func(calendar string) bool { return sameCalendar(calendar, a.URI) }) {
			failures = append(failures, fmt.Errorf("%s is not among the calendars of the settings", a.URI))
			continue
		}
		answer, err := c.timestamp(ctx, a.URI, a.Message)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", a.URI, err))
			continue
		}
		if answer != nil {
			upgraded.root.replacePending(a.URI, a.Message, answer)
			better = true
		}
	}
	if !better {
		return nil, errors.Join(failures...)
	}
	again, err := ParseProof(upgraded.Encode()) // the limits hold for the whole, too
	return again, errors.Join(append(failures, err)...)
}

// timestamp asks a calendar for what it has on a message: nil while that is in no
// block.
func (c *Client) timestamp(ctx context.Context, calendar string, message []byte) (*node, error) {
	address := strings.TrimSuffix(calendar, "/") + "/timestamp/" + hex.EncodeToString(message)
	answer, err := c.ask(ctx, http.MethodGet, address, nil, "", calendarType, MaxProof)
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n, err := parseTimestamp(answer, message)
	if err != nil {
		return nil, err
	}
	if _, ok := (&Proof{root: n}).Height(); !ok {
		return nil, nil
	}
	return n, nil
}

func sameCalendar(a, b string) bool {
	return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/")
}

// CRL fetches a revocation list, unread.
func (c *Client) CRL(ctx context.Context, address string) ([]byte, error) {
	return c.ask(ctx, http.MethodGet, address, nil, "", "application/pkix-crl", MaxCRL)
}

func (c *Client) ask(ctx context.Context, method, address string, body []byte, sends, wants string, limit int64) ([]byte, error) {
	if err := CheckURL(address); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", c.UserAgent)
	request.Header.Set("Accept", wants)
	if sends != "" {
		request.Header.Set("Content-Type", sends)
	}
	client := *c.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode != http.StatusOK:
		return nil, &StatusError{Status: response.StatusCode, Said: printable(answer)}
	case int64(len(answer)) > limit:
		return nil, malformed("the answer has more than %d bytes", limit)
	}
	return answer, nil
}

// printable returns the first line of what a server said, as far as it may be
// shown.
func printable(answer []byte) string {
	line, _, _ := bytes.Cut(answer[:min(len(answer), 160)], []byte("\n"))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, string(line)))
}
