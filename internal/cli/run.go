package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

func (p *program) run() *cobra.Command {
	var t task
	var list batch
	cmd := &cobra.Command{
		Use: "run NAME OPERATION", Short: "Run an operation", Args: cobra.ExactArgs(2), ValidArgsFunction: p.completeOperations,
		Long: `Run an operation and print the data of its answer.

An argument is -p name=text, which is a number, a list or an object where the document says so: -p limit=10, -p tag=a -p tag=b,
-p filter.status=open. A field of the body is -f name=text, with a path to where it belongs: -f address.city=Durban,
-f 'items[0].id=7', -f tags[]=new. Both take name:=json and name=@file (a text that begins with @: name=@@text).
The whole body is -d text, -d @file or -d @- for standard input, and -f changes fields in it. A form's fields with files are -F name=text, -F name:=json or -F name=@file,
which sends the file, perhaps with ;type=MEDIA/TYPE and ;filename=NAME behind it. Files are sent as they are read.

Arguments and JSON bodies are checked before anything is sent; --no-check sends them as they are. --check compares the answer with
the document too, and says on standard error what differs.

Formats: data (the answer's data, indented; the default), raw (as it came), json (not indented; what is no JSON as a text), yaml,
full (status, headers and data as JSON). Events and lines of JSON are printed as they come, and -O FILE and -o raw take an answer of any size as it is.
If the API answers with an error its data is printed, the file of -O stays as it was, and the exit code is 8.
` + batchHelp + pagingHelp,
		Example: `  carnet run zoom users -p page_size=10
  carnet run shop createOrder -f item=book -f address.city=Durban
  carnet run shop createOrder -d '{"item": "book"}'
  carnet run shop createOrder -d @order.json --dry-run
  carnet run shop uploadInvoice -F note=paid -F "file=@invoice.pdf;type=application/pdf"
  carnet run shop getInvoice -p id=7 -O invoice.pdf
  carnet run shop listOrders --wait 2m
  carnet run shop listOrders --paginate -o jsonl > orders.jsonl
  carnet run shop watchOrders | jq .id` + batchExample,
		RunE: func(cmd *cobra.Command, args []string) error { return p.runOperation(cmd, args[0], args[1], t, list) },
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&t.parameters, "param", "p", nil, "an argument, `name=value`")
	flags.StringArrayVarP(&t.typed, "field", "f", nil, "a field of the body, `path=value`")
	flags.StringVarP(&t.data, "body", "d", "", "the `body`")
	flags.StringArrayVarP(&t.fields, "form", "F", nil, "a field of the body, `name=value`, or name=@file")
	flags.StringVar(&t.contentType, "content-type", "", "the body's media `type`; by default the document's that fits what is given")
	flags.BoolVar(&t.dryRun, "dry-run", false, "show the request, its secrets masked, and do not send it")
	flags.BoolVar(&t.noCheck, "no-check", false, "do not check arguments and body against the document")
	flags.BoolVar(&t.check, "check", false, "check the answer against the document too; what differs is a warning")
	flags.StringVarP(&t.file, "output-file", "O", "", "write the answer to this `file` instead, as it came")
	flags.DurationVar(&t.wait, "wait", 0, "wait for an API that is busy (429, 503), for this `duration` at most, as in 90s")
	list.flags(flags)
	t.paging.flags(flags)
	cmd.RegisterFlagCompletionFunc("param", p.completeArguments)
	cmd.RegisterFlagCompletionFunc("field", p.completeBody)
	return cmd
}

// A task is what the flags of run say.
type task struct {
	parameters, typed       []string // -p, -f
	fields                  []string // -F
	data, contentType, file string
	dryRun, noCheck, check  bool
	wait                    time.Duration
	paging                  paging
}

func (p *program) runOperation(cmd *cobra.Command, integration, operation string, t task, list batch) (err error) {
	if err := list.check(cmd, t); err != nil {
		return err
	}
	request := api.Task{BodyContentType: t.contentType, DryRun: t.dryRun, NoCheck: t.noCheck, CheckAnswer: t.check, Wait: t.wait.Seconds()}
	if request.Typed, err = p.typed(t.parameters, t.typed); err != nil {
		return err
	}
	closed, err := p.payload(&request, t.data, t.fields)
	defer closed()
	if err != nil {
		return err
	}
	paged, err := t.paging.on(cmd, &request)
	switch {
	case err != nil:
		return err
	case paged && list.file != "":
		return fault.New(fault.Invalid, "--all runs an operation for many inputs, and --paginate for the pages of one").WithHint("use one of them")
	case paged && !t.dryRun:
		return p.paginate(cmd, integration, operation, request, t)
	case list.file != "":
		return p.runAll(cmd, integration, operation, list, request)
	}
	if request.Stream, err = p.streams(t); err != nil {
		return err
	}
	var ended func()
	request.Waits, ended = p.waits()
	defer ended()
	return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
		result, err := c.RunOperation(ctx, integration, operation, request)
		ended()
		if err != nil {
			return err
		}
		p.warn(result.Warnings)
		if t.dryRun {
			return p.printRequest(result)
		}
		if result.Body != nil {
			defer result.Body.Close()
		}
		if err := p.answer(result, t.file); err != nil {
			return err
		}
		if result.Status >= 400 {
			return fault.New(fault.Upstream, "the API answered %s", strings.TrimSpace(fmt.Sprint(result.Status, " ", result.StatusText)))
		}
		return nil
	})
}

// streams reports whether the answer is wanted as it comes. One that is shown whole, or compared with its schema, is not.
func (p *program) streams(t task) (bool, error) {
	switch p.options.Output {
	case "", "data", "table", "raw":
		if t.check && t.file != "" {
			return false, fault.New(fault.Invalid, "--check reads the whole answer, and -O takes it as it comes").WithHint("use one of them")
		}
		return !t.dryRun && !t.check, nil
	case "json", "yaml", "full":
		if t.file == "" || t.dryRun {
			return false, nil
		}
		return false, fault.New(fault.Invalid, "-O takes the answer as it came, not as %s", p.options.Output).WithHint("send standard output to a file instead: -o %s > FILE", p.options.Output)
	}
	return false, fault.New(fault.Invalid, "there is no output format %q", p.options.Output).WithHint("use data, json, yaml, raw or full")
}

// warn says what was noticed on the way.
func (p *program) warn(warnings []fault.Problem) {
	w := printable{p.Stderr}
	for i, warning := range warnings {
		if i == 20 {
			fmt.Fprintf(w, "carnet: and %d warnings more\n", len(warnings)-i)
			return
		}
		fmt.Fprintln(w, "carnet: warning: "+strings.TrimSpace(warning.Pointer+" "+warning.Message))
	}
}

// answer prints an answer, or writes it to a file.
func (p *program) answer(result api.Result, file string) error {
	switch {
	case result.Body == nil:
		data, err := p.rendered(result)
		if err == nil {
			_, err = p.Stdout.Write(data)
		}
		return err
	case file != "" && result.Status < 400: // an error's data is no reason to lose the file
		return saveFrom(file, result.Body)
	}
	return p.print(result)
}

// keptInMemory is how much of a file is read to see what it is; more goes out as a stream.
const keptInMemory = 4 << 20

// payload reads the body: JSON as it is, which the server writes as the media type wants it, and anything else as the bytes that
// it is, which is also how JSON goes out as a type that is neither JSON nor a form. closed closes the files that are sent.
func (p *program) payload(r *api.Task, text string, fields []string) (closed func(), err error) {
	var files []io.Closer
	closed = func() {
		for _, f := range files {
			f.Close() // it was read only
		}
	}
	if text != "" {
		f, err := p.body(r, text)
		if f != nil {
			files = append(files, f)
		}
		if err != nil {
			return closed, err
		}
	}
	if len(fields) > 0 {
		opened, err := p.form(r, fields)
		files = append(files, opened...)
		if err != nil {
			return closed, err
		}
	}
	return closed, nil
}

// body reads the body of -d, or opens it if it is large.
func (p *program) body(r *api.Task, text string) (io.Closer, error) {
	data := []byte(text)
	if strings.HasPrefix(text, "@@") {
		data = data[1:]
	} else if source, file := strings.CutPrefix(text, "@"); file {
		f, err := p.open(source)
		if err != nil {
			return nil, err
		}
		if data, err = io.ReadAll(io.LimitReader(f, keptInMemory+1)); err != nil {
			return f, unreadable(source, err)
		}
		if len(data) > keptInMemory {
			r.Files = []api.File{f.from(data)}
			if r.BodyContentType == "" && strings.HasSuffix(source, ".json") {
				r.Files[0].ContentType = "application/json"
			}
			return f, nil
		}
		f.Close() // it was read only
	}
	kind := strings.ToLower(r.BodyContentType)
	written := kind == "" || strings.Contains(kind, "json") || strings.Contains(kind, "form") || strings.Contains(kind, "xml") && len(data) > 0 && data[0] == '{'
	if written && json.Valid(data) {
		r.RequestBodyPayload = data
		return nil, nil
	}
	r.RequestBodyBase64 = data
	return nil, nil
}

// A source is a file, or standard input.
type source struct {
	*os.File
	io.Reader
	size int64 // 0: not known
}

// Read implements io.Reader.
func (s source) Read(b []byte) (int, error) { return s.Reader.Read(b) }

// Close implements io.Closer. Standard input is not ours to close.
func (s source) Close() error {
	if s.File == nil {
		return nil
	}
	return s.File.Close()
}

// from is the file from its beginning, of which some has been read.
func (s source) from(begin []byte) api.File {
	f := api.File{Size: s.size, Content: s}
	if s.File != nil && len(begin) > 0 {
		if _, err := s.File.Seek(0, io.SeekStart); err == nil {
			return f
		}
	}
	if len(begin) > 0 {
		f.Content = io.MultiReader(strings.NewReader(string(begin)), s)
	}
	return f
}

// open opens a file, or standard input for "-".
func (p *program) open(name string) (source, error) {
	if name == "-" {
		return source{Reader: p.Stdin}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return source{}, unreadable(name, err)
	}
	s := source{File: f, Reader: f}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		f.Close()
		return source{}, unreadable(name, fmt.Errorf("it is a directory"))
	}
	if info.Mode().IsRegular() {
		s.size = info.Size()
	}
	return s, nil
}

func unreadable(name string, err error) error {
	return fault.Wrap(fault.Invalid, err, "%s can't be read", name)
}

// form reads the fields of -F: members of the payload, and files.
func (p *program) form(r *api.Task, fields []string) (opened []io.Closer, err error) {
	var texts []string
	for _, field := range fields {
		name, value, given := strings.Cut(field, "=")
		if !given || name == "" {
			return opened, fault.New(fault.Invalid, "the field %q has no value", field).WithHint("write -F name=text, or -F name=@file")
		}
		if strings.HasSuffix(name, ":") || !strings.HasPrefix(value, "@") || strings.HasPrefix(value, "@@") {
			texts = append(texts, field)
			continue
		}
		f, closer, err := p.formFile(name, value[1:])
		if err != nil {
			return opened, err
		}
		opened = append(opened, closer)
		r.Files = append(r.Files, f)
	}
	if len(texts) == 0 {
		return opened, nil
	}
	members, err := p.parameters(texts)
	if err != nil {
		return opened, err
	}
	if len(r.RequestBodyPayload) > 0 {
		given := map[string]json.RawMessage{}
		if json.Unmarshal(r.RequestBodyPayload, &given) != nil {
			return opened, fault.New(fault.Invalid, "the body of -d is no JSON object, so that -F has nothing to add to")
		}
		for name, value := range given {
			if _, also := members[name]; !also {
				members[name] = value
			}
		}
	}
	r.RequestBodyPayload, err = json.Marshal(members)
	return opened, err
}

// formFile opens a file of -F, whose path may be followed by ;type= and ;filename=, and stand in quotes (as curl has it).
func (p *program) formFile(field, text string) (f api.File, closer io.Closer, err error) {
	path, rest := unquoted(text)
	s, err := p.open(path)
	if err != nil {
		return f, nil, err
	}
	f = s.from(nil)
	f.Field, f.Name = field, path[strings.LastIndexAny(path, `/\`)+1:]
	if path == "-" {
		f.Name = "stdin"
	}
	for rest != "" {
		name, text, _ := strings.Cut(strings.TrimLeft(rest, "; "), "=")
		var value string
		value, rest = unquoted(text)
		switch name {
		case "":
		case "type":
			f.ContentType = value
		case "filename":
			f.Name = value
		default:
			s.Close()
			return f, nil, fault.New(fault.Invalid, "-F %s: there is no option %q", field, name).WithHint("use ;type=MEDIA/TYPE and ;filename=NAME")
		}
	}
	return f, s, nil
}

// unquoted takes a text off an option of -F: up to a semicolon, or, if it stands in double quotes, up to their end. In quotes a
// backslash makes the next character a plain one.
func unquoted(option string) (text, rest string) {
	if strings.HasPrefix(option, `"`) {
		for i := 1; i < len(option); i++ {
			switch {
			case option[i] == '"':
				return text, strings.TrimPrefix(option[i+1:], ";")
			case option[i] == '\\' && i+1 < len(option):
				i++
			}
			text += option[i : i+1]
		}
	}
	text, rest, _ = strings.Cut(option, ";") // without quotes, or with one that nothing ends
	return text, rest
}
