package extract_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/walkback-dev/walkback/archive/extract"
)

var update = flag.Bool("update", false, "write what comes out into the fixtures")

// TestFixtures reads each testdata/*.txtar: a comment with lines "type: …" and
// "url: …", the file "page", and the files "text.md" and "about" that must
// come out.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := extract.Input{At: fetched}
			for line := range strings.Lines(string(ar.Comment)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				switch key {
				case "type":
					in.ContentType = value
				case "url":
					in.URL = value
				}
			}
			parts := make(map[string]string)
			for _, f := range ar.Files {
				parts[f.Name] = string(f.Data)
			}
			in.Payload = []byte(parts["page"])
			doc, err := extract.Read(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				ar.Files = []txtar.File{
					{Name: "page", Data: in.Payload},
					{Name: "text.md", Data: doc.Markdown()},
					{Name: "about", Data: []byte(about(doc))},
				}
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(parts["text.md"], string(doc.Markdown())); diff != "" {
				t.Errorf("text.md (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(parts["about"], about(doc)); diff != "" {
				t.Errorf("about (-want +got):\n%s", diff)
			}
		})
	}
}

func about(d *extract.Document) string {
	var b strings.Builder
	for _, f := range [][2]string{
		{"media type", d.MediaType},
		{"charset", d.Charset + " by " + d.CharsetSource},
		{"byline", d.Byline},
		{"published", d.Published},
		{"modified", d.Modified},
		{"canonical", d.Canonical},
		{"language", d.Language},
	} {
		if f[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", f[0], f[1])
		}
	}
	return b.String()
}

// page puts text into an article long enough to be one.
func page(head, text string) string {
	return "<!doctype html><html><head>" + head + "</head><body><article><h1>Title</h1><p>" + text + "</p></article></body></html>"
}

func TestCharsets(t *testing.T) {
	chinese := strings.Repeat("国务院总理今天在北京会见了来访的客人，双方就经济合作交换了意见。", 4)
	russian := strings.Repeat("Президент России сегодня подписал закон о порядке проведения выборов. ", 4)
	japan := strings.Repeat("首相は今日、東京で記者会見を開き、新しい経済対策について説明しました。", 4)
	french := strings.Repeat("L’été dernier, à Orléans, la mairie a décidé de fermer l’école. ", 4)
	for _, c := range []struct {
		name         string
		encoding     encoding.Encoding
		contentType  string
		meta         string
		text         string
		mark         string // put before the encoded page
		charset, who string
	}{
		{"GBK by HTTP", simplifiedchinese.GBK, "text/html; charset=GBK", "", chinese, "", "gbk", "http"},
		{"GBK by meta as gb2312", simplifiedchinese.GBK, "text/html", `<meta charset="gb2312">`, chinese, "", "gbk", "meta"},
		{"GB 18030 sniffed", simplifiedchinese.GB18030, "text/html", "", chinese, "", "gb18030", "sniff"},
		{"windows-1251 by pragma", charmap.Windows1251, "text/html", `<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">`, russian, "", "windows-1251", "meta"},
		{"windows-1251 sniffed", charmap.Windows1251, "text/html", "", russian, "", "windows-1251", "sniff"},
		{"KOI8-R sniffed", charmap.KOI8R, "text/html", "", russian, "", "koi8-r", "sniff"},
		{"Shift_JIS by HTTP", japanese.ShiftJIS, `text/html; charset="Shift_JIS"`, "", japan, "", "shift_jis", "http"},
		{"Shift_JIS sniffed", japanese.ShiftJIS, "text/html", "", japan, "", "shift_jis", "sniff"},
		{"EUC-JP by meta", japanese.EUCJP, "", `<meta charset=euc-jp>`, japan, "", "euc-jp", "meta"},
		{"windows-1252 sniffed", charmap.Windows1252, "text/html", "", french, "", "windows-1252", "sniff"},
		{"UTF-16LE by mark", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "text/html", "", russian, "\xff\xfe", "utf-16le", "bom"},
		{"UTF-16BE by mark", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "text/html", "", russian, "\xfe\xff", "utf-16be", "bom"},
		{"UTF-16LE without mark", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "text/html", "", french, "", "utf-16le", "sniff"},
		{"UTF-8 mark", unicode.UTF8, "text/html", "", french, "\xef\xbb\xbf", "utf-8", "bom"},
		{"mark wins over HTTP", unicode.UTF8, "text/html; charset=iso-8859-1", "", french, "\xef\xbb\xbf", "utf-8", "bom"},
		{"HTTP wins over meta", unicode.UTF8, "text/html; charset=utf-8", "<meta charset=windows-1252>", french, "", "utf-8", "http"},
		{"unknown label", unicode.UTF8, "text/html; charset=nonsense", "", french, "", "utf-8", "sniff"},
		{"UTF-8 sniffed", unicode.UTF8, "text/html", "", russian, "", "utf-8", "sniff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			encoded, err := c.encoding.NewEncoder().String(page(c.meta, c.text))
			if err != nil {
				encoded, err = encoding.ReplaceUnsupported(c.encoding.NewEncoder()).String(page(c.meta, c.text))
			}
			if err != nil {
				t.Fatal(err)
			}
			doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(c.mark + encoded), ContentType: c.contentType, At: fetched})
			if err != nil {
				t.Fatal(err)
			}
			if doc.Charset != c.charset || doc.CharsetSource != c.who {
				t.Errorf("charset %s by %s, want %s by %s", doc.Charset, doc.CharsetSource, c.charset, c.who)
			}
			if got, want := doc.Text(), strings.TrimSpace(c.text); got != want {
				t.Errorf("text %q, want %q", got, want)
			}
		})
	}
}

func TestNoText(t *testing.T) {
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(i * 7)
	}
	for _, c := range []struct {
		name, contentType string
		payload           []byte
	}{
		{"empty", "text/html", nil},
		{"blank", "text/plain", []byte(" \n\t ")},
		{"PDF", "application/pdf", []byte("%PDF-1.4\n1 0 obj")},
		{"PDF that claims to be text", "text/html", []byte("%PDF-1.4\n1 0 obj")},
		{"PNG", "", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
		{"declared image", "image/webp", []byte("hello")},
		{"binary that claims to be text", "text/plain; charset=utf-8", noise},
		{"binary without a type", "", noise},
		{"page without words", "text/html", []byte("<!doctype html><html><body><img src=a></body></html>")},
		{"script only", "text/html", []byte("<!doctype html><script>var a = 'long text here'</script>")},
	} {
		doc, err := extract.Read(t.Context(), extract.Input{Payload: c.payload, ContentType: c.contentType})
		if !errors.Is(err, extract.ErrNoText) {
			t.Errorf("%s: error %v, want ErrNoText; %+v", c.name, err, doc)
		}
	}
}

func TestReadHonoursContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := extract.Read(ctx, extract.Input{Payload: []byte("text"), ContentType: "text/plain"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// TestHugeAndDeepPages checks that pages beyond the limits of the tree
// still give their text.
func TestHugeAndDeepPages(t *testing.T) {
	sentence := "A sentence stands here and goes on for a while. "
	for _, c := range []struct{ name, page string }{
		{"deep", "<title>Deep</title>" + strings.Repeat("<div>", 2000) + "<p>" + sentence},
		{"large", "<title>Large</title>" + strings.Repeat("<p>"+sentence, 160_000)},
		{"many elements", "<title>Many</title><article>" + strings.Repeat("<p><i>x</i> "+sentence, 25_000)},
		{"long paragraphs", "<title>Long</title><article>" + strings.Repeat("<p>"+strings.Repeat(sentence, 20), 5000)},
		{"line breaks", "<title>Breaks</title>" + strings.Repeat(sentence+"<br><br><br>", 20_000)},
		{"nested tables", "<title>Tables</title>" + strings.Repeat("<table><tr><td>", 300) + sentence},
	} {
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(c.page), ContentType: "text/html", At: fetched})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !strings.Contains(string(doc.Markdown()), strings.TrimSpace(sentence)+"\n") || doc.Title == "" {
			t.Errorf("%s: title %q, %d blocks", c.name, doc.Title, len(doc.Blocks))
		}
	}
}

// TestTooLong checks that no more is read, or unpacked, than the limit.
func TestTooLong(t *testing.T) {
	longest := []byte(strings.Repeat("Twelve bytes", extract.MaxText/12+1))[:extract.MaxText]
	for _, coding := range []string{"", "gzip", "br", "zstd"} {
		for _, payload := range [][]byte{longest, append(slices.Clone(longest), '.')} {
			in := extract.Input{Payload: payload, ContentType: "text/plain", ContentEncoding: coding}
			if coding != "" {
				// The ratio has a limit of its own.
				random := rand.New(rand.NewPCG(1, 2))
				for i := range len(payload) / 8 {
					payload[i*8] = byte('a' + random.IntN(26))
				}
				in.Payload = encode(t, coding, payload)
			}
			_, err := extract.Read(t.Context(), in)
			var limit *extract.LimitError
			if over := len(payload) > extract.MaxText; errors.As(err, &limit) != over || err != nil != over {
				t.Errorf("%d bytes, coded as %q: %v", len(payload), coding, err)
			}
		}
	}
}

// TestDeterministic reads pages twenty times, and from eight goroutines.
func TestDeterministic(t *testing.T) {
	var pages [][]byte
	files, _ := filepath.Glob(filepath.Join(articlesDir, "html", "0*.gz"))
	for _, f := range files[:min(len(files), 3)] {
		pages = append(pages, gunzip(t, f))
	}
	files, _ = filepath.Glob("testdata/*.txtar")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, b)
	}
	for i, payload := range pages {
		read := func() string {
			doc, err := extract.Read(t.Context(), extract.Input{Payload: payload, ContentType: "text/html", URL: "https://example.org/", At: fetched})
			if err != nil {
				return err.Error()
			}
			return about(doc) + string(doc.Markdown())
		}
		want := read()
		for range 20 {
			if got := read(); got != want {
				t.Fatalf("page %d read differently again:\n%s", i, cmp.Diff(want, got))
			}
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if got := read(); got != want {
					t.Errorf("page %d read differently in parallel", i)
				}
			})
		}
		wg.Wait()
	}
}

func compress(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadRemovesContentCoding(t *testing.T) {
	doc, err := extract.Read(t.Context(), extract.Input{
		Payload: compress(t, []byte("First.\n\nSecond.\n")), ContentType: "text/plain", ContentEncoding: "gzip",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(doc.Markdown()), "First.\n\nSecond.\n"; got != want {
		t.Errorf("text.md %q, want %q", got, want)
	}
}
