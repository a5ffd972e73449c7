package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi/tree"
)

// A place is a value of the document, or a member that it lacks. What it is called and where it stands in the text is found out
// only for what is reported.
type place struct {
	at      tree.Value
	missing string
}

// in is the place of a value that is there.
func in(v tree.Value) place { return place{at: v} }

// lacks is the place of a member that is not there.
func lacks(v tree.Value, name string) place { return place{at: v, missing: name} }

func (p place) pointer() string {
	if p.missing == "" {
		return p.at.Pointer()
	}
	return p.at.Pointer() + "/" + tree.Escape(p.missing)
}

// A finding is what a rule found at a place.
type finding struct {
	rule    rule
	place   place
	message string
}

// How often a rule is reported: a document may do the same thing wrong ten thousand times, and warnings are stored with the model.
const (
	mostWarnings = 100
	mostNotes    = 1000 // if notes are wanted, so is everything
)

// findings are what was found so far. The same at the same place, which several references may lead to, counts once.
type findings struct {
	notes  bool // are kept
	all    []finding
	seen   map[finding]bool
	count  [len(ruleTable)]int
	direct []fault.Problem // that have their places already
}

func (f *findings) report(r rule, p place, format string, args ...any) {
	if !f.notes && ruleTable[r].Severity == fault.Note {
		return
	}
	one := finding{r, p, fmt.Sprintf(format, args...)}
	if f.seen[one] {
		return
	}
	if f.seen == nil {
		f.seen = map[finding]bool{}
	}
	f.seen[one] = true
	if f.count[r]++; f.count[r] <= f.most() {
		f.all = append(f.all, one)
	}
}

func (f *findings) most() int {
	if f.notes {
		return mostNotes
	}
	return mostWarnings
}

// failed reports whether something was found that leaves nothing to use.
func (f *findings) failed() bool {
	return slices.ContainsFunc(f.all, func(one finding) bool { return ruleTable[one.rule].Severity == fault.Severe })
}

// problems are the findings with their places: the worst first, then in the order of the text.
func (f *findings) problems(parts []part) []fault.Problem {
	slices.SortStableFunc(f.all, func(a, b finding) int { return cmp.Compare(a.place.at.Node(), b.place.at.Node()) })
	problems := slices.Clone(f.direct)
	locate := locator(parts)
	for _, one := range f.all {
		r := ruleTable[one.rule]
		p := fault.Problem{Pointer: one.place.pointer(), Message: one.message, Severity: r.Severity, Rule: r.ID}
		locate(one.place.at, &p)
		problems = append(problems, p)
	}
	for r, n := range f.count {
		if more := n - f.most(); more > 0 {
			problems = append(problems, fault.Problem{Message: fmt.Sprintf("and %d more of these", more), Severity: ruleTable[r].Severity, Rule: ruleTable[r].ID})
		}
	}
	slices.SortStableFunc(problems, func(a, b fault.Problem) int {
		return cmp.Compare(slices.Index(fault.Severities(), a.Severity), slices.Index(fault.Severities(), b.Severity))
	})
	return problems
}

// locator returns a function that says where values are, which has to be asked in the order of the document.
func locator(parts []part) func(tree.Value, *fault.Problem) {
	lines := map[*file]*tree.Lines{}
	return func(v tree.Value, p *fault.Problem) {
		i := max(0, countFunc(parts, func(one part) bool { return one.first <= v.Node() })-1)
		in, node := parts[i].file, v.Node()-parts[i].first
		p.File, p.Pointer = in.name, strings.TrimPrefix(p.Pointer, parts[i].prefix)
		if in.marks != nil {
			p.Line, p.Column = int(in.marks[node].line), int(in.marks[node].column)
			return
		}
		if lines[in] == nil {
			lines[in] = tree.NewLines(in.text)
		}
		at := lines[in].Position(in.tree.Offset(node))
		p.Line, p.Column = at.Line, at.Column
	}
}

// countFunc counts the elements at the beginning for which f is true.
func countFunc(parts []part, f func(part) bool) int {
	n := slices.IndexFunc(parts, func(one part) bool { return !f(one) })
	if n < 0 {
		return len(parts)
	}
	return n
}

func unusable(problems []fault.Problem) error {
	err := fault.New(fault.Invalid, "the document can't be used: %s", problems[0].Message)
	if problems[0].Pointer != "" {
		err.Message = fmt.Sprintf("the document can't be used: %s: %s", problems[0].Pointer, problems[0].Message)
	}
	severe := 0
	for _, p := range problems {
		if p.Severity == fault.Severe {
			severe++
		}
	}
	if more := severe - 1; more > 0 {
		err.Message += fmt.Sprintf(" (and %d more)", more)
	}
	err.Problems = problems
	return err.WithHint("correct the document at the places named, and import it again")
}
