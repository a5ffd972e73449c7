package client

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// Pages runs an operation page by page, as long as there is a next page and the loop goes on. Each page is a result of its own, whose Page
// tells its items and where the next is. An answer that is no success is the last; an error is the last too, and what came before it is
// good. A service that leads in a circle, or gives the same page again, is an error. The task's Paginate is "auto" by default.
//
//	for page, err := range c.Pages(ctx, "zoom", "users", api.Task{}) { ... }
func (c *Client) Pages(ctx context.Context, integration, id string, t api.Task) iter.Seq2[api.Result, error] {
	if t.Paginate == "" {
		t.Paginate = "auto"
	}
	return func(yield func(api.Result, error) bool) {
		t := t
		var way circle
		for {
			result, err := api.Result{}, ctx.Err()
			if err == nil {
				result, err = c.RunOperation(ctx, integration, id, t)
			}
			if err == nil && result.Page != nil {
				err = way.same(result)
			}
			if err != nil {
				yield(api.Result{}, err)
				return
			}
			if !yield(result, nil) || result.Page == nil || result.Page.Next == nil {
				return
			}
			if ended, err := way.closes(result.Page); ended || err != nil {
				if err != nil {
					yield(api.Result{}, err)
				}
				return
			}
			t.Paginate, t.From = result.Page.Rule, result.Page.Next
			if t.Items == nil {
				t.Items = result.Page.Items
			}
		}
	}
}

// Items are the items of all pages, one after another. An answer that is no success is an error, and so is one that is no page of several
// and has no items.
func (c *Client) Items(ctx context.Context, integration, id string, t api.Task) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		n := 0
		for result, err := range c.Pages(ctx, integration, id, t) {
			n++
			var items []json.RawMessage
			switch {
			case err != nil:
			case !result.OK:
				err = fault.New(fault.Upstream, "page %d: the API answered %s", n, strings.TrimSpace(strconv.Itoa(result.Status)+" "+result.StatusText))
			case result.Page == nil || result.Page.Rule == "" && result.Page.Items == nil:
				err = fault.New(fault.Invalid, "the answer has no pages").WithHint("run the operation without pages, or say where its items are")
			default:
				items, err = PageItems(result)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// PageItems are the items of a page. What stands in their place and is no list is the only one.
func PageItems(r api.Result) ([]json.RawMessage, error) {
	if r.Page == nil || r.Page.Items == nil || r.Page.Count == 0 {
		return nil, nil
	}
	v := r.Data
	if pointer := strings.TrimPrefix(*r.Page.Items, "/"); *r.Page.Items != "" {
		for step := range strings.SplitSeq(pointer, "/") {
			var err error
			if v, err = member(v, strings.NewReplacer("~1", "/", "~0", "~").Replace(step)); err != nil {
				return nil, err
			}
		}
	}
	var items []json.RawMessage
	if json.Unmarshal(v, &items) != nil {
		return []json.RawMessage{v}, nil
	}
	return items, nil
}

// member is a member of an object, or an item of a list.
func member(v json.RawMessage, step string) (json.RawMessage, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(v, &object) == nil {
		if inner, ok := object[step]; ok {
			return inner, nil
		}
	}
	var list []json.RawMessage
	if n, err := strconv.Atoi(step); err == nil && json.Unmarshal(v, &list) == nil && n >= 0 && n < len(list) {
		return list[n], nil
	}
	return nil, fault.New(fault.Upstream, "the page has no %s", step)
}

// A circle notices pages that were there before. What it keeps of a page is a number.
type circle struct {
	seed   maphash.Seed
	seen   map[uint64]bool
	before uint64 // the items of the page before, if their pages are counted
}

// same refuses a page that is the page before: the service does not know the parameter that counts pages. Where a cursor or an address
// leads on, two pages may be alike.
func (c *circle) same(r api.Result) error {
	if c.seen == nil {
		c.seed, c.seen = maphash.MakeSeed(), map[uint64]bool{}
	}
	name, counted := counts(r.Page.Rule)
	if !counted || r.Page.Count == 0 {
		return nil
	}
	now := maphash.Bytes(c.seed, r.Data)
	if items, err := PageItems(r); err == nil { // what is around them may have the number of the page
		var h maphash.Hash
		h.SetSeed(c.seed)
		for _, item := range items {
			h.Write(item)
		}
		now = h.Sum64()
	}
	if now == c.before {
		return fault.New(fault.Upstream, "the page is the page before once more: the service does not count by %s", name).
			WithHint("say how to get the next page: --paginate=RULE (Task.Paginate)")
	}
	c.before = now
	return nil
}

// counts is the parameter of a rule that counts.
func counts(rule string) (parameter string, ok bool) {
	kind, parameter, _ := strings.Cut(rule, "=")
	switch kind {
	case "page", "page0", "offset", "offset0", "offset1":
		return parameter, true
	}
	return "", false
}

// closes notes where the next page is. If that was one before, it is an error; unless the page was empty, which is how a few services end.
func (c *circle) closes(p *api.Page) (ended bool, err error) {
	next := maphash.String(c.seed, p.Next.URL+"\x00"+p.Next.Parameter+"\x00"+p.Next.Field+"\x00"+string(p.Next.Value))
	if !c.seen[next] {
		c.seen[next] = true
		return false, nil
	}
	if p.Count == 0 {
		return true, nil
	}
	where := p.Next.URL
	if where == "" {
		where = p.Next.Parameter + p.Next.Field + "=" + string(p.Next.Value)
	} else if u, err := url.Parse(where); err == nil {
		where = u.Path
	}
	return false, fault.New(fault.Upstream, "the service leads in a circle: the next page is one that was there before (%s)", where)
}
