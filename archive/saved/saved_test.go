package saved_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/saved"
)

var digests = pattern.New(`sha256:[0-9a-fx]+`)

var taken = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)

// said writes what is read of a message.
func said(t *testing.T, content string) string {
	t.Helper()
	m, err := saved.Read([]byte(content))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	claims := m.Claims()
	fmt.Fprintf(&b, "page %v, from %q, of %q, signed %q\n", m.Page, claims.URL, claims.Date, m.Signers)
	for _, r := range m.Resources {
		fmt.Fprintf(&b, "resource %s %s cid:%s %d\n", r.MediaType, r.Location, r.ID, len(r.Content()))
	}
	for _, a := range m.Attachments {
		fmt.Fprintf(&b, "attachment %s %q %d\n", a.MediaType, a.Name, len(a.Content()))
	}
	document, err := m.Document(t.Context(), "", taken)
	if err != nil {
		return b.String() + err.Error()
	}
	fmt.Fprintf(&b, "by %q, published %q\n", document.Byline, document.Published)
	b.Write(document.Markdown())
	return b.String()
}

// crlf gives a message the line ends that it has on its way.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const chrome = `From: <Saved by Blink>
Snapshot-Content-Location: https://quay.example/notes/hollow?x=1
Subject: =?utf-8?Q?The=20board=20knew=E2=80=A6?=
Date: Mon, 2 Mar 2026 11:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/related;
	type="text/html";
	boundary="----MultipartBoundary--abc----"


------MultipartBoundary--abc----
Content-Type: text/html
Content-ID: <frame-1@mhtml.blink>
Content-Transfer-Encoding: quoted-printable
Content-Location: https://quay.example/notes/hollow?x=1

<!DOCTYPE html><html lang=3D"en"><head><meta http-equiv=3D"Content-Type" con=
tent=3D"text/html; charset=3DUTF-8"><title>The board knew</title></head><body><article><h1>The board knew</h1><p>The board was told twice that the piles are hollow =E2=80=93 and did nothing, s=
ays <a href=3D"https://quay.example/letter">the letter</a>.</p><img src=3D"cid:img-1@mhtml.blink"></article></body></html>

------MultipartBoundary--abc----
Content-Type: image/png
Content-ID: <img-1@mhtml.blink>
Content-Transfer-Encoding: base64
Content-Location: https://quay.example/pile.png

iVBORw0K
GgoAAAAN

------MultipartBoundary--abc----
Content-Type: text/css
Content-Transfer-Encoding: quoted-printable
Content-Location: cid:css-1@mhtml.blink

@charset "utf-8";

------MultipartBoundary--abc------
`

const letter = `Delivered-To: bob@pier.example
Received: from mx.quay.example by pier.example; Mon, 2 Mar 2026 10:00:01 +0000
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=quay.example; s=k1;
	h=from:to:subject; bh=abc=; b=def=
From: =?iso-8859-1?Q?Ad=E1_Quay?= <ada@quay.example>
To: Bob <bob@pier.example>, board@board.example
Cc: press@quay.example
Subject: The piles of
 pier four
Date: Mon, 02 Mar 2026 11:00:00 +0100 (CET)
Message-ID: <1@quay.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: 8bit

Plain words, not shown.
--inner
Content-Type: multipart/related; boundary=rel

--rel
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Dear Bob,</p><p>caf=E9, see <a href=3D"https://quay.example/report">the report</a>.</p>
--rel
Content-Type: image/gif; name="logo.gif"
Content-ID: <logo@quay.example>
Content-Transfer-Encoding: base64

R0lGODlh
--rel--
--inner--
--outer
Content-Type: application/pdf; name="ignored.pdf"
Content-Disposition: attachment; filename*=utf-8''report%20%C3%BC.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--outer
Content-Type: message/rfc822

Subject: within

inner
--outer
Content-Type: text/plain; charset=us-ascii

-- 
This list is archived at https://lists.example/x
--outer--
`

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"a page saved by Chromium", crlf(chrome), `page true, from "https://quay.example/notes/hollow?x=1", of "2026-03-02T11:00:00+01:00", signed []
resource image/png https://quay.example/pile.png cid:img-1@mhtml.blink 12
resource text/css cid:css-1@mhtml.blink cid: 19
by "", published ""
# The board knew

The board was told twice that the piles are hollow – and did nothing, says the letter.

* * *
[the letter](https://quay.example/letter)
`},
		{"mail", crlf(letter), `page false, from "", of "2026-03-02T11:00:00+01:00", signed ["quay.example"]
resource image/gif  cid:logo@quay.example 6
attachment application/pdf "report ü.pdf" 8
attachment message/rfc822 "" 24
by "Adá Quay <ada@quay.example>", published "2026-03-02T11:00:00+01:00"
# The piles of pier four

From: Adá Quay <ada@quay.example>

To: Bob <bob@pier.example>, board@board.example

Cc: press@quay.example

Date: 2026-03-02 11:00:00 +0100

Dear Bob,

café, see the report.

--
This list is archived at https://lists.example/x

Attachments:

- report ü.pdf (application/pdf, 8 bytes, sha256:10c2ea18d0b3fd5e8c0e0da4b4f0e1a0)
- without a name (message/rfc822, 24 bytes, sha256:x)

* * *
[the report](https://quay.example/report)
[https://lists.example/x](https://lists.example/x)
`},
		{"an old page, saved by Internet Explorer", crlf(`From: "Saved by Windows Internet Explorer 8"
Subject: Old
Content-Type: multipart/related; type="text/html"; boundary="x"

This is a multi-part message in MIME format.
--x
Content-Type: text/html; charset="windows-1252"
Content-Transfer-Encoding: 8bit
Content-Location: http://quay.example/old

<html><body><p>An old page with a sentence that is long enough, caf` + "\xe9" + `.</p></body></html>
--x--
`), `page true, from "http://quay.example/old", of "", signed []
by "", published ""
# Old

An old page with a sentence that is long enough, café.
`},
		{"plain mail of a mailbox file, its lines broken", `From ada@quay.example Mon Mar  2 10:00:00 2026
From: ada@quay.example
Subject: Note
Date: nonsense

The board was told twice that the piles are hollow, and it did nothing at
all about it, see https://quay.example/letter for what was said.

Ada
`, `page false, from "", of "", signed []
by "ada@quay.example", published ""
# Note

From: ada@quay.example

The board was told twice that the piles are hollow, and it did nothing at all about it, see https://quay.example/letter for what was said.

Ada

* * *
[https://quay.example/letter](https://quay.example/letter)
`},
		{"no message", "<html><p>A page without a head.</p>", saved.ErrNoMessage.Error()},
		{"nothing", "", saved.ErrNoMessage.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			got := said(t, c.content)
			if c.name == "mail" { // digests are long
				want = digests().ReplaceAllString(want, "sha256:…")
				got = digests().ReplaceAllString(got, "sha256:…")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHostile: nothing in a message can take more than it may.
func TestHostile(t *testing.T) {
	deep := "Content-Type: multipart/mixed; boundary=b0\n\n"
	for i := range 500 {
		deep += fmt.Sprintf("--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
	}
	many := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 50_000)
	same := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: multipart/mixed; boundary=b\n\n", 20_000)
	heads := strings.Repeat("X: y\n", 300_000) + "\nbody"
	for name, content := range map[string]string{
		"deep": deep, "many parts": many, "parts within parts of one boundary": same, "a long head": heads,
		"a head without an end": "Subject: x\nX: " + strings.Repeat("x", 2<<20), "no boundary": "Content-Type: multipart/mixed\n\n--\n\nx\n",
		"bad codings": "Content-Transfer-Encoding: base64\nContent-Type: text/plain\n\n!!!!====", "escapes": "Subject: \x1b[2J\nFrom: \x00\n\n\x1b[31mred",
	} {
		m, err := saved.Read([]byte(content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := len(m.Texts) + len(m.Resources) + len(m.Attachments); n > 5000 {
			t.Errorf("%s: %d parts", name, n)
		}
		document, err := m.Document(t.Context(), "", taken)
		if err != nil && !errors.Is(err, extract.ErrNoText) {
			t.Errorf("%s: %v", name, err)
		}
		if document != nil && bytes.ContainsAny(document.Markdown(), "\x00\x1b") {
			t.Errorf("%s: control characters", name)
		}
	}
}

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		mediaType, content string
		want               saved.Claims
	}{
		{"text/html", "<!DOCTYPE html>\n<!-- saved from url=(0022)https://quay.example/a -->\n<html>", saved.Claims{URL: "https://quay.example/a"}},
		{"text/html", "<!-- saved from url=(0014)about:internet --><html>", saved.Claims{}},
		{"text/html", "<html><!--\n Page saved with SingleFile \n url: https://quay.example/a?b=c \n saved date: Mon Mar 02 2026 11:00:00 GMT+0100 (Central European Standard Time)\n--><head>", saved.Claims{URL: "https://quay.example/a?b=c", Date: "2026-03-02T11:00:00+01:00"}},
		{"text/html", "<!-- Saved from https://quay.example/a at 2026-03-02T10:00:00Z using monolith v2.8.3 -->", saved.Claims{URL: "https://quay.example/a", Date: "2026-03-02T10:00:00Z"}},
		{"text/html", "<!-- saved from url=(0022)javascript:alert(1) -->", saved.Claims{}},
		{"text/html", "<p>saved from url=(0022)https://quay.example/a</p>", saved.Claims{}},
		{"text/plain", "<!-- saved from url=(0022)https://quay.example/a -->", saved.Claims{}},
		{"message/rfc822", letter, saved.Claims{Date: "2026-03-02T11:00:00+01:00"}},
		{"multipart/related", chrome, saved.Claims{URL: "https://quay.example/notes/hollow?x=1", Date: "2026-03-02T11:00:00+01:00"}},
		{"multipart/related", "nothing", saved.Claims{}},
	} {
		if got := saved.ClaimsOf(c.mediaType, []byte(c.content)); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.content[:20], got, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(crlf(chrome)))
	f.Add([]byte(letter))
	f.Add([]byte("Subject: a\n\nb"))
	f.Fuzz(func(t *testing.T, content []byte) {
		saved.ClaimsOf("text/html", content)
		m, err := saved.Read(content)
		if err != nil {
			return
		}
		decoded := 0
		for _, parts := range [][]saved.Part{m.Texts, m.Resources, m.Attachments} {
			for i := range parts {
				decoded += len(parts[i].Content())
			}
		}
		if decoded > 2*len(content) {
			t.Fatalf("%d bytes of %d", decoded, len(content))
		}
		document, err := m.Document(t.Context(), "https://quay.example/", taken)
		if err != nil {
			if strings.Contains(err.Error(), "parser fault") {
				t.Fatal(err)
			}
			return
		}
		if text := document.Markdown(); bytes.ContainsAny(text, "\x00\x1b\r") {
			t.Fatalf("%q", text)
		}
	})
}
