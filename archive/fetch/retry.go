package fetch

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// newPause returns how long to wait before each retry of one request.
func (f *fetch) newPause() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: f.options.Backoff, Multiplier: 3, RandomizationFactor: 0.5, MaxInterval: maxRetryWait,
	}
}

// mayPass reports whether the same request may have another answer soon. What a
// server says of a page, such as 404, is no such thing.
func mayPass(status int, failure *Failure) bool {
	if failure != nil {
		switch failure.Reason {
		case Timeout, Reset, Closed, ProxyFailed:
			return true
		}
		return false
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// again reports whether a request is made again, and how long to wait before.
func (f *fetch) again(ctx context.Context, at *address, hop *Hop, failure *Failure, made int, pause *backoff.ExponentialBackOff) (time.Duration, bool) {
	if !mayPass(hop.Status, failure) {
		return 0, false
	}
	again := made < f.options.Retries && f.left > 0 && ctx.Err() == nil && f.unkept == nil
	wait, told := retryAfter(hop.Header, f.options.Now)
	switch {
	case told && wait > maxRetryAfter:
		f.rest(at, time.Now().Add(wait), "it asked to be left alone for "+spoken(wait))
		return 0, false
	case told:
		f.hold(at, wait)
		return wait, again
	case !again:
		return 0, false
	case f.isLocal(hop):
		pause.InitialInterval = min(pause.InitialInterval, localBackoff)
	}
	wait = pause.NextBackOff()
	if hop.Status == http.StatusTooManyRequests || hop.Status == http.StatusServiceUnavailable {
		f.hold(at, wait) // it is the host that has too much to do, not the page
	}
	return wait, true
}

// localBackoff is Options.Backoff for hosts of this machine and of private
// networks, unless that is less.
const localBackoff = 50 * time.Millisecond

// retryAfter reads Retry-After (RFC 9110 §10.2.3): seconds or a date.
func retryAfter(header http.Header, now func() time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, maxSeconds)) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now()), 0), true
}

// maxSeconds is what a Retry-After may say at most: longer than any run.
const maxSeconds = 365 * 24 * 60 * 60

func spoken(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Second).String(), "0s"), "0m")
}

func tryOf(hop *Hop, failure *Failure) Try {
	return Try{
		Started: hop.Started, Duration: hop.Duration, RemoteAddr: hop.RemoteAddr,
		Status: hop.Status, RetryAfter: printable(hop.Header.Get("Retry-After")), Failure: failure,
	}
}

// dropPayload lets go of what a try brought.
func (f *fetch) dropPayload() {
	if f.x.Payload != nil {
		_ = f.x.Payload.Close() // it was not wanted
	}
	f.x.Payload, f.x.Truncated, f.x.Shortfall = nil, "", ""
}

// sleep waits, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
