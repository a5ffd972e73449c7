package interop_test

import (
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// page shows a form for signing in, which keeps the query; next is what happens when the right person sends it.
func page(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		w.Header().Set("Content-Type", "text/html")
		switch {
		case r.Method == http.MethodGet:
			io.WriteString(w, `<form method="post" action="">`+hidden(r.Form)+
				`<input name="username"><input name="password" type="password"><button>Sign in</button></form>`)
		case r.Form.Get("username") != person || r.Form.Get("password") != personPassword:
			http.Error(w, "wrong name or password", http.StatusForbidden)
		default:
			next(w, r)
		}
	}
}

// hidden are the values as fields of a form that nobody sees.
func hidden(values url.Values) (inputs string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		name, value := html.EscapeString(name), html.EscapeString(values.Get(name))
		inputs += fmt.Sprintf(`<input type="hidden" name="%s" value="%s">`, name, value)
	}
	return inputs
}
