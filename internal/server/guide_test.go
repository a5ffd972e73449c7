package server_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
)

var (
	curlLine = regexp.MustCompile(`(?m)^ .*curl .*$`)
	address  = regexp.MustCompile(`\$C(/[^ "]*)`)
	verb     = regexp.MustCompile(`-X (\w+)`)
	formTask = regexp.MustCompile(`-F 'task=(\{.*?\})(?:;type=[^']*)?' -F '(body[^=]*)=@`)
	payload  = regexp.MustCompile(`-d '(\{.*\})'`)
)

// TestGuide makes every request of docs/api.md: each must be one that the server understands.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := curlLine.FindAllString(string(page), -1)
	if len(lines) < 15 {
		t.Fatalf("the page has %d requests", len(lines))
	}
	s := embedded()
	s.models["Pets:1"] = api.Model{}
	s.sessions[sessionText] = access.Local("root")
	s.integrations["pets"] = api.Integration{}
	for _, line := range lines {
		method, body := "GET", ""
		if m := payload.FindStringSubmatch(line); m != nil {
			method, body = "POST", strings.ReplaceAll(m[1], `'"$PASSWORD"'`, password)
		}
		if m := verb.FindStringSubmatch(line); m != nil {
			method = m[1]
		}
		headers := []string{"Content-Type: application/json"}
		if strings.Contains(line, "grant_type") {
			method, body = "POST", "grant_type=client_credentials&client_id=ci.1&client_secret="+clientSecret
			headers[0] = "Content-Type: application/x-www-form-urlencoded"
		}
		if m := formTask.FindStringSubmatch(line); m != nil {
			method, headers[0] = "POST", "Content-Type: multipart/form-data; boundary=x"
			body = "--x\r\nContent-Disposition: form-data; name=\"task\"\r\n\r\n" + m[1] +
				"\r\n--x\r\nContent-Disposition: form-data; name=\"" + m[2] + "\"; filename=\"a\"\r\n\r\nbytes\r\n--x--\r\n"
		}
		answer := s.ask(method, address.FindStringSubmatch(line)[1], body, headers...)
		// The fake hub reads no documents from URLs, and knows "Pets:1" already.
		if answer.Code != 200 && answer.Code != 409 && !strings.Contains(line, `"url"`) {
			t.Errorf("%s\nanswers %d %s", line, answer.Code, answer.Body)
		}
	}
	for _, kind := range fault.Kinds() {
		if row := "| " + kind.String() + " | " + strconv.Itoa(kind.Status()) + " |"; !strings.Contains(string(page), row) {
			t.Errorf("the page lacks %q", row)
		}
	}
}
