package openapi

import (
	"context"
	"errors"
	"net/url"
	"path"
	"strings"
	"sync"

	"carnet.dev/carnet/fault"
)

// How much a document may refer to.
const (
	mostFiles = 5000
	mostBytes = 128 << 20
	fetchers  = 8
)

// gather reads a document and, level by level, what it refers to.
func (b *bundler) gather(ctx context.Context, main *file) error {
	b.add(main, b.place(), "")
	for {
		var wanted []*url.URL
		seen := map[string]bool{}
		for _, f := range b.all {
			for _, l := range f.refs {
				if u := b.wanted(l); u != nil && !seen[u.String()] {
					seen[u.String()] = true
					wanted = append(wanted, u)
				}
			}
		}
		if len(wanted) == 0 {
			return nil
		}
		if err := b.load(ctx, wanted); err != nil {
			return err
		}
	}
}

// place is where the document is, for what is relative to it.
func (b *bundler) place() *url.URL {
	if u, err := url.Parse(b.source.Origin); err == nil && u.Host != "" && len(b.source.Files) == 0 {
		u.Fragment = ""
		return u
	}
	name := strings.ReplaceAll(b.source.Name, `\`, "/")
	return &url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(name, "/")}
}

// wanted is the file that a link needs and that is not here; nil if there is none.
func (b *bundler) wanted(l link) *url.URL {
	if !l.firm || b.known(l.to) || l.elsewhere != nil && b.known(l.elsewhere) {
		return nil
	}
	u := bare(l.to)
	if l.elsewhere != nil && b.given(l.elsewhere) {
		u = bare(l.elsewhere)
	}
	for _, u := range []*url.URL{u, l.elsewhere} {
		if u == nil {
			continue
		}
		if u = bare(u); b.failed[u.String()] == "" {
			return u
		}
	}
	return nil
}

func (b *bundler) known(u *url.URL) bool {
	_, known := b.ids[bare(u).String()]
	return known
}

// given reports whether a file was given together with the document.
func (b *bundler) given(u *url.URL) bool {
	_, ok := b.source.Files[strings.TrimPrefix(u.Path, "/")]
	return ok && u.Scheme == "file"
}

func bare(u *url.URL) *url.URL {
	plain := *u
	plain.Fragment, plain.RawFragment = "", ""
	return &plain
}

// load gets files, several at once.
func (b *bundler) load(ctx context.Context, wanted []*url.URL) error {
	if len(b.all)+len(wanted) > mostFiles {
		return fault.New(fault.Invalid, "the document refers to more than %d files", mostFiles).WithHint("put them together first")
	}
	type answer struct {
		file *file
		err  error
	}
	answers := make([]answer, len(wanted))
	turn := make(chan struct{}, fetchers)
	var work sync.WaitGroup
	for i, u := range wanted {
		work.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			data, err := b.get(ctx, u)
			if err == nil {
				answers[i].file, err = parse(b.nameOf(u), data)
			}
			answers[i].err = err
		})
	}
	work.Wait()
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Unavailable, err, "getting what the document refers to took too long")
	}
	for i, a := range answers {
		if a.err != nil {
			b.failed[wanted[i].String()] = a.err.Error()
			continue
		}
		if b.size += len(a.file.json); b.size > mostBytes {
			return fault.New(fault.Invalid, "what the document refers to is larger than %d MiB", mostBytes>>20)
		}
		b.add(a.file, wanted[i], b.key(wanted[i]))
	}
	return nil
}

func (b *bundler) get(ctx context.Context, u *url.URL) ([]byte, error) {
	switch {
	case b.given(u):
		return b.source.Files[strings.TrimPrefix(u.Path, "/")], nil
	case u.Scheme == "file":
		return nil, errors.New("no such file came with the document")
	case b.source.Fetch == nil || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("it is not fetched from there")
	}
	return b.source.Fetch(ctx, u.String())
}

// nameOf is how a file is called to people.
func (b *bundler) nameOf(u *url.URL) string {
	if u.Scheme == "file" {
		return strings.TrimPrefix(u.Path, "/")
	}
	return u.String()
}

// key is the name of a file under inside: its path from the document, or its URL.
func (b *bundler) key(u *url.URL) string {
	base := b.place()
	if u.Scheme != base.Scheme || u.Host != base.Host || u.RawQuery != "" {
		return u.String()
	}
	if below, ok := strings.CutPrefix(u.Path, strings.TrimSuffix(path.Dir(base.Path), "/")+"/"); ok {
		return below
	}
	return u.Path
}
