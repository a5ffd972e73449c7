package server

import (
	stdjson "encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// maxStall is how long a client may send nothing of a file.
const maxStall = 2 * time.Minute

// runOperation is POST .../run: a task as JSON, or as the part "task" of a multipart/form-data body, with files in the parts after
// it: "body" for a file that is the whole body, "body.NAME" for one in a form.
func runOperation() endpoint {
	return endpoint{in: reflect.TypeFor[api.Task](), out: reflect.TypeFor[api.Result](), serve: serveTask}
}

func serveTask(x *exchange) error {
	t, err := x.task()
	if err != nil {
		return err
	}
	// How long the API takes, or its answer, is not for the time-out of a request to say.
	http.NewResponseController(x.w).SetReadDeadline(time.Time{}) // an embedded server has none
	if x.r.Header.Get(headerTell) == "waiting" {
		t.Waits = x.waits
	}
	result, err := x.RunOperation(x.ctx(), x.caller, x.path("name"), x.path("id"), t)
	if err != nil {
		return err
	}
	if result.Body != nil {
		return x.stream(result)
	}
	return x.answer(result)
}

// waits says ahead of the answer that the task waits (RFC 9110 15.2). Only those who ask are told: some clients take any
// informational answer for the last.
func (x *exchange) waits(w api.Waiting) {
	text, err := stdjson.Marshal(w)
	if err != nil {
		return // it is a matter of comfort
	}
	x.w.Header().Set(headerWaiting, string(ascii(text)))
	x.w.WriteHeader(http.StatusProcessing)
	x.w.Header().Del(headerWaiting)
}

// task reads the task, but not the files that come with it.
func (x *exchange) task() (t api.Task, err error) {
	if !isType(x.r, "multipart/form-data") {
		return decode[api.Task](x)
	}
	_, parameters, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type")) // isType has read it
	if parameters["boundary"] == "" {
		return t, fault.New(fault.Invalid, "the Content-Type names no boundary")
	}
	parts := multipart.NewReader(&patient{x.upload, http.NewResponseController(x.w)}, parameters["boundary"])
	first, err := parts.NextRawPart()
	if err != nil || first.FormName() != "task" {
		return t, fault.New(fault.Invalid, "the first part is not the task").
			WithHint(`send a part named "task" with JSON first, {} if there is nothing to say, and the files after it`)
	}
	data, err := io.ReadAll(io.LimitReader(first, x.limit+1))
	if err != nil {
		return t, cutOff()
	}
	if int64(len(data)) > x.limit {
		return t, fault.New(fault.Invalid, "the task is larger than %d bytes", x.limit).WithHint("send large bodies as files")
	}
	if err := json.Unmarshal(data, &t, json.RejectUnknownMembers(true)); err != nil {
		return t, malformed(err)
	}
	t.Next = func() (api.File, error) { return nextFile(parts) }
	return t, nil
}

func cutOff() error {
	return fault.New(fault.Invalid, "the request's body was cut off").WithHint("send it again")
}

// nextFile is the next part as a file.
func nextFile(parts *multipart.Reader) (f api.File, err error) {
	p, err := parts.NextRawPart()
	if errors.Is(err, io.EOF) {
		return f, io.EOF
	}
	if err != nil {
		return f, cutOff()
	}
	name := p.FormName()
	field, isField := strings.CutPrefix(name, "body.")
	if !isField && name != "body" || isField && field == "" {
		return f, fault.New(fault.Invalid, "there is no use for a part named %q", name).
			WithHint(`call it "body" if the file is the whole body, or "body.NAME" for the field NAME of a form`)
	}
	if isField {
		f.Field = field
	}
	_, disposition, _ := mime.ParseMediaType(p.Header.Get("Content-Disposition")) // FormName has read it
	f.Name, f.ContentType, f.Content = disposition["filename"], p.Header.Get("Content-Type"), p
	f.Size, _ = strconv.ParseInt(p.Header.Get("Content-Length"), 10, 64) // 0: not known
	f.Headers = partHeaders(p.Header)
	return f, nil
}

// partHeaders are the headers of a part that go on to the service.
func partHeaders(from textproto.MIMEHeader) map[string]string {
	var headers map[string]string
	for name, values := range from {
		switch name {
		case "Content-Disposition", "Content-Type", "Content-Length", "Content-Transfer-Encoding":
			continue
		}
		if headers == nil {
			headers = map[string]string{}
		}
		headers[name] = strings.Join(values, ", ")
	}
	return headers
}

// patient reads an upload, which may take as long as it likes if only something comes.
type patient struct {
	r    io.Reader
	conn *http.ResponseController
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	p.conn.SetReadDeadline(time.Now().Add(maxStall)) // an embedded server has none
	return p.r.Read(b)
}

// Headers of a task and of an answer that is streamed.
const (
	headerStatus   = "Carnet-Status"   // of the API's answer, "404 Not Found"
	headerURL      = "Carnet-Url"      // that answered
	headerWarnings = "Carnet-Warnings" // a JSON array, if there are any
	headerTell     = "Carnet-Tell"     // of a request: "waiting"
	headerWaiting  = "Carnet-Waiting"  // an api.Waiting, ahead of the answer, to who asks to be told
	headerPrefix   = "Carnet-Answer-"  // before the name of each header of the API's answer
)

// stream passes an answer on as it comes. If it breaks off, so does the connection.
func (x *exchange) stream(result api.Result) error {
	defer result.Body.Close()
	header := x.w.Header()
	for name, value := range result.Headers {
		header.Set(headerPrefix+name, value)
	}
	header.Set(headerStatus, strings.TrimSpace(strconv.Itoa(result.Status)+" "+result.StatusText))
	header.Set(headerURL, result.URL)
	if len(result.Warnings) > 0 {
		text, err := stdjson.Marshal(result.Warnings)
		if err != nil {
			return err
		}
		header.Set(headerWarnings, string(ascii(text)))
	}
	kind := result.Headers["content-type"]
	if kind == "" {
		kind = "application/octet-stream"
	}
	header.Set("Content-Type", kind)
	if value := result.Headers["content-disposition"]; value != "" {
		header.Set("Content-Disposition", value)
	}
	x.w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(x.w)
	flush.Flush() // whoever waits for events wants to know that it began
	buffer := make([]byte, 32<<10)
	for {
		n, err := result.Body.Read(buffer)
		if n > 0 {
			if _, err := x.w.Write(buffer[:n]); err != nil {
				return nil // the client's going away
			}
			if err := flush.Flush(); err != nil {
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			x.w.Err = err
			panic(http.ErrAbortHandler)
		}
	}
}

// ascii escapes what a header can't carry.
func ascii(text []byte) []byte {
	var out []byte
	for _, r := range string(text) {
		if r < 0x80 {
			out = append(out, byte(r))
			continue
		}
		if r > 0xffff {
			r -= 0x10000
			out = append(out, escape16(0xd800+r>>10)...)
			r = 0xdc00 + r&0x3ff
		}
		out = append(out, escape16(r)...)
	}
	return out
}

func escape16(r rune) string {
	text := strconv.FormatInt(int64(r), 16)
	return `\u` + strings.Repeat("0", 4-len(text)) + text
}
