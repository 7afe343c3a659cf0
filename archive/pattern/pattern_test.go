package pattern_test

import (
	"sync"
	"testing"

	"github.com/walkback-dev/walkback/archive/pattern"
)

func TestPattern(t *testing.T) {
	p := pattern.New(`a(b+)`)
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			if !p().MatchString("xabb") || p().MatchString("xa") {
				t.Error("it matches what it should not")
			}
		})
	}
	users.Wait()
	if got := p().FindString("xabbab"); got != "abb" {
		t.Errorf("found %q", got)
	}
	if got := p().ReplaceAllString("xabbab", "[$1]"); got != "x[bb][b]" {
		t.Errorf("replaced to %q", got)
	}
}

func TestWrongPattern(t *testing.T) {
	p := pattern.New(`a(`)
	defer func() {
		if recover() == nil {
			t.Error("a wrong pattern is used")
		}
	}()
	p().MatchString("a")
}
