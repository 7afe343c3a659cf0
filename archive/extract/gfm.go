package extract

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdownParser returns a parser of CommonMark with the tables, the
// strikethrough and the task lists of GitHub's Markdown.
//
// Those are our own: the parser's extensions come in one package with one that
// compiles regular expressions of half a megabyte whenever the program starts.
func newMarkdownParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(),
			util.Prioritized(taskParser{}, 0), // before links, which begin with a bracket too
			util.Prioritized(strikeParser{}, 500))...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
			util.Prioritized(tableReader{}, 200))...),
	)
}

// tableKind is the kind of all tablePart nodes.
var tableKind = ast.NewNodeKind("TablePart")

// tablePart is a table, a row or a cell.
type tablePart struct {
	ast.BaseBlock
	element string // of HTML: table, tr, td
}

func (n *tablePart) Kind() ast.NodeKind { return tableKind }

func (n *tablePart) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// tableReader makes tables of paragraphs in which a delimiter row follows a row
// of as many cells (GFM §4.10).
type tableReader struct{}

func (tableReader) Transform(node *ast.Paragraph, reader gmtext.Reader, _ parser.Context) {
	lines, source := node.Lines(), reader.Source()
	for i := 1; i < lines.Len(); i++ {
		delimiter := lines.At(i)
		columns := delimitedColumns(delimiter.Value(source))
		if columns == 0 {
			continue
		}
		header := tableRow(lines.At(i-1), columns+1, source)
		if header.ChildCount() != columns {
			return
		}
		table := &tablePart{element: "table"}
		table.AppendChild(table, header)
		for j := i + 1; j < lines.Len(); j++ {
			table.AppendChild(table, tableRow(lines.At(j), columns, source))
		}
		node.Parent().InsertAfter(node.Parent(), node, table)
		if lines.SetSliced(0, i-1); lines.Len() == 0 {
			node.Parent().RemoveChild(node.Parent(), node)
			return
		}
		last := lines.At(i - 2)
		last.Stop-- // its line feed
		lines.Set(i-2, last)
		return
	}
}

// delimitedColumns returns the columns of a delimiter row, or 0 when the line is
// none.
func delimitedColumns(line []byte) int {
	if indent, _ := util.IndentWidth(line, 0); indent > 3 {
		return 0
	}
	columns := bytes.Split(line, []byte{'|'})
	if util.IsBlank(columns[0]) {
		columns = columns[1:]
	}
	if len(columns) > 0 && util.IsBlank(columns[len(columns)-1]) {
		columns = columns[:len(columns)-1]
	}
	for _, column := range columns {
		dashes := bytes.TrimSuffix(bytes.TrimPrefix(bytes.Trim(column, " \t\r\n"), []byte{':'}), []byte{':'})
		if len(dashes) == 0 || len(bytes.Trim(dashes, "-")) > 0 {
			return 0
		}
	}
	return len(columns)
}

// tableRow cuts a line at the pipes that no backslash precedes. Cells beyond
// the limit are left out.
func tableRow(segment gmtext.Segment, limit int, source []byte) *tablePart {
	row := &tablePart{element: "tr"}
	segment = segment.TrimLeftSpace(source)
	segment = segment.TrimRightSpace(source)
	line := segment.Value(source)
	at, end := 0, len(line)
	if end > 0 && line[0] == '|' {
		at++
	}
	if end > 0 && line[end-1] == '|' {
		end--
	}
	for n := 0; at < end && n < limit; n++ {
		stop := at
		for stop < end && (line[stop] != '|' || stop > 0 && line[stop-1] == '\\') {
			stop++
		}
		text := gmtext.NewSegment(segment.Start+at, segment.Start+stop)
		text = text.TrimLeftSpace(source)
		cell := &tablePart{element: "td"}
		cell.Lines().Append(text.TrimRightSpace(source))
		row.AppendChild(row, cell)
		at = stop + 1
	}
	return row
}

// strikeParser reads ~one~ or ~~two~~ tildes around words (GFM §6.5).
type strikeParser struct{}

func (strikeParser) Trigger() []byte { return []byte{'~'} }

func (strikeParser) Parse(_ ast.Node, block gmtext.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	run := parser.ScanDelimiter(line, before, 1, strikeDelimiters{})
	if run == nil || run.OriginalLength > 2 || before == '~' {
		return nil
	}
	run.Segment = segment.WithStop(segment.Start + run.OriginalLength)
	block.Advance(run.OriginalLength)
	pc.PushDelimiter(run)
	return run
}

// strikeDelimiters pairs the tildes. What stands between them is kept as any
// emphasis is: a post may say what it takes back.
type strikeDelimiters struct{}

func (strikeDelimiters) IsDelimiter(b byte) bool { return b == '~' }

func (strikeDelimiters) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}

func (strikeDelimiters) OnMatch(int) ast.Node { return ast.NewEmphasis(1) }

// taskParser leaves out the box at the start of a list item (GFM §5.3).
type taskParser struct{}

func (taskParser) Trigger() []byte { return []byte{'['} }

func (taskParser) Parse(parent ast.Node, block gmtext.Reader, _ parser.Context) ast.Node {
	item := parent.Parent()
	if item == nil || item.Kind() != ast.KindListItem || item.FirstChild() != parent || parent.HasChildren() {
		return nil
	}
	line, _ := block.PeekLine()
	if len(line) < 3 || line[2] != ']' || !bytes.ContainsRune([]byte(" \t\r\n\fxX"), rune(line[1])) {
		return nil
	}
	rest := bytes.TrimLeft(line[3:], " \t\r\n\f")
	block.Advance(len(line) - len(rest))
	return ast.NewString(nil)
}
