package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxMessage bounds one message of the browser, of which pictures are the largest.
const maxMessage = 96 << 20

var (
	errGone     = errors.New("the browser is gone")
	errTooLarge = errors.New("the browser's answer is too large")
)

// ProtocolError is an error that the browser answers a command with.
type ProtocolError struct {
	Method  string
	Code    int
	Message string
}

func (e *ProtocolError) Error() string { return e.Method + ": " + e.Message }

// wire speaks the DevTools protocol over two pipes: JSON messages, each ending in
// one zero byte. Its methods may be called by any goroutine.
type wire struct {
	to   io.WriteCloser
	gone chan struct{} // closed when nothing more will come

	writing sync.Mutex

	mu       sync.Mutex // guards what follows
	last     int64
	waiting  map[int64]pending
	handlers map[string]func(event) // by session; "" is the browser itself
	closed   bool
}

type pending struct {
	method string
	answer func(json.RawMessage, error)
}

// event is what the browser says without being asked.
type event struct {
	Method  string
	Session string
	Params  json.RawMessage
}

// message is any message of the browser.
type message struct {
	ID        int64           `json:"id"`
	SessionID string          `json:"sessionId"`
	Method    string          `json:"method"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Error     *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func newWire(to io.WriteCloser, from io.Reader) *wire {
	w := &wire{to: to, gone: make(chan struct{}), waiting: map[int64]pending{}, handlers: map[string]func(event){}}
	go w.read(from)
	return w
}

// read hands out messages until the pipe ends. What it calls must not wait for
// an answer.
func (w *wire) read(from io.Reader) {
	r := bufio.NewReaderSize(from, 64<<10)
	for {
		data, whole, err := readMessage(r, maxMessage)
		if err != nil {
			break
		}
		if whole {
			w.hand(data)
		} else {
			w.refuse(data)
		}
	}
	w.mu.Lock()
	waiting := w.waiting
	w.waiting, w.closed = nil, true
	w.mu.Unlock()
	close(w.gone)
	for _, p := range waiting {
		p.answer(nil, errGone)
	}
}

// readMessage reads up to a zero byte. Of a message that is longer than limit it
// returns the beginning, and false.
func readMessage(r *bufio.Reader, limit int) (data []byte, whole bool, err error) {
	for {
		part, err := r.ReadSlice(0)
		switch room := limit - len(data); {
		case room < len(part):
			data = append(data, part[:max(room, 0)]...)
			limit = len(data) // nothing more is kept
			whole = false
		default:
			data = append(data, part...)
			whole = true
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		return bytes.TrimSuffix(data, []byte{0}), whole, nil
	}
}

func (w *wire) hand(data []byte) {
	var m message
	if json.Unmarshal(data, &m) != nil {
		return
	}
	if m.ID == 0 {
		w.mu.Lock()
		handle := w.handlers[m.SessionID]
		w.mu.Unlock()
		if handle != nil {
			handle(event{Method: m.Method, Session: m.SessionID, Params: m.Params})
		}
		return
	}
	p, ok := w.take(m.ID)
	if !ok {
		return
	}
	if m.Error != nil {
		p.answer(nil, &ProtocolError{Method: p.method, Code: m.Error.Code, Message: m.Error.Message})
		return
	}
	p.answer(m.Result, nil)
}

// refuse fails the command whose answer is too large; its id stands first.
func (w *wire) refuse(beginning []byte) {
	var id int64
	if _, err := fmt.Sscanf(string(beginning[:min(len(beginning), 64)]), `{"id":%d,`, &id); err != nil {
		return
	}
	if p, ok := w.take(id); ok {
		p.answer(nil, fmt.Errorf("%s: %w", p.method, errTooLarge))
	}
}

func (w *wire) take(id int64) (pending, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.waiting[id]
	delete(w.waiting, id)
	return p, ok
}

// handle sets who gets the events of a session; nil ends it.
func (w *wire) handle(session string, handler func(event)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if handler == nil {
		delete(w.handlers, session)
		return
	}
	w.handlers[session] = handler
}

// send gives a command. The answer, if anyone wants it, is called by the
// goroutine that reads, or by this one when there is no browser any more.
func (w *wire) send(session, method string, params any, answer func(json.RawMessage, error)) int64 {
	if answer == nil {
		answer = func(json.RawMessage, error) {}
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		answer(nil, errGone)
		return 0
	}
	w.last++
	id := w.last
	w.waiting[id] = pending{method: method, answer: answer}
	w.mu.Unlock()
	command := struct {
		ID        int64  `json:"id"`
		SessionID string `json:"sessionId,omitempty"`
		Method    string `json:"method"`
		Params    any    `json:"params,omitempty"`
	}{id, session, method, params}
	data, err := json.Marshal(command)
	if err == nil {
		w.writing.Lock()
		_, err = w.to.Write(append(data, 0))
		w.writing.Unlock()
	}
	if err != nil {
		if p, ok := w.take(id); ok {
			p.answer(nil, fmt.Errorf("%s: %w", method, errors.Join(errGone, err)))
		}
	}
	return id
}

// call gives a command and waits for its answer, which it decodes into result
// unless that is nil.
func (w *wire) call(ctx context.Context, session, method string, params, result any) error {
	type answer struct {
		data json.RawMessage
		err  error
	}
	answered := make(chan answer, 1)
	id := w.send(session, method, params, func(data json.RawMessage, err error) { answered <- answer{data, err} })
	select {
	case a := <-answered:
		if a.err != nil || result == nil {
			return a.err
		}
		if err := json.Unmarshal(a.data, result); err != nil {
			return fmt.Errorf("reading the answer to %s: %w", method, err)
		}
		return nil
	case <-ctx.Done():
		w.take(id)
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

func (w *wire) close() { w.to.Close() }
