package change

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

func TestPassages(t *testing.T) {
	for name, test := range map[string]struct {
		before, after string
		want          []schemas.Passage
	}{
		"one number": {
			"# Fire\n\nThe mayor said that 12 people are dead after the fire.\n",
			"# Fire\n\nThe mayor said that 17 people are dead after the fire.\n",
			[]schemas.Passage{{Line: 3, Before: "mayor said that 12 people are dead", After: "mayor said that 17 people are dead"}},
		},
		"two places on one line": {
			"One was red and a good many of the others were quite green then.\n",
			"One was blue and a good many of the others were quite yellow then.\n",
			[]schemas.Passage{
				{Line: 1, Before: "One was red and a good", After: "One was blue and a good"},
				{Line: 1, Before: "others were quite green then.", After: "others were quite yellow then."},
			},
		},
		"close together": {
			"The red and old house stood.\n", "The blue and new house stood.\n",
			[]schemas.Passage{{Line: 1, Before: "The red and old house stood.", After: "The blue and new house stood."}},
		},
		"sentence added": {
			"First.\nThird.\n", "First.\nSecond one.\nThird.\n",
			[]schemas.Passage{{Line: 2, After: "Second one."}},
		},
		"sentence removed": {
			"First.\nSecond one.\nThird.\n", "First.\nThird.\n",
			[]schemas.Passage{{Line: 2, Before: "Second one."}},
		},
		"nothing": {"Same.\n", "Same.\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := passages(textdiff.Compare(test.before, test.after))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("passages (-want +got):\n%s", diff)
			}
		})
	}
}
