package web_test

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/web"
)

// TestBodyAsFields: a nested body is made by filling in fields alone, without a script; what is left empty is not sent.
func TestBodyAsFields(t *testing.T) {
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	form := b.task(t, "order")
	if got := form.values["text:b/item"]; len(got) != 1 || got[0] != "book" {
		t.Errorf("what is required has no example filled in: %q", form.values)
	}
	form = form.fill("text:b/address/city", "Durban", "number:b/count", "2", "choice:b/gift", "true", "choice:b/kind", `"used"`, "shape:b/pay", "2").
		click("Add to tags").sees("Order something").task()
	form = form.fill("text:b/tags/[0]", "a", "text:b/tags/[1]", "b").click("Add to lines").task()
	form = form.fill("text:b/lines/[0]/sku", "x1", "number:b/lines/[0]/price", "1.50", "number:b/pay/coins", "3", "text:p.tag/[0]", "t1", "number:p.limit", "10").click("Add to tag").task()
	page := form.fill("text:p.tag/[1]", "t2").click("Remove tags 1").task().click("Run").sees("200 OK", "yes")
	want := arrived{
		Method: "POST", URL: "/orders/main?limit=10&tag=t1&tag=t2", Type: "application/json", Headers: map[string]string{"Accept": "application/json, */*;q=0.8"},
		Body: `{"item":"book","count":2,"gift":true,"kind":"used","address":{"city":"Durban"},"lines":[{"sku":"x1","price":1.50}],"tags":["b"],"pay":{"coins":3}}`,
	}
	if diff := cmp.Diff(want, w.came()); diff != "" {
		t.Error(diff)
	}
	text := page.task().click("Write it as JSON").task()
	if body := text.values["body"][0]; !strings.Contains(body, `"city": "Durban"`) {
		t.Errorf("as JSON the body is %s", body)
	}
	body := strings.Replace(text.values["body"][0], `"item": "book"`, `"item": "pen", "more": {"x": [1]}`, 1)
	again := text.fill("body", body).click("Fill in fields").task()
	for name, want := range map[string]string{"text:b/item": "pen", "text:b/address/city": "Durban", "rest:b": `{"more":{"x":[1]}}`, "text:b/lines/[0]/sku": "x1", "shape:b/pay": "2"} {
		if got := again.values[name]; len(got) != 1 || got[0] != want {
			t.Errorf("back in fields %s is %q, want %q", name, got, want)
		}
	}
	again.click("Run").sees("200 OK")
	if got := w.came().Body; !strings.Contains(got, `"more":{"x":[1]}`) || !strings.Contains(got, `"item":"pen"`) {
		t.Errorf("sent was %s", got)
	}
	broken := again.click("Write it as JSON").task().fill("body", `{"item": `).click("Fill in fields").sees("this is not JSON").task()
	if broken.values["body"][0] != `{"item": ` {
		t.Errorf("what was typed is lost: %q", broken.values["body"])
	}
}

// TestOtherMediaType: the same fields as a form and as XML.
func TestOtherMediaType(t *testing.T) {
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	b.task(t, "order").fill("type", "application/x-www-form-urlencoded").click("Use it").task().fill("text:b/item", "pen & ink", "number:b/count", "2").click("Run").sees("200 OK")
	if got := w.came(); got.Body != "item=pen+%26+ink&count=2" || got.Type != "application/x-www-form-urlencoded" {
		t.Errorf("sent was %+v", got)
	}
	b.task(t, "order").fill("type", "application/xml", "text:b/item", "pen").click("Use it").task().click("Run").sees("200 OK")
	if got := w.came(); !strings.Contains(got.Body, "<item>pen</item>") || got.Type != "application/xml" {
		t.Errorf("sent was %+v", got)
	}
	b.task(t, "text").fill("body", "one\r\ntwo").click("Run").sees("200 OK")
	if got := w.came(); got.Body != "one\ntwo" || got.Type != "text/plain" {
		t.Errorf("sent was %+v", got)
	}
}

// TestFieldsAreBlamed: what is wrong with an argument is said beside its field, and what was typed stays.
func TestFieldsAreBlamed(t *testing.T) {
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	form := b.task(t, "order").fill("number:p.limit", "1000", "number:b/count", "two", "text:b/item", "", "text:b/address/zip", "4001", "json:b/labels", `{"a":`)
	page := form.click("Run").sees("is not JSON")
	page = page.task().fill("json:b/labels", `{"a": 5}`).click("Run")
	for name, wrong := range map[string]string{
		"number:p.limit": "limit", "number:b/count": "count", "text:b/item": "item is missing", "text:b/address/city": "address.city is missing", "json:b/labels": "labels.a",
	} {
		if got := page.blamed(name); !strings.Contains(got, wrong) {
			t.Errorf("beside %s it says %q, want %q", name, got, wrong)
		}
	}
	if got := page.task().values["number:b/count"]; got[0] != "two" {
		t.Errorf("what was typed is lost: %q", got)
	}
	if w.came().Method != "" {
		t.Error("a wrong request was sent")
	}
	if got := page.task().click("Show the request").blamed("text:b/item"); got == "" {
		t.Error("showing the request blames nothing")
	}
	if page.raw.Code != http.StatusBadRequest {
		t.Errorf("the status is %d", page.raw.Code)
	}
}

// blamed is what is said to be wrong with a control.
func (d *document) blamed(name string) string {
	d.t.Helper()
	for _, c := range elements(d.root, "input", "select", "textarea") {
		if attribute(c, "name") != name {
			continue
		}
		if attribute(c, "aria-invalid") != "true" {
			return ""
		}
		for _, p := range elements(c.Parent, "p") {
			if attribute(p, "class") == "wrong" {
				return textOf(p)
			}
		}
	}
	return ""
}

// TestUpload: files go on to the API with the fields before them.
func TestUpload(t *testing.T) {
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	content := strings.Repeat("\x00\xff0123456789abcde", 1<<16) // 1 MiB
	form := b.task(t, "upload").fill("text:b/note", "paid", "text:b/meta/kind", "bill").attach("file:file", "scan.pdf", content).attach("file:pages", "1.png", "one").attach("file:pages", "2.png", "two")
	page := form.click("Run").sees("200 OK")
	want := []string{"note|||paid", `meta||application/json|{"kind":"bill"}`, "file|scan.pdf|application/octet-stream|" + content, "pages|1.png|application/octet-stream|one", "pages|2.png|application/octet-stream|two"}
	if diff := cmp.Diff(want, w.came().Parts); diff != "" {
		t.Error(diff)
	}
	page.sees(`-F file=@scan.pdf`, "(the file scan.pdf)")
	b.task(t, "image").attach("file:", "a.png", content).click("Run").sees("200 OK", "-d @a.png", "--data-binary @a.png")
	if got := w.came(); got.Body != content || got.Type != "image/png" {
		t.Errorf("sent was %d bytes as %s", len(got.Body), got.Type)
	}
	b.task(t, "upload").click("Run").sees("file is missing")
	if shown := b.task(t, "upload").attach("file:file", "scan.pdf", content).click("Show the request"); !strings.Contains(shown.text(), "(the file scan.pdf)") {
		t.Errorf("shown is %s", shown.text())
	}
}

// TestUploadLimit: more than a page sends is refused in words.
func TestUploadLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("a race in it would be one in TestUploadIsStreamed, too, which is smaller")
	}
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	b.page = web.New(b.hub, web.Options{MaxUpload: 32 << 20})
	content := strings.Repeat("x", 49<<20)
	page := b.task(t, "upload").attach("file:file", "large.bin", content).click("Run")
	if page.code != http.StatusBadRequest {
		t.Errorf("the status is %d", page.code)
	}
	page.sees("the files are larger than 32 MiB", "carnet run takes files of any size")
	b.task(t, "upload").attach("file:file", "small.bin", content[:31<<20]).click("Run").sees("200 OK")
	if got := len(w.came().Parts[0]); got < 31<<20 {
		t.Errorf("%d bytes came", got)
	}
}

// TestUploadIsStreamed: the first bytes of a file have reached the service before the browser has sent the last.
func TestUploadIsStreamed(t *testing.T) {
	began := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 1<<20))
		close(began)
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n+1<<20)
	}))
	t.Cleanup(service.Close)
	w := &works{Server: service}
	b := w.settle(t, newBrowser(t).signIn())
	read, write := io.Pipe()
	form := multipart.NewWriter(write)
	go func() {
		form.WriteField("type", "image/png")
		file, _ := form.CreateFormFile("file:", "large.png")
		file.Write(make([]byte, 12<<20))
		select {
		case <-began:
			file.Write(make([]byte, 4<<20))
			form.Close()
			write.Close()
		case <-time.After(time.Minute):
			write.CloseWithError(errors.New("the service has seen nothing"))
		}
	}()
	r := httptest.NewRequest("POST", "/ui/integrations/works/run?operation=image", read)
	r.Header.Set("Content-Type", form.FormDataContentType())
	b.arrive(t, "run", b.do(r)).sees("200 OK", strconv.Itoa(16<<20))
}

// TestEarlyAnswer: a service that answers before it has read the files does not confuse the page.
func TestEarlyAnswer(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) }))
	t.Cleanup(service.Close)
	w := &works{Server: service}
	b := w.settle(t, newBrowser(t).signIn())
	large := strings.Repeat("x", 12<<20)
	b.task(t, "upload").attach("file:file", "a.bin", large).attach("file:pages", "b.bin", large).click("Run").sees("413", "-F pages=@b.bin")
}

// TestForeignUpload: another site's form with files is refused before anything of it is read.
func TestForeignUpload(t *testing.T) {
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		read := &counting{}
		r, _ := http.NewRequest("POST", "http://example.com/ui/integrations/works/run?operation=upload", read)
		r.RequestURI = "/ui/integrations/works/run?operation=upload"
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set(name, value)
		if answer := b.do(r); answer.Code != http.StatusForbidden || read.n > 0 || w.came().Method != "" {
			t.Errorf("%s: %d after %d bytes", name, answer.Code, read.n)
		}
	}
}

// counting counts what is read of a body.
type counting struct{ n int }

func (c *counting) Read(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

// TestAnswers: they are shown as text, whatever they are, and kept as files.
func TestAnswers(t *testing.T) {
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	shown := b.task(t, "page").click("Run").sees("200 OK", `<script>alert("from the API")</script>`, "content-type", "bytes")
	if raw := shown.raw.Body.String(); strings.Contains(raw, "<img") || strings.Contains(raw, "<script>alert") {
		t.Error("what the API answered is rendered")
	}
	kept := b.task(t, "page").click("Run into a file").raw
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": `attachment; filename="page.txt"; filename*=UTF-8''page.txt`, "X-Content-Type-Options": "nosniff",
	} {
		if got := kept.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if kept.Body.String() != page || !strings.Contains(kept.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("kept is %s %v", kept.Body, kept.Header())
	}
	b.task(t, "bytes").click("Run").sees("It is no text", "Keep it as a-b.png", "4 bytes")
	if got := b.task(t, "bytes").click("Run into a file").raw.Body.Bytes(); string(got) != "\x00\x01\xff\xfe" {
		t.Errorf("kept is %x", got)
	}
	large := b.task(t, "large").click("Run").sees("Only its beginning is shown", "Keep it as large.json")
	if n := large.raw.Body.Len(); n > 1<<20 {
		t.Errorf("the page of a large answer has %d bytes", n)
	}
	b.task(t, "empty").click("Run").sees("204 No Content", "It has no body")
	b.task(t, "refused").click("Run").sees("422", "not so")
	b.task(t, "refused").click("Run into a file").sees("422", "not so")
}

func TestAnswerThatIsTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("a race in it would be one in TestAnswers, too, which is smaller")
	}
	w := newWorks(t)
	b := w.settle(t, newBrowser(t).signIn())
	b.task(t, "huge").click("Run").sees("the answer is larger than 64 MiB", "Run into a file")
	if n := b.task(t, "huge").click("Run into a file").raw.Body.Len(); n != 70<<20 {
		t.Errorf("kept are %d bytes", n)
	}
}
