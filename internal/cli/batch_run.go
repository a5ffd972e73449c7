package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// A batchRun runs the lines of a list. However long the list is, it holds some lines and results and no more: in order, a line begins
// only if those before it, but for a few, are printed.
type batchRun struct {
	*program
	batch
	list *list
	form *form
	bar  *bar
	call func(context.Context, api.Task) (api.Result, error)

	halt func(error) // lets no line begin any more, and says why
}

const (
	// ahead is how many lines per job may be done before one that is not.
	ahead = 4
	// mercy is how long lines under way may take after an interruption.
	mercy = 10 * time.Second
)

// Why no more lines begin before the list has ended.
var (
	errFailed  = errors.New("a line failed")
	errRefused = errors.New("the API is busy")
)

// do runs all lines and prints their results.
func (r *batchRun) do(ctx context.Context) error {
	going, halt := context.WithCancelCause(ctx)
	defer halt(nil)
	r.halt = func(err error) { halt(err) }
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() {
		r.bar.note("interrupted, waits for the lines under way")
		time.AfterFunc(mercy, cut)
	})()
	defer r.bar.stop()
	entries, err := r.read(going)
	if err != nil {
		return err
	}
	return r.print(going, r.begin(going, working, entries))
}

// An entry is a line of the list that was read.
type entry struct {
	listLine
	members []member
	err     error // it is not right
}

// read reads the list ahead, by one line. The names of the first one are checked before anything is sent: where they are wrong,
// they are wrong in all.
func (r *batchRun) read(going context.Context) (<-chan entry, error) {
	entries := make(chan entry)
	first := make(chan error, 1)
	go func() { // a read of a terminal or a pipe does not end when the context does
		defer close(entries)
		for told := false; ; told = true {
			l, err := r.list.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					r.halt(unreadable(r.list.name, err))
				}
				if !told {
					first <- nil
				}
				return
			}
			e := entry{listLine: l}
			if e.members, e.err = r.list.members(l); e.err == nil {
				e.err = r.form.names(e.members)
				if !told && e.err != nil {
					first <- fault.Wrap(fault.Invalid, e.err, "line %d", l.number)
					return
				}
			}
			if !told {
				first <- nil
			}
			select {
			case entries <- e:
			case <-going.Done():
				return
			}
		}
	}()
	select {
	case err := <-first:
		return entries, err
	case <-going.Done():
		return entries, context.Cause(going)
	}
}

// begin begins one line after another, and gives their results: each in its turn, or when it is there.
func (r *batchRun) begin(going, working context.Context, entries <-chan entry) <-chan chan record {
	turns := make(chan chan record, ahead*r.jobs)
	jobs := make(chan struct{}, r.jobs)
	go func() {
		var work sync.WaitGroup
		defer close(turns)
		defer work.Wait()
		for {
			select {
			case jobs <- struct{}{}:
			case <-going.Done():
				return
			}
			var e entry
			var more bool
			select {
			case e, more = <-entries:
			case <-going.Done():
			}
			if !more || going.Err() != nil {
				return
			}
			result := make(chan record, 1)
			if !r.unordered {
				select {
				case turns <- result:
				case <-going.Done():
					return
				}
			}
			work.Go(func() {
				result <- r.one(working, e)
				if r.unordered {
					turns <- result
				}
				<-jobs
			})
		}
	}()
	return turns
}

// one runs a line.
func (r *batchRun) one(ctx context.Context, e entry) record {
	if e.err != nil {
		return r.ended(r.record(e.listLine, api.Result{}, e.err, false))
	}
	t := r.form.task(e.members)
	t.Waits = r.bar.waits()
	result, err := r.call(ctx, t)
	return r.ended(r.record(e.listLine, result, err, ctx.Err() != nil))
}

// ended stops the list after a result that makes no sense of going on: the other lines would fare no better.
func (r *batchRun) ended(out record) record {
	switch {
	case out.OK:
	case r.failFast, out.kind == fault.Reconnect, out.kind == fault.Unauthenticated, out.kind == fault.Denied:
		r.halt(errFailed)
	case out.refused:
		r.halt(errRefused)
	}
	return out
}

// print prints results, and says in the end what became of the list.
func (r *batchRun) print(going context.Context, turns <-chan chan record) error {
	var t tally
	var broken error
	for result := range turns {
		out := <-result
		t.add(out)
		if broken == nil {
			broken = r.line(out)
		}
		if broken != nil {
			r.halt(broken)
		}
		r.bar.step(t.run, t.failed)
	}
	r.bar.stop()
	return t.verdict(r, context.Cause(going), broken)
}

func (r *batchRun) line(out record) error {
	text, err := out.text()
	if err != nil {
		return err
	}
	if r.Terminal { // the bar is beside it
		r.bar.clear()
	}
	if _, err := r.Stdout.Write(text); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the results can't be written")
	}
	return nil
}

// A tally is what became of the lines so far.
type tally struct {
	run, failed int
	last        int // number of the last line that was begun
	first       int // number of the first one that failed
	kind        fault.Kind
	cause       string
}

func (t *tally) add(out record) {
	t.run++
	t.last = max(t.last, out.Line)
	if out.OK {
		return
	}
	if t.failed++; t.failed > 1 && out.Line > t.first {
		return
	}
	t.first, t.kind, t.cause = out.Line, out.kind, fmt.Sprintf("the API answered %d", out.Status)
	if out.Error != nil {
		t.cause = out.Error.Message
	}
}

// verdict says what became of a list: as an error if it was not all done.
func (t *tally) verdict(r *batchRun, why, broken error) error {
	summary := fmt.Sprintf("%s run", lines(t.run))
	if t.failed > 0 {
		summary += fmt.Sprintf(", %d failed, the first is line %d: %s", t.failed, t.first, t.cause)
	}
	next := fmt.Sprintf("go on with --skip %d", max(t.last, r.skip))
	switch {
	case broken != nil:
		fmt.Fprintf(printable{r.Stderr}, "carnet: %s\n", summary)
		return broken
	case errors.Is(why, context.Canceled):
		fmt.Fprintf(printable{r.Stderr}, "carnet: %s; %s\n", summary, next)
		return why
	case errors.Is(why, errRefused):
		return fault.New(t.kind, "%s; it is busy for longer than --wait", summary).WithHint("%s, later or with a longer --wait", next)
	case errors.Is(why, errFailed):
		return fault.New(t.kind, "%s; none was begun after that", summary).WithHint("%s", next)
	case why != nil:
		fmt.Fprintf(printable{r.Stderr}, "carnet: %s\n", summary)
		return why
	case t.failed > 0:
		return fault.New(t.kind, "%s", summary).WithHint("the result of a line that failed has its input, to be run again: jq -c 'select(.ok | not).input'")
	}
	fmt.Fprintf(r.Stderr, "carnet: %s\n", summary)
	return nil
}
