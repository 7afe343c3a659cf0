package pdf_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/pdf"
)

// What is compiled for these tests stays out of the user's cache.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "walkback-pdf-test-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", folder)
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// written writes a PDF by hand: objects, a cross-reference table, a trailer.
func written(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	places := make([]int, len(objects))
	for i, object := range objects {
		places[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range places {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return b.Bytes()
}

func stream(dict, content string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(content), content)
}

// document writes a PDF whose pages have these content streams.
func document(info string, contents ...string) []byte {
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "", info,
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var kids []string
	for _, content := range contents {
		n := len(objects) + 1
		kids = append(kids, fmt.Sprintf("%d 0 R", n))
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F 4 0 R >> >> >>", n+1),
			stream("", content))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids))
	return written("/Info 3 0 R", objects...)
}

// at draws a line of text.
func at(size, x, y int, text string) string {
	text = strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`).Replace(text)
	return fmt.Sprintf("BT /F %d Tf %d %d Td (%s) Tj ET\n", size, x, y, text)
}

// lines draws lines one below the other.
func lines(y int, texts ...string) string {
	var b strings.Builder
	for i, text := range texts {
		b.WriteString(at(11, 72, y-14*i, text))
	}
	return b.String()
}

func report() []byte {
	head := func(page int) string {
		return at(8, 72, 810, "Harbour Board") + at(8, 290, 30, fmt.Sprintf("Page %d of 4", page))
	}
	filler := lines(700, "The cranes were moved back to their places before noon and ships were loaded again in",
		"the afternoon, as the log of the harbour master shows for each of the days in question.")
	return document("<< /Title (Report on the storm) /Author (Ana Brand\\343o) /CreationDate (D:20240305101500+01'00') /ModDate (D:20240306090000Z) >>",
		head(1)+at(20, 72, 760, "Report on the storm")+lines(720,
			"The board inspected all four piers on the morning after the storm and found no dam-",
			"age to any of them. A well-known engineer had warned of the piles, and this well-",
			"known warning was not heard.")+
			lines(660, "The second paragraph ends on the next page, since the page is full and the sentence")+
			lines(646, "is long, which is why it goes on"),
		head(2)+lines(760, "over there and ends here.")+at(14, 72, 730, "Costs")+
			lines(708, "The repair costs twelve million.")+
			lines(680, "\x95 the first pier")+lines(666, "\x95 the second pier"),
		head(3)+filler, head(4)+strings.ReplaceAll(filler, "cranes", "trucks"))
}

func read(t *testing.T, payload []byte) (*extract.Document, error) {
	t.Helper()
	printed, err := pdf.Read(t.Context(), payload)
	if err != nil {
		return nil, err
	}
	return extract.ReadPrinted(t.Context(), printed, extract.Input{})
}

func TestRead(t *testing.T) {
	const want = `# Report on the storm

The board inspected all four piers on the morning after the storm and found no damage to any of them.
A well-known engineer had warned of the piles, and this well-known warning was not heard.

The second paragraph ends on the next page, since the page is full and the sentence is long, which is why it goes on over there and ends here.

## Costs

The repair costs twelve million.

- the first pier
- the second pier

The cranes were moved back to their places before noon and ships were loaded again in the afternoon, as the log of the harbour master shows for each of the days in question.

The trucks were moved back to their places before noon and ships were loaded again in the afternoon, as the log of the harbour master shows for each of the days in question.
`
	doc, err := read(t, report())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(doc.Markdown())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	got := []string{doc.Title, doc.Byline, doc.Published, doc.Modified, doc.Extractor()}
	if want := []string{"Report on the storm", "Ana Brandão", "2024-03-05T10:15:00+01:00", "2024-03-06T09:00:00Z", extract.PrintedName}; !cmp.Equal(want, got) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(doc.Outside) == 0 || doc.Outside[0].Text != "Harbour Board" {
		t.Errorf("outside of the text stands %v", doc.Outside)
	}
	again, err := read(t, report())
	if err != nil || !cmp.Equal(doc, again) {
		t.Errorf("read again it is another document: %v", err)
	}
}

// Positions in text.md are those of the blocks' words.
func TestTextPlaces(t *testing.T) {
	doc, err := read(t, report())
	if err != nil {
		t.Fatal(err)
	}
	text := []rune(string(doc.Markdown()))
	for i, b := range doc.Blocks {
		start := strings.Index(b.Text, "engineer had warned")
		if start < 0 {
			continue
		}
		from, to, ok := doc.TextPlaces().Of(i, start, start+len("engineer had warned"))
		if !ok || string(text[from:to]) != "engineer had warned" {
			t.Errorf("text.md has %q there, %v", string(text[from:to]), ok)
		}
		if b.Start != 0 || b.End != 0 {
			t.Errorf("the block has the bytes %d to %d", b.Start, b.End)
		}
		return
	}
	t.Error("the words are not there")
}

func flate(content string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	return b.String()
}

// Hostile documents end in an error, in bounded time.
func TestHostile(t *testing.T) {
	page := func(objects ...string) []byte {
		return written("", append([]string{
			"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
			"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << /X 5 0 R >> >> >>",
		}, objects...)...)
	}
	const text = "BT /F 11 Tf 72 700 Td (still here) Tj ET\n"
	for name, test := range map[string]struct {
		payload []byte
		want    error // nil: it is read
	}{
		"not a PDF":      {[]byte("%PDF-1.4\nno, it is not"), pdf.ErrDamaged},
		"empty":          {nil, pdf.ErrDamaged},
		"picture":        {page(stream("", "1 0 0 1 0 0 cm")), pdf.ErrPictures},
		"no pages":       {written("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"), pdf.ErrPictures},
		"page loop":      {written("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"), pdf.ErrPictures},
		"many pages":     {written("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 2000000000 >>"), errAny},
		"form loop":      {page(stream("", text+"/X Do"), stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>", "/X Do /X Do")), pdf.ErrTooComplex},
		"length lies":    {bytes.Replace(page(stream("", text)), []byte("/Length"), []byte("/Length 99999999 /L"), 1), nil},
		"nested":         {page(stream("", strings.Repeat("[", 200_000))), pdf.ErrPictures},
		"encrypted":      {written("/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <"+strings.Repeat("ab", 32)+"> /U <"+strings.Repeat("cd", 32)+"> >>", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"), pdf.ErrEncrypted},
		"zip bomb":       {page(stream("/Filter [/FlateDecode /FlateDecode]", flate(flate(strings.Repeat("\x00", 600<<20))))), pdf.ErrTooComplex},
		"much text":      {page(stream("/Filter /FlateDecode", flate(strings.Repeat(text, 300_000)))), errAny},
		"cut short":      {report()[:len(report())*2/3], errAny},
		"no cross table": {bytes.ReplaceAll(page(stream("", text)), []byte("startxref"), []byte("startnone")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			doc, err := read(t, test.payload)
			t.Logf("%v: %v", time.Since(start), err)
			switch {
			case test.want == errAny: // whatever it is, it ends
			case test.want == nil && (err != nil || !strings.Contains(doc.Text(), "still here")):
				t.Errorf("got %v", err)
			case test.want != nil && !errors.Is(err, test.want):
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, err := read(t, report()); err != nil {
		t.Errorf("after all that a good one is not read: %v", err)
	}
}

var errAny = errors.New("any")

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pdf.Read(ctx, report()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The words are those that another program finds.
func TestAgainstPdftotext(t *testing.T) {
	other := outside(t, "pdftotext")
	compare := func(name string, payload []byte) {
		file := filepath.Join(t.TempDir(), "a.pdf")
		if err := os.WriteFile(file, payload, 0o644); err != nil {
			t.Fatal(err)
		}
		found, err := exec.Command(other, "-enc", "UTF-8", file, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		printed, err := pdf.Read(t.Context(), payload)
		if err != nil {
			t.Fatal(err)
		}
		var ours strings.Builder
		for _, page := range printed.Pages {
			for _, line := range page.Lines {
				ours.WriteString(line.Text + "\n")
			}
		}
		if diff := cmp.Diff(strings.Fields(strings.ReplaceAll(string(found), "\u00ad", "-")), strings.Fields(ours.String())); diff != "" {
			t.Errorf("%s: -pdftotext +ours\n%s", name, diff)
		}
	}
	compare("by hand", document("<< >>", at(20, 72, 760, "A report")+lines(720, "The board inspected all four piers (and \\ both", "cranes) on the morning after."), lines(760, "On another page.")))
	browser := outside(t, "chromium")
	folder := t.TempDir()
	page := filepath.Join(folder, "page.html")
	const body = `<title>Vom Hafen</title><style>body{width:16em;hyphens:manual}</style><h1>Vom Hafen — déjà vu</h1>
<p>„Zwölf der vierzig Pfähle waren hohl“, sagte die Ingenieurin; sie hatte drei Briefe geschrieben.</p><h2>Zweitens</h2>
<p>Der Vorstand fand die Schäden nicht, obwohl jeder sie vom Kai aus sehen konnte. 第一段落です。</p><ul><li>eins<li>zwei</ul>`
	if err := os.WriteFile(page, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "page.pdf")
	command := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(folder, "profile"),
		"--no-pdf-header-footer", "--print-to-pdf="+file, "file://"+page)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	compare("by a browser", printed)
	doc, err := read(t, printed)
	if err != nil || doc.Title != "Vom Hafen" {
		t.Errorf("title %q, %v", doc.Title, err)
	}
}

// outside returns the place of a program. Where all must be tested, its absence is
// an error.
func outside(t *testing.T, program string) string {
	t.Helper()
	found, err := exec.LookPath(program)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skipf("%s is not here", program)
	}
	return found
}

// Whoever takes another version of the library changes the extractor's name: its
// lines may be others.
func TestNameFollowsTheLibrary(t *testing.T) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Skip("the test does not know what it was built from")
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/klippa-app/go-pdfium" && (module.Version != "v1.20.0" || !strings.HasSuffix(extract.PrintedName, " pdf/1")) {
			t.Errorf("%s %s with the extractor %q", module.Path, module.Version, extract.PrintedName)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(report())
	f.Add(document("<< >>", at(11, 72, 700, "a line")))
	f.Fuzz(func(t *testing.T, payload []byte) {
		printed, err := pdf.Read(t.Context(), payload)
		if err != nil {
			return
		}
		_, _ = extract.ReadPrinted(t.Context(), printed, extract.Input{})
	})
}
