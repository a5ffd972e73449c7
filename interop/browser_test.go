package interop_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Whoever signs in anywhere.
const person, personPassword = "ada", "a password"

// callbacks are where authorization servers send a browser back to. Nobody listens there, but on another port of loopback, which
// oidc-provider lets native applications choose (RFC 8252 7.3), a Carnet may.
var callbacks = []string{callback, "http://127.0.0.1:9/callback/it"}

// browse does what a person does with a browser: signs in, consents, and is sent back to a callback, whose URL it returns.
func browse(t *testing.T, authorizationURL string) *url.URL {
	t.Helper()
	at, page := walk(t, authorizationURL)
	if page != nil {
		t.Fatalf("signing in ended at %s: %s", at, text(page))
	}
	return at
}

// approve enters the code of a device at the address that it shows, and returns what the last page says.
func approve(t *testing.T, verificationURL string) string {
	t.Helper()
	at, page := walk(t, verificationURL)
	if page == nil {
		t.Fatalf("approving a device ended at %s", at)
	}
	return text(page)
}

// walk, with the cookies of all that is on this machine, follows redirects, and sends the first form of each page, until a callback or a page without a form.
func walk(t *testing.T, address string, cookies ...*http.Cookie) (at *url.URL, page *html.Node) {
	t.Helper()
	browser := theAuthority().with()
	browser.Jar, _ = cookiejar.New(nil)
	if start, err := url.Parse(address); err == nil {
		browser.Jar.SetCookies(start, cookies) // a cookie is a host's, on whatever port
	}
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		page, err := html.Parse(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		next, ok := request(r, answer, page)
		if !ok {
			return answer.Request.URL, page
		}
		if arrived(next.URL) {
			return next.URL, nil
		}
		r = next.WithContext(t.Context())
	}
	t.Fatalf("still walking at %s", r.URL)
	return nil, nil
}

func arrived(at *url.URL) bool {
	for _, c := range callbacks {
		if before, _, _ := strings.Cut(at.String(), "?"); before == c {
			return true
		}
	}
	return false
}

// request is the next one: where the answer redirects, or what its form sends.
func request(last *http.Request, answer *http.Response, page *html.Node) (*http.Request, bool) {
	if next, err := answer.Location(); err == nil && answer.StatusCode/100 == 3 {
		r, err := http.NewRequest(http.MethodGet, next.String(), nil)
		return r, err == nil
	}
	form := find(page, "form")
	if form == nil || answer.StatusCode != http.StatusOK {
		return nil, false
	}
	action, err := last.URL.Parse(attribute(form, "action"))
	if err != nil {
		return nil, false
	}
	r, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(filled(form).Encode()))
	if err != nil {
		return nil, false
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r, true
}

// filled is what the person sends with a form.
func filled(form *html.Node) url.Values {
	values := url.Values{}
	for node := range form.Descendants() {
		if node.Data != "input" {
			continue
		}
		switch name := attribute(node, "name"); name {
		case "login", "username":
			values.Set(name, person)
		case "password":
			values.Set(name, personPassword)
		case "":
		default:
			values.Set(name, attribute(node, "value"))
		}
	}
	return values
}

func find(page *html.Node, element string) *html.Node {
	for node := range page.Descendants() {
		if node.Type == html.ElementNode && node.Data == element {
			return node
		}
	}
	return nil
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what a page says.
func text(page *html.Node) string {
	var all []string
	for node := range page.Descendants() {
		if node.Type == html.TextNode && node.Parent.Data != "style" && node.Parent.Data != "script" {
			all = append(all, strings.Fields(node.Data)...)
		}
	}
	return strings.Join(all, " ")
}
