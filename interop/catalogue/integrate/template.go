package integrate

import (
	"slices"
	"strings"
)

// template translates a text of the entry: ${credentials.x} is ${secrets.x} in Carnet, ${base64(${a}:${b})} is
// ${base64(a + ':' + b)}.
func (m *maker) template(text string) string {
	text = strings.ReplaceAll(text, "{{$guid}}", "${random}")
	var out strings.Builder
	for text != "" {
		before, after, found := strings.Cut(text, "${")
		if out.WriteString(before); !found {
			break
		}
		expression, rest := m.expression(after)
		out.WriteString("${" + expression + "}")
		text = rest
	}
	return out.String()
}

// expression reads what follows on ${, up to its }.
func (m *maker) expression(text string) (string, string) {
	end := strings.IndexAny(text, "(}")
	if end < 0 {
		return text, ""
	}
	name := text[:end]
	if text[end] == '}' {
		return m.name(name), text[end+1:]
	}
	var args []string
	rest := text[end+1:]
	for {
		arg, after, last := m.argument(rest)
		args, rest = append(args, arg), after
		if last {
			break
		}
	}
	return function(name, args), rest
}

// argument reads a template up to a comma or to )}, as a sum of Carnet's.
func (m *maker) argument(text string) (sum, rest string, last bool) {
	var terms []string
	literal := ""
	flush := func() {
		if literal != "" {
			terms = append(terms, quote(literal))
			literal = ""
		}
	}
	for text != "" {
		if after, ok := strings.CutPrefix(text, ")}"); ok {
			flush()
			return strings.Join(terms, " + "), after, true
		}
		if after, ok := strings.CutPrefix(text, ", "); ok {
			flush()
			return strings.Join(terms, " + "), after, false
		}
		if after, ok := strings.CutPrefix(text, "${"); ok {
			flush()
			term, left := m.expression(after)
			terms, text = append(terms, term), left
			continue
		}
		literal, text = literal+text[:1], text[1:]
	}
	flush()
	return strings.Join(terms, " + "), "", true
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func function(name string, args []string) string {
	switch name {
	case "sha256Hex":
		return "hex(sha256(" + args[0] + "))"
	case "fingerprint":
		return "base64(fingerprint(" + args[0] + "))"
	case "hmacSha1Hex":
		return "hex(hmac_sha1(" + args[1] + ", " + args[0] + "))"
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}

// name is what Carnet calls a value.
func (m *maker) name(name string) string {
	switch name {
	case "clientId":
		return "client_id"
	case "clientSecret":
		return "client_secret"
	case "accessToken":
		return "token.access_token"
	case "refresh_token", "redirectUri":
		return map[string]string{"refresh_token": "refresh_token", "redirectUri": "redirect_uri"}[name]
	case "random":
		return "uuid"
	case "now":
		return "now"
	case "token":
		return "assertion"
	case "endpoint":
		return "request.path"
	case "credentials._cookies":
		return "token.cookies"
	case "credentials.assertion":
		if m.entry.Assertion != nil && m.entry.Assertion.Type == "jwt" {
			return "assertion"
		}
	}
	kind, rest, _ := strings.Cut(name, ".")
	switch kind {
	case "step1":
		return "steps.first." + rest
	case "assertionOption":
		return "secrets.option-" + rest
	case "credentials":
		if raw, ok := strings.CutPrefix(rest, "raw."); ok {
			return "token." + raw
		}
		return "secrets." + rest
	case "connectionConfig":
		return m.told(rest)
	}
	if format, ok := strings.CutPrefix(name, "now:"); ok {
		return "now(" + quote(format) + ")"
	}
	return m.told(name)
}

// told is a value that the user knows, or that the answer or the redirect tells.
func (m *maker) told(name string) string {
	switch {
	case slices.Contains(m.entry.RedirectURIMetadata, name):
		return "redirect." + name
	case slices.Contains(m.entry.TokenResponseMetadata, name):
		return "token." + name
	}
	return "variables." + name
}

// choose takes the first alternative whose values are given.
func (m *maker) choose(text string) string {
	alternatives := strings.Split(text, " || ")
	for _, a := range alternatives[:len(alternatives)-1] {
		if m.given(a) {
			return a
		}
	}
	return alternatives[len(alternatives)-1]
}

func (m *maker) given(text string) bool {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "${")
		if !found {
			return true
		}
		name, left, _ := strings.Cut(after, "}")
		kind, x, _ := strings.Cut(name, ".")
		if kind == "connectionConfig" && m.facts.Config[x] == "" && strings.HasPrefix(m.told(x), "variables.") {
			return false
		}
		rest = left
	}
}
