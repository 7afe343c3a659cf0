package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// giveUpAfter is how many pages of a host may have no answer before it is left
// alone for the rest of a run, see fetch.Options.
const giveUpAfter = 5

// mannerFlags say how hosts are treated, and from where and as whom they are
// asked.
func mannerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "ignore-robots", Category: groupManners, Usage: "ask for sources even where robots.txt forbids it; this is recorded"},
		&cli.DurationFlag{Name: "delay", Category: groupManners, Value: time.Second, Usage: "leave a host alone for about this `TIME` between two pages; by default not hosts of this machine and of private networks"},
		&cli.IntFlag{Name: "retries", Category: groupManners, Value: 2, EnvVars: []string{"WALKBACK_RETRIES"}, Usage: "ask at most `N` times more where a fault may pass: no answer, a broken connection, 429, 502, 503, 504"},
		&cli.DurationFlag{Name: deadlineName, Category: groupManners, DefaultText: "none", Usage: "begin no page any more after this `TIME`, and exit with 4 if some are left; the same command continues"},
		viaFlag(groupVantage, ", so that pages are seen from another place"),
		&cli.StringFlag{Name: "vantage", Category: groupVantage, Usage: "record that pages are looked at from the place called `NAME` (default: the proxy's host)"},
		&cli.StringFlag{Name: "cookies", Category: groupVantage, Usage: "send the cookies in `FILE` (cookies.txt, Netscape) to their hosts; their values are not kept"},
		&cli.StringSliceFlag{Name: "header", Category: groupVantage, Usage: "send a `FIELD` to one host, as in 'example.org: Authorization: Bearer …'; its value is not kept"},
	}
}

const deadlineName = "deadline"

// fetchOptions returns what the flags and the settings say of how to fetch.
func (p *program) fetchOptions(c *cli.Context) (fetch.Options, error) {
	s := p.settings()
	o := fetch.Options{
		UserAgent: cmp.Or(c.String("user-agent"), s.UserAgent), AllowPrivate: c.Bool("allow-private") || s.AllowPrivate,
		Timeout: c.Duration("timeout"), Now: p.now, Retries: c.Int("retries"), GiveUpAfter: giveUpAfter,
		Delay: c.Duration("delay"), DelayLocal: c.IsSet("delay"),
	}
	if s.Delay != "" && !c.IsSet("delay") {
		delay, err := time.ParseDuration(s.Delay)
		if err != nil || delay < 0 {
			return o, fmt.Errorf("reading settings: delay: %q is not a time, such as \"2s\" or \"0\"", s.Delay)
		}
		o.Delay, o.DelayLocal = delay, true
	}
	if s.Retries != nil && !c.IsSet("retries") {
		o.Retries = *s.Retries
	}
	switch {
	case o.Timeout <= 0:
		return o, &usage{message: "--timeout must be more than nothing", hint: "for example --timeout 30s"}
	case o.Delay < 0:
		return o, &usage{message: "--delay must not be less than nothing", hint: "for example --delay 2s, or 0 for none"}
	case o.Retries < 0 || o.Retries > maxRetries:
		return o, &usage{message: fmt.Sprintf("--retries must be from 0 to %d", maxRetries), hint: "for example --retries 3"}
	}
	var err error
	if o.Via, err = viaOf(c, s); err != nil {
		return o, err
	}
	if o.Cookies, err = readCookies(cmp.Or(c.String("cookies"), s.Cookies)); err != nil {
		return o, err
	}
	o.Headers, err = headersOf(c.StringSlice("header"), s.Headers)
	return o, err
}

// viaFlag is the flag --via, in a group of the help, with what it is for there.
func viaFlag(group, purpose string) cli.Flag {
	return &cli.StringFlag{Name: "via", Category: group, EnvVars: []string{"WALKBACK_VIA"}, Usage: "ask through the proxy at `ADDRESS`, http://, socks5:// (names looked up here) or socks5h:// (there)" + purpose}
}

// viaOf returns the proxy that the command line or the settings name, nil for none.
func viaOf(c *cli.Context, s settings) (*fetch.Proxy, error) {
	address := cmp.Or(c.String("via"), s.Via)
	if address == "" {
		return nil, nil
	}
	via, err := fetch.ParseProxy(address)
	if err != nil {
		return nil, &usage{message: "--via: " + err.Error(), hint: "for example --via socks5h://127.0.0.1:9050"}
	}
	return via, nil
}

// maxRetries bounds --retries: each one waits longer.
const maxRetries = 10

func readCookies(file string) ([]fetch.Cookie, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &usage{message: fmt.Sprintf("--cookies: there is no file %s", file), hint: "browsers' extensions and curl --cookie-jar write such files"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading cookies: %w", err)
	}
	defer f.Close()
	cookies, err := fetch.ParseCookies(f)
	if err != nil {
		return nil, &usage{message: fmt.Sprintf("--cookies: %s %v", file, err), hint: "a cookies.txt has seven fields a line, with tabs between them"}
	}
	return cookies, nil
}

// headersOf joins the headers of the command line with those of the settings,
// where a field is not given for the same host.
func headersOf(given []string, set map[string]map[string]string) ([]fetch.Header, error) {
	var headers []fetch.Header
	for _, text := range given {
		h, err := fetch.ParseHeader(text)
		if err != nil {
			return nil, &usage{message: "--header: " + err.Error(), hint: "for example --header 'example.org: Authorization: Bearer …'"}
		}
		headers = append(headers, h)
	}
	flags := len(headers)
	for _, host := range slices.Sorted(maps.Keys(set)) {
		for _, name := range slices.Sorted(maps.Keys(set[host])) {
			h, err := fetch.NewHeader(host, name, set[host][name])
			if err != nil {
				return nil, fmt.Errorf("reading settings: headers: %w", err)
			}
			same := func(flag fetch.Header) bool { return flag.Host == h.Host && flag.Name == h.Name }
			if !slices.ContainsFunc(headers[:flags], same) {
				headers = append(headers, h)
			}
		}
	}
	return headers, nil
}

// beMannered completes the options of a run that goes out to the network.
func (p *program) beMannered(c *cli.Context, o *archive.RunOptions) error {
	s := p.settings()
	fetching, err := p.fetchOptions(c)
	if err != nil {
		return err
	}
	o.IgnoreRobots = c.Bool("ignore-robots") || s.IgnoreRobots && !c.IsSet("ignore-robots")
	o.Operator, o.Clock = strings.TrimSpace(cleanLine(s.Operator)), archive.SystemClock
	o.Leaked = func(page string) {
		p.warn(fmt.Errorf("%s sent back a secret of --cookies or --header in what is kept of the page", page))
	}
	if name := strings.TrimSpace(cleanLine(cmp.Or(c.String("vantage"), s.Vantage))); name != "" || fetching.Via != nil {
		o.Vantage = &schemas.Vantage{Name: name}
		if fetching.Via != nil {
			o.Vantage.Name, o.Vantage.Via = cmp.Or(name, fetching.Via.Host()), fetching.Via.String()
		}
	}
	return nil
}

// errDeadline is why nothing is begun any more after --deadline.
var errDeadline = errors.New("the time of --deadline is over")

// keepDeadline lets nothing be begun any more after --deadline.
func (p *program) keepDeadline(c *cli.Context) (release func(), err error) {
	switch after := c.Duration(deadlineName); {
	case !c.IsSet(deadlineName):
		return func() {}, nil
	case after <= 0:
		return nil, &usage{message: "--deadline must be more than nothing", hint: "for example --deadline 50m"}
	default:
		outer := p.stop
		within, cancel := context.WithTimeoutCause(outer, after, errDeadline)
		p.stop = within
		return func() {
			cancel()
			p.stop = outer
		}, nil
	}
}

// late reports whether it was --deadline that stopped a run.
func (p *program) late() bool { return errors.Is(context.Cause(p.stop), errDeadline) }
