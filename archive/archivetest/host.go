package archivetest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// host is what dialling a name meets.
type host struct {
	addrs []netip.Addr
	down  Down
	cert  Cert
}

// Down is a way in which a host cannot be reached.
type Down string

// The ways in which a host cannot be reached.
const (
	Up          Down = ""            // it can
	Unknown     Down = "nxdomain"    // its name does not resolve
	Refusing    Down = "refused"     // nothing listens on its ports
	Unreachable Down = "unreachable" // no route to it
	Silent      Down = "silent"      // it never answers
)

// Down makes dialling the host fail from now on, or work again with [Up]. Open
// connections stay.
func (w *Web) Down(name string, how Down) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host(name).down = how
}

// At says which addresses the host has for clients that use the web's dialer
// or resolver. A host has one made-up public address otherwise.
func (w *Web) At(name string, addrs ...string) {
	var parsed []netip.Addr
	for _, s := range addrs {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			w.fail("address of host %s: %v", name, err)
		}
		parsed = append(parsed, addr)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host(name).addrs = parsed
}

// host returns the host with this name, which exists from now on. The caller
// holds w.mu.
func (w *Web) host(name string) *host {
	name = strings.ToLower(name)
	h := w.hosts[name]
	if h == nil {
		h = &host{addrs: []netip.Addr{madeUpAddr(name)}}
		w.hosts[name] = h
	}
	return h
}

// madeUpAddr gives a name a public address, always the same. Nothing is ever
// sent there.
func madeUpAddr(name string) netip.Addr {
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr
	}
	sum := sha256.Sum256([]byte(name))
	return netip.AddrFrom4([4]byte{11, sum[0], sum[1], sum[2]})
}

// lookup returns the addresses of a host; ok is false when it does not exist.
func (w *Web) lookup(name string) (addrs []netip.Addr, down Down, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.hosts[strings.ToLower(strings.TrimSuffix(name, "."))]
	if h == nil || h.down == Unknown {
		return nil, Unknown, false
	}
	return slices.Clone(h.addrs), h.down, true
}

// DialContext connects to any host and port of the web. The connection's
// remote address is the one that the host seems to have.
func (w *Web) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return DialVia(w.Addr())(ctx, network, address)
}

// DialVia returns the dialer of the web that listens on this address, perhaps
// in another process.
func DialVia(listener string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		c, err := dialer.DialContext(ctx, "tcp", listener)
		if err != nil {
			return nil, fmt.Errorf("reaching the fake web: %w", err)
		}
		remote, err := askFor(ctx, c, address)
		if err != nil {
			c.Close()
			return nil, err
		}
		return &dialled{Conn: c, remote: net.TCPAddrFromAddrPort(remote)}, nil
	}
}

// dialled is a connection that seems to lead to a host's own address.
type dialled struct {
	net.Conn
	remote net.Addr
}

func (c *dialled) RemoteAddr() net.Addr { return c.remote }

// askFor tells the web which host is dialled, and turns what it says into what
// a dialer would have returned.
func askFor(ctx context.Context, c net.Conn, address string) (netip.AddrPort, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintf(c, "\x00dial %s\n", address); err != nil {
		return netip.AddrPort{}, fmt.Errorf("asking the fake web for %s: %w", address, err)
	}
	line, err := readLine(c)
	if ctx.Err() != nil {
		return netip.AddrPort{}, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("asking the fake web for %s: %w", address, err)
	}
	switch Down(line) {
	case Unknown:
		return netip.AddrPort{}, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}}
	case Refusing:
		return netip.AddrPort{}, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case Unreachable:
		return netip.AddrPort{}, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}
	}
	ips, ok := strings.CutPrefix(line, "ok ")
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("the fake web answered %q for %s", line, address)
	}
	all := strings.Fields(ips)
	tellLookup(ctx, name, all)
	return netip.ParseAddrPort(net.JoinHostPort(all[0], port))
}

// tellLookup tells a trace in the context what a resolver would have told it.
func tellLookup(ctx context.Context, name string, ips []string) {
	trace := httptrace.ContextClientTrace(ctx)
	if _, err := netip.ParseAddr(name); err == nil || trace == nil || trace.DNSDone == nil {
		return
	}
	var found httptrace.DNSDoneInfo
	for _, ip := range ips {
		found.Addrs = append(found.Addrs, net.IPAddr{IP: net.ParseIP(ip)})
	}
	trace.DNSDone(found)
}

// readLine reads byte by byte, so that nothing after the line is taken away
// from the connection's user.
func readLine(c net.Conn) (string, error) {
	var line []byte
	var b [1]byte
	for {
		if _, err := c.Read(b[:]); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
		line = append(line, b[0])
	}
}

// answerDial reads the dialer's line and answers it. It returns the dialled
// host:port, or false when there is nothing further to serve.
func (w *Web) answerDial(c net.Conn, br *bufio.Reader) (string, bool) {
	line, err := br.ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "\x00dial ")
	name, _, splitErr := net.SplitHostPort(address)
	if err != nil || !ok || splitErr != nil {
		return "", false
	}
	addrs, down, _ := w.lookup(name)
	switch {
	case down == Silent:
		waitForHangUp(br)
		return "", false
	case down != Up:
		fmt.Fprintf(c, "%s\n", down)
		return "", false
	case len(addrs) == 0:
		fmt.Fprintf(c, "%s\n", Unknown)
		return "", false
	}
	_, err = fmt.Fprintf(c, "ok %s\n", strings.Trim(fmt.Sprint(addrs), "[]"))
	return address, err == nil
}
