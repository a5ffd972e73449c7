// Package guide_test runs every example of docs/authentication.md through Carnet's public API, against servers in memory that accept
// exactly the requests which the page shows, and nothing else. Time is simulated: tokens expire as they would.
package guide_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// An example is settings, and the requests that Carnet makes with them.
type example struct {
	name     string                    // its headline, and which one it is below that
	document map[string]any            // the OpenAPI document
	settings map[string]map[string]any // authentication, by scheme
	sections []section
}

// A section is what happens without a pause.
type section struct {
	after     time.Duration // the section before
	clear     bool          // the token is cleared before
	fails     bool          // the call gets no token
	exchanges []exchange
}

// An exchange is a request, and what the service answers. Its texts may hold {name}.
type exchange struct {
	method, url string
	headers     [][2]string
	body        string
	certificate bool // the client shows one
	signed      map[string]jwtRule
	status      int
	answer      [][2]string
	answerBody  string
}

// A jwtRule says of a {name} what is in it.
type jwtRule struct{ alg, header, claims string }

// page reads the examples.
func page(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("../../docs/authentication.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	var document, own map[string]any
	headline, settings, n := "", "", 0
	for _, b := range blocks(string(text)) {
		if b.headline != headline {
			headline, n, own = b.headline, 0, nil
		}
		switch b.kind {
		case "yaml":
			if own = map[string]any{}; yaml.Unmarshal([]byte(b.text), &own) != nil || own == nil {
				t.Fatalf("%s: no YAML:\n%s", headline, b.text)
			}
			if document == nil { // the first is that of all examples
				document, own = own, nil
			}
		case "json":
			settings = b.text
		case "http":
			n++
			x := example{name: fmt.Sprintf("%s %d", headline, n), document: document}
			if own != nil {
				x.document = own
			}
			if err := json.Unmarshal([]byte(settings), &x.settings); err != nil {
				t.Fatalf("%s: %v in\n%s", x.name, err, settings)
			}
			if x.sections, err = sections(b.text); err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
			all = append(all, x)
			settings = ""
		}
	}
	return all
}

type block struct{ headline, kind, text string }

// blocks are the fenced blocks of a page, each with the headline above it.
func blocks(page string) (all []block) {
	headline, open := "", -1
	for line := range strings.Lines(page) {
		kind, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open < 0:
			all, open = append(all, block{headline, strings.TrimSpace(kind), ""}), len(all)
		case fence:
			open = -1
		case open >= 0:
			all[open].text += line
		case strings.HasPrefix(line, "#"):
			headline = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return all
}

var (
	requestLine = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) (https://\S+)$`)
	statusLine  = regexp.MustCompile(`^([1-5]\d\d)$`)
	headerLine  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*): (.*)$`)
	laterLine   = regexp.MustCompile(`^# (\d+) (second|minute|hour|day)s? later(, and the call fails)?$`)
	jwtLine     = regexp.MustCompile(`^# \{(\w+)\} is a JWT, (\w+): (\{.*\}) (\{.*\})$`)
)

var units = map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// sections reads an http block: paragraphs, each a request or the answer to the one before it, and lines between them that begin with #.
func sections(text string) ([]section, error) {
	all := []section{{}}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(paragraph, "\n")
		for len(lines) > 0 && strings.HasPrefix(lines[0], "# ") {
			if m := laterLine.FindStringSubmatch(lines[0]); m != nil {
				n, _ := strconv.Atoi(m[1])
				all = append(all, section{after: time.Duration(n) * units[m[2]], fails: m[3] != ""})
			} else if lines[0] == "# again" {
				all = append(all, section{})
			} else if lines[0] == "# cleared" {
				all = append(all, section{clear: true})
			} else {
				break
			}
			lines = lines[1:]
		}
		if len(lines) == 0 {
			continue
		}
		last := &all[len(all)-1]
		if m := statusLine.FindStringSubmatch(lines[0]); m != nil && len(last.exchanges) > 0 {
			x := &last.exchanges[len(last.exchanges)-1]
			x.status, _ = strconv.Atoi(m[1])
			x.answer, x.answerBody = message(lines[1:])
			continue
		}
		x := exchange{signed: map[string]jwtRule{}}
		m := requestLine.FindStringSubmatch(lines[0])
		if m == nil {
			return nil, fmt.Errorf("neither a request nor an answer: %s", lines[0])
		}
		x.method, x.url, lines = m[1], m[2], lines[1:]
		for len(lines) > 0 && strings.HasPrefix(lines[0], "&") { // of a long query
			x.url, lines = x.url+lines[0], lines[1:]
		}
		for len(lines) > 0 && strings.HasPrefix(lines[len(lines)-1], "# ") {
			note := lines[len(lines)-1]
			if more, goesOn := strings.CutPrefix(note, "#   "); goesOn && len(lines) > 1 {
				lines = lines[:len(lines)-1]
				note = lines[len(lines)-1] + " " + more
			}
			if m := jwtLine.FindStringSubmatch(note); m != nil {
				x.signed[m[1]] = jwtRule{m[2], m[3], m[4]}
			} else if note == "# with the client certificate" {
				x.certificate = true
			} else {
				return nil, fmt.Errorf("a note that says nothing to a test: %s", note)
			}
			lines = lines[:len(lines)-1]
		}
		x.headers, x.body = message(lines)
		last.exchanges = append(last.exchanges, x)
	}
	return all, nil
}

// message is headers, and what follows them.
func message(lines []string) (headers [][2]string, body string) {
	for len(lines) > 0 {
		m := headerLine.FindStringSubmatch(lines[0])
		if m == nil {
			break
		}
		headers, lines = append(headers, [2]string{m[1], m[2]}), lines[1:]
	}
	return headers, strings.Join(lines, "\n")
}
