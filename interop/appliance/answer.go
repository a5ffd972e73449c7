package appliance

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
)

// An object is JSON to be written.
type object = map[string]any

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// isType reports whether the request's body says that it has the media type.
func isType(r *http.Request, want string) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == want
}

// decode reads a JSON body; what it does not know is refused, so that a login carries nothing else.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil || d.More() {
		return errors.New("the body is not what is wanted")
	}
	return nil
}

// cookie returns the value of a cookie as it was sent; "" if there is none.
func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}
