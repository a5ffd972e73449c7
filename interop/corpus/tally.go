package corpus

import "fmt"

// A Finding is something that a person should look at.
type Finding struct{ Document, Operation, Text string }

func (f Finding) String() string {
	if f.Operation == "" {
		return fmt.Sprintf("%s: %s", f.Document, f.Text)
	}
	return fmt.Sprintf("%s %s: %s", f.Document, f.Operation, f.Text)
}

// A Tally is what came of documents.
type Tally struct {
	Documents  int
	Imported   int
	Operations int
	Shown      int
	Built      int            // operations of which every request was built
	Requests   int            // built
	Styles     map[string]int // arguments, by how they are written
	Bodies     map[string]int // bodies, by kind of media type
	Refused    []Finding      // documents, operations and arguments that Carnet does not take
	Mismatches []Finding      // requests that are not what the document says
	Unmade     []Finding      // of which no value could be made
}

// Add adds what came of another document.
func (t *Tally) Add(o *Tally) {
	t.Documents += o.Documents
	t.Imported += o.Imported
	t.Operations += o.Operations
	t.Shown += o.Shown
	t.Built += o.Built
	t.Requests += o.Requests
	for name, n := range o.Styles {
		count(&t.Styles, name, n)
	}
	for name, n := range o.Bodies {
		count(&t.Bodies, name, n)
	}
	t.Refused = append(t.Refused, o.Refused...)
	t.Mismatches = append(t.Mismatches, o.Mismatches...)
	t.Unmade = append(t.Unmade, o.Unmade...)
}

func count(m *map[string]int, name string, n int) {
	if *m == nil {
		*m = map[string]int{}
	}
	(*m)[name] += n
}
