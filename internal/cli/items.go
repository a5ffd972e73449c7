package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

// An itemList prints the items of pages as they come, as one list that is whole whenever it ends.
type itemList struct {
	w      *bufio.Writer
	format string
	count  int  // items
	begun  bool // something stands there
	none   bool // what was printed is no list
}

func newItemList(w io.Writer, format string) (*itemList, error) {
	switch format {
	case "", "data", "table", "json", "jsonl", "yaml", "full":
		return &itemList{w: bufio.NewWriter(w), format: format}, nil
	case "raw":
		return nil, fault.New(fault.Invalid, "the items of several pages can't be printed as they came").WithHint("use -o jsonl or json, or full for the answers")
	}
	return nil, fault.New(fault.Invalid, "there is no output format %q", format).WithHint("use data, json, jsonl, yaml or full")
}

// page prints a page, to its end.
func (l *itemList) page(r api.Result) error {
	items, err := client.PageItems(r)
	if err != nil {
		return err
	}
	if l.format == "full" {
		whole, err := json.Marshal(r)
		if err != nil {
			return fault.Wrap(fault.Internal, err, "the answer can't be written as JSON")
		}
		if err := l.item(whole); err != nil {
			return err
		}
		l.count += len(items)
		return l.w.Flush()
	}
	for _, item := range items {
		if err := l.item(item); err != nil {
			return err
		}
		l.count++
	}
	return l.w.Flush()
}

func (l *itemList) item(raw json.RawMessage) error {
	text, err := l.written(raw)
	if err != nil {
		return err
	}
	if l.format != "jsonl" && l.format != "yaml" {
		before := "[\n"
		if l.begun {
			before = ",\n"
		}
		l.w.WriteString(before)
	}
	l.begun = true
	_, err = l.w.Write(text)
	return err
}

// written is an item in its format.
func (l *itemList) written(raw json.RawMessage) ([]byte, error) {
	var out bytes.Buffer
	var err error
	switch l.format {
	case "yaml": // a list of one; one behind the other they are one list
		return formatted(append(append([]byte{'['}, raw...), ']'), "yaml")
	case "json", "jsonl":
		if err = json.Compact(&out, raw); l.format == "jsonl" {
			out.WriteByte('\n')
		}
	default:
		out.WriteString("  ")
		err = json.Indent(&out, raw, "  ", "  ")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "an item is not JSON")
	}
	return out.Bytes(), nil
}

// end closes the list. Of a run that failed before its first item nothing is printed.
func (l *itemList) end(whole bool) error {
	if l.none || !l.begun && !whole {
		return nil
	}
	switch {
	case l.format == "jsonl" || l.format == "yaml" && l.begun:
	case !l.begun:
		l.w.WriteString("[]\n")
	default:
		l.w.WriteString("\n]\n")
	}
	return l.w.Flush()
}
