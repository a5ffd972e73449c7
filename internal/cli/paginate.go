package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/shell"
)

// paging is what the flags of run say about pages.
type paging struct {
	rule, items, from string
	most              int
	itemsGiven        bool
	mostGiven         bool
}

// maxPages is where a run stops by itself, for an operation may have no end.
const maxPages = 1000

const pagingHelp = `

--paginate asks for one page after another and prints the items of all of them as one list: -o json (one array), jsonl (an item a line),
yaml, or full (the answers with status and headers). Where the next page is, the answer says (a Link header, a link, a cursor), or it is
counted by a parameter that the document declares; no link is followed to another server. Where that is not clear, or not right, say it:

  --paginate=link                     the Link header
  --paginate=/next                    an address at that place of the answer
  --paginate=/meta/cursor=after       a cursor at that place, in that parameter; header:X-Next=after: in a header
  --paginate=last:/id=after           what is at that place of the last item, in that parameter
  --paginate=page=number              pages are counted from 1 in that parameter; page0=number: from 0
  --paginate=offset=skip              items are left out; offset0=skip, offset1=skip: the first is known to be 0, or 1

A parameter may be body.NAME, and --items /POINTER says where the list is. A run stops with an error after 1000 pages unless --max-pages
says another number; where it stopped, or failed, it says with which --from it goes on.`

func (f *paging) flags(flags *pflag.FlagSet) {
	flags.StringVar(&f.rule, "paginate", "", "print the items of all pages; the way to the next page is found out, or a `rule` says it")
	flags.Lookup("paginate").NoOptDefVal = "auto"
	flags.StringVar(&f.items, "items", "", "with --paginate: where the items are in the answer, a JSON `pointer`")
	flags.IntVar(&f.most, "max-pages", maxPages, "with --paginate: stop after this `number` of pages; 0: never")
	flags.StringVar(&f.from, "from", "", "with --paginate: the `page` to begin with, /path?query or name=value, as a run that stopped says it")
}

// on reports whether the run is about pages, and puts what is said of them into the task.
func (f *paging) on(cmd *cobra.Command, t *api.Task) (bool, error) {
	f.itemsGiven, f.mostGiven = cmd.Flags().Changed("items"), cmd.Flags().Changed("max-pages")
	if f.rule == "" {
		if f.itemsGiven || f.mostGiven || f.from != "" {
			return false, fault.New(fault.Invalid, "--items, --max-pages and --from are for --paginate").WithHint("add --paginate")
		}
		return false, nil
	}
	if f.most < 0 {
		return false, fault.New(fault.Invalid, "--max-pages %d is no number of pages", f.most).WithHint("0 means all of them")
	}
	t.Paginate = f.rule
	if f.itemsGiven {
		t.Items = &f.items
	}
	var err error
	if f.from != "" {
		t.From, err = parseNext(f.from)
	}
	return true, err
}

// parseNext reads --from: an address, or name=text, name:=json, or the same with body. before it for a member of the body.
func parseNext(text string) (*api.Next, error) {
	if strings.HasPrefix(text, "/") {
		return &api.Next{URL: text}, nil
	}
	name, value, given := strings.Cut(text, "=")
	plain, isJSON := strings.CutSuffix(name, ":")
	if !given || plain == "" {
		return nil, fault.New(fault.Invalid, "--from %s is no page", text).WithHint("write /path?query, or name=value")
	}
	n := &api.Next{Parameter: plain, Value: json.RawMessage(value)}
	if !isJSON {
		quoted, err := json.Marshal(value)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "--from %s can't be sent", text)
		}
		n.Value = quoted
	} else if err := checkJSON(name, value); err != nil {
		return nil, err
	}
	if field, body := strings.CutPrefix(plain, "body."); body {
		n.Parameter, n.Field = "", field
	}
	return n, nil
}

// goOn are the flags with which a run goes on at a page.
func goOn(rule string, n *api.Next) string {
	flags := "--paginate"
	if rule != "" && rule != "auto" {
		flags = shell.Quote("--paginate=" + rule)
	}
	if n == nil {
		return flags
	}
	return flags + " --from " + shell.Quote(nextText(n))
}

// nextText is a page as --from takes it.
func nextText(n *api.Next) string {
	if n.URL != "" {
		return n.URL
	}
	name := n.Parameter
	if n.Field != "" {
		name = "body." + n.Field
	}
	var text string
	if json.Unmarshal(n.Value, &text) == nil {
		return name + "=" + text
	}
	return name + ":=" + string(n.Value)
}

// A pageRun prints the pages of an operation.
type pageRun struct {
	*program
	paging
	out   *itemList
	line  *ticker
	pages int       // that were printed
	rule  string    // that leads on
	next  *api.Next // the page after those; nil: there is none, or it is the first
	said  map[string]bool

	mu    sync.Mutex
	done  string // how far it is
	pause pause
}

func (p *program) paginate(cmd *cobra.Command, integration, operation string, request api.Task, t task) error {
	if t.file != "" {
		return fault.New(fault.Invalid, "-O takes one answer as it came, and not the items of several").WithHint("send standard output to a file instead: > FILE")
	}
	out, err := newItemList(p.Stdout, p.options.Output)
	if err != nil {
		return err
	}
	request.Stream = false
	r := &pageRun{program: p, paging: t.paging, out: out, rule: request.Paginate, next: request.From, said: map[string]bool{}}
	r.line = newTicker(p.Stderr, p.Live, r.text)
	defer r.line.stop()
	if r.line != nil {
		request.Waits = r.hear
	}
	return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
		err := r.all(ctx, c, integration, operation, request)
		r.line.stop()
		if closed := out.end(err == nil); err == nil {
			err = closed
		}
		return r.explained(ctx, err)
	})
}

// all prints one page after another.
func (r *pageRun) all(ctx context.Context, c *client.Client, integration, operation string, request api.Task) error {
	for result, err := range c.Pages(ctx, integration, operation, request) {
		if err != nil {
			return err
		}
		if r.Terminal { // items stand where the line does
			r.line.clear()
		}
		r.warnOnce(result.Warnings)
		if result.Status >= 400 {
			return r.failed(result)
		}
		page := result.Page
		if page == nil || page.Rule == "" && page.Items == nil {
			return r.single(result)
		}
		if err := r.out.page(result); err != nil {
			return err
		}
		r.pages++
		r.rule, r.next = page.Rule, page.Next
		if r.most > 0 && r.pages == r.most && page.Next != nil {
			return r.enough()
		}
		r.advance()
	}
	return nil
}

// single prints an answer that is no page of several, as it is.
func (r *pageRun) single(result api.Result) error {
	r.out.none = true
	r.line.stop()
	fmt.Fprintln(printable{r.Stderr}, "carnet: the answer is no page of several; it is printed as it is")
	return r.whole(result)
}

// whole prints an answer that is no page.
func (r *pageRun) whole(result api.Result) error {
	if r.options.Output == "jsonl" {
		r.options.Output = "json"
	}
	return r.answer(result, "")
}

// failed is an error of the API: its data is printed where no item is waited for.
func (r *pageRun) failed(result api.Result) error {
	err := fault.New(fault.Upstream, "the API answered %s", strings.TrimSpace(fmt.Sprint(result.Status, " ", result.StatusText)))
	if r.pages == 0 {
		r.out.none = true
		if err := r.whole(result); err != nil {
			return err
		}
		return err
	}
	if r.line.stop(); len(result.Data) > 0 && len(result.Data) <= 4<<10 {
		fmt.Fprintln(printable{r.Stderr}, string(result.Data))
	}
	return err
}

// enough stops where there are more pages. Who did not say how many to print has to know that these are not all.
func (r *pageRun) enough() error {
	said := fmt.Sprintf("stopped after %s, %s; there are more", count(r.pages, "page"), count(r.out.count, "item"))
	if !r.mostGiven {
		return fault.New(fault.Invalid, "%s", said).WithHint("--max-pages 0 prints all; this run goes on with %s", goOn(r.rule, r.next))
	}
	r.line.stop()
	fmt.Fprintf(printable{r.Stderr}, "carnet: %s: %s\n", said, goOn(r.rule, r.next))
	return nil
}

// explained says of an error which page failed, and how to go on there.
func (r *pageRun) explained(ctx context.Context, err error) error {
	if err == nil || r.pages == 0 || r.next == nil || r.most > 0 && r.pages == r.most {
		return err
	}
	on := "go on with " + goOn(r.rule, r.next)
	if ctx.Err() != nil {
		fmt.Fprintf(printable{r.Stderr}, "carnet: %s, %s are printed; %s\n", count(r.pages, "page"), count(r.out.count, "item"), on)
		return err
	}
	if hint := fault.HintOf(err); hint != "" {
		on = hint + "; " + on
	}
	return fault.Wrap(fault.KindOf(err), err, "page %d", r.pages+1).WithHint("%s", on)
}

// advance notes how far it is.
func (r *pageRun) advance() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.pause = fmt.Sprintf("%s, %s", count(r.pages, "page"), count(r.out.count, "item")), pause{}
}

// hear that the next page has to wait.
func (r *pageRun) hear(w api.Waiting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pause = pauseOf(w)
}

// text is how far it is, where a person sees it and the items go elsewhere, and what is waited for.
func (r *pageRun) text(now time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	waits := r.pause.text(now)
	if r.Terminal || r.done == "" {
		return waits
	}
	return strings.TrimSuffix(r.done+"; "+waits, "; ")
}

// warnOnce says what was noticed on the way, but not on every page.
func (r *pageRun) warnOnce(warnings []fault.Problem) {
	var fresh []fault.Problem
	for _, w := range warnings {
		if text := w.Pointer + " " + w.Message; !r.said[text] {
			r.said[text] = true
			fresh = append(fresh, w)
		}
	}
	if len(fresh) > 0 {
		r.line.clear()
		r.warn(fresh)
	}
}
