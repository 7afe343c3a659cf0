package textdiff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProject(t *testing.T) {
	for _, c := range []struct{ name, before, after, passage, want string }{
		{"untouched", "One two three.|End.", "New.|One two three.|End.", "two three", "kept 1:two three"},
		{"context changed", "He said we do not know on Monday.", "He said we do not know on Friday.", "we do not know", "kept around 0:we do not know"},
		{"a word altered", "He said we do not know on Monday.", "He said we do now know on Monday.", "we do not know", "altered 0:we do now know we do [-not-]{+now+} know"},
		{"words put in", "He said we do know.", "He said we really do know.", "we do know", "altered 0:we really do know we {+really +}do know"},
		{"words put in front", "He said we know.", "He said that we know.", "we know", "kept around 0:we know"},
		{"marks", "He said 'we know'.|A", "He said ‘we know’.|A", "'we know'", "kept 0:‘we know’"},
		{"block moved", "The first one.|The second one.|The third one.", "The third one.|The first one.|The second one.", "third", "kept moved 0:third"},
		{
			"sentence moved", "We do not know yet who it was. Police are looking into it now.|Other news of the day follow here.",
			"Police are looking into it now.|Other news of the day follow here. We do not know yet who it was.", "We do not know yet who it was.",
			"kept moved around 1:We do not know yet who it was.",
		},
		{"block gone", "One two three.|Four five six.", "One two three.", "five", "gone"},
		{"words gone", "We stay, said the man on the left, and go.", "We stay and go.", "said the man on the left", "gone"},
		{"other words instead", "It is a big red dog.", "It is a small blue cat.", "big red dog", "gone 0:small blue cat [-big red dog-]{+small blue cat+}"},
		{
			"split", "First sentence is here. Second one stands there.|End.", "First sentence is here.|Second one stands there.|End.", "is here. Second one",
			"kept 0:is here. 1:Second one",
		},
		{"elsewhere all along", "We know.|Stop it now please.|We know.", "We know.", "We know.", "kept 0:We know."},
		{"not in the text", "One.", "One.", "", "gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after := blocksOf(c.before), blocksOf(c.after)
			var at Place
			for i := len(before) - 1; i >= 0; i-- {
				if k := strings.Index(before[i], c.passage); k >= 0 {
					at = Place{i, Span{k, k + len(c.passage)}}
				}
			}
			p := Blocks(before, after).Project(at)
			var got strings.Builder
			got.WriteString(p.Fate.String())
			if p.Moved {
				got.WriteString(" moved")
			}
			if p.Around {
				got.WriteString(" around")
			}
			for _, place := range p.Places {
				fmt.Fprintf(&got, " %d:%s", place.Block, after[place.Block][place.Start:place.End])
			}
			if p.Segments != nil {
				got.WriteString(" " + show(p.Segments))
			}
			if diff := cmp.Diff(c.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	d := Blocks([]string{"a"}, []string{"a"})
	for _, at := range []Place{{-1, Span{0, 1}}, {1, Span{0, 1}}, {0, Span{1, 0}}} {
		if p := d.Project(at); p.Fate != Gone || p.Places != nil {
			t.Errorf("Project(%v) = %+v, want gone", at, p)
		}
	}
}
