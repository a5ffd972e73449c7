package web

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/shell"
)

const newLine = " \\\n  "

// curl is the request for a shell, its secrets masked as they are shown.
func curl(r *api.Request, files []api.File) string {
	parts := []string{"curl"}
	body, isForm := curlBody(r, files)
	if len(files) > 0 && len(body) == 0 {
		return "# curl has no way to write such a form"
	}
	switch {
	case r.Method == "HEAD":
		parts = append(parts, "--head")
	case r.Method != "GET" || len(body) > 0:
		parts = append(parts, "-X "+r.Method)
	}
	if strings.ContainsAny(r.URL, "[]{}") {
		parts = append(parts, "--globoff")
	}
	parts = append(parts, shell.Quote(r.URL))
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		if isForm && name == "Content-Type" { // curl sets it, with a boundary of its own
			continue
		}
		for _, value := range r.Headers[name] {
			header := name + ": " + value
			if value == "" {
				header = name + ";"
			}
			parts = append(parts, "-H "+shell.Quote(header))
		}
	}
	return strings.Join(append(parts, body...), newLine)
}

// curlBody is the body for curl, and whether it is a form with parts.
func curlBody(r *api.Request, files []api.File) (parts []string, isForm bool) {
	kind, parameters, _ := mime.ParseMediaType(strings.Join(r.Headers["Content-Type"], "")) // one that can't be read is sent as it is
	switch {
	case r.Body == "":
		return nil, false
	case kind == "multipart/form-data" && parameters["boundary"] != "":
		if parts, ok := curlForm(r.Body, parameters["boundary"], files); ok || len(files) > 0 {
			return parts, ok
		}
	case len(files) == 1 && files[0].Field == "":
		return []string{"--data-binary " + shell.Quote("@"+files[0].Name)}, false
	}
	return []string{"--data-raw " + shell.Quote(r.Body)}, false
}

// curlForm makes the options of curl from a body of parts; false: they can't be written as such. Names and types are the document's, and
// must not become options: "a=@/etc/passwd" would send a file.
func curlForm(body, boundary string, files []api.File) (options []string, ok bool) {
	parts := multipart.NewReader(strings.NewReader(body), boundary)
	left := slices.Clone(files)
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // the reader returns it as it is
			return options, true
		}
		if err != nil {
			return nil, false
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, false
		}
		name := part.FormName()
		if strings.Contains(name, "=") || !plainType(part.Header.Get("Content-Type")) {
			return nil, false
		}
		if len(left) > 0 && left[0].Field == name && part.FileName() != "" {
			options = append(options, "-F "+shell.Quote(name+"=@"+curlQuoted(left[0].Name)+curlRest(part)))
			left = left[1:]
			continue
		}
		if more := curlRest(part); more != "" || part.FileName() != "" {
			if file := part.FileName(); file != "" {
				more += ";filename=" + curlQuoted(file)
			}
			options = append(options, "-F "+shell.Quote(name+"="+curlQuoted(string(content))+more))
			continue
		}
		options = append(options, "--form-string "+shell.Quote(name+"="+string(content)))
	}
}

// plainType reports whether a media type holds nothing that curl takes for an option of the part.
func plainType(kind string) bool {
	_, parameters, err := mime.ParseMediaType(kind)
	delete(parameters, "charset")
	return kind == "" || err == nil && len(parameters) == 0 && !strings.ContainsAny(kind, `"@`)
}

// curlRest are the headers of a part.
func curlRest(part *multipart.Part) (rest string) {
	if kind := part.Header.Get("Content-Type"); kind != "" {
		rest = ";type=" + kind
	}
	for _, name := range slices.Sorted(maps.Keys(part.Header)) {
		if name != "Content-Type" && name != "Content-Disposition" {
			rest += ";headers=" + curlQuoted(name+": "+part.Header.Get(name))
		}
	}
	return rest
}

// curlQuoted is a text in which curl reads no options.
func curlQuoted(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == "" {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// carnet is the task as a command, which needs no secret.
func carnet(name string, op *api.Operation, t api.Task, files []api.File) string {
	parts := []string{"carnet run"}
	if strings.HasPrefix(name, "-") || strings.HasPrefix(op.ID, "-") {
		parts[0] += " --"
	}
	if slices.ContainsFunc(files, func(f api.File) bool { return !nameable(f.Field) }) || slices.ContainsFunc(slices.Collect(maps.Keys(t.Parameters)), func(p string) bool { return !nameable(p) }) {
		return "# an argument whose name has = in it can't be given on a command line"
	}
	for _, field := range slices.Sorted(maps.Keys(t.Parameters)) {
		parts = append(parts, "-p "+shell.Quote(assigned(field, t.Parameters[field])))
	}
	if len(t.RequestBodyPayload) > 0 {
		body := string(t.RequestBodyPayload)
		var text string
		if json.Unmarshal(t.RequestBodyPayload, &text) == nil && !strings.Contains(t.BodyContentType, "json") {
			body = text
		}
		if strings.HasPrefix(body, "@") {
			body = "@" + body
		}
		parts = append(parts, "-d "+shell.Quote(body))
	}
	for _, f := range files {
		if f.Field == "" {
			parts = append(parts, "-d "+shell.Quote("@"+f.Name))
			continue
		}
		file := f.Field + "=@" + curlQuoted(f.Name)
		if f.ContentType != "" {
			file += ";type=" + f.ContentType
		}
		parts = append(parts, "-F "+shell.Quote(file))
	}
	if t.BodyContentType != "" && (len(t.RequestBodyPayload) > 0 || len(files) > 0) && !chosenAnyway(op, t.BodyContentType) {
		parts = append(parts, "--content-type "+shell.Quote(t.BodyContentType))
	}
	what := shell.Quote(name) + " " + shell.Quote(op.ID)
	if strings.HasSuffix(parts[0], "--") {
		parts[0] = "carnet run"
		return strings.Join(append(parts, "-- "+what), newLine)
	}
	parts[0] += " " + what
	return strings.Join(parts, newLine)
}

// nameable reports whether a name can stand before "=" on a command line, and is still the name.
func nameable(name string) bool { return !strings.Contains(name, "=") && !strings.HasSuffix(name, ":") }

// chosenAnyway reports whether a body would be sent as that type without a word.
func chosenAnyway(op *api.Operation, mediaType string) bool {
	return op.Body != nil && len(op.Body.Content) == 1 && op.Body.Content[0].Type == mediaType && structured(mediaType)
}

// assigned is an argument as carnet run takes it: a text if it is one that reads as nothing else, or else JSON.
func assigned(field string, raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil || json.Valid([]byte(strings.TrimSpace(text))) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
		return field + ":=" + string(raw)
	}
	if strings.HasPrefix(text, "@") {
		text = "@" + text
	}
	return field + "=" + text
}
