package catalogue

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// number is a template in an answer that is written as a JSON number.
type number string

// lastAnswer is the answer with the token; nil is the token as the whole body. Its texts are templates of accessToken,
// refreshToken, expiresIn, expiresInMS, expiresAt (an ISO time) and expiresUnix.
func (p *plan) lastAnswer() Object {
	e := p.entry
	o := Object{}
	switch {
	case e.AuthMode == modeBill:
		return members("sessionId", "${accessToken}", "organizationId", "${credentials.organizationId}", "userId", "u-1")
	case e.TokenRequestAuthMethod == "custom":
		return members("jwt", "${accessToken}")
	case e.TokenResponse != nil && e.TokenResponse.Token == "":
		return nil
	case e.TokenResponse != nil:
		o = p.ownAnswer(*e.TokenResponse)
	case e.AuthMode == modeCode || e.AuthMode == modeClient:
		o = p.standardAnswer()
	}
	for _, path := range e.TokenResponseMetadata {
		o = o.set(path, "${connectionConfig."+path+"}")
	}
	for _, name := range namesIn(e.CallHeaders, e.CallQuery) {
		if path, is := strings.CutPrefix(name, "credentials.raw."); is {
			o = o.set(path, "${"+name+"}")
		}
	}
	return o
}

// standardAnswer is RFC 6749 5.1.
func (p *plan) standardAnswer() Object {
	e := p.entry
	o := members("access_token", "${accessToken}", "token_type", "Bearer")
	switch {
	case e.TokenExpiresInMS != nil:
	case e.ExpiresInUnit == "milliseconds":
		o = o.with("expires_in", number("${expiresInMS}"))
	default:
		o = o.with("expires_in", number("${expiresIn}"))
	}
	if len(p.facts.Scopes) > 0 {
		o = o.with("scope", "${scope}")
	}
	if e.AuthMode == modeCode {
		o = o.with("refresh_token", "${refreshToken}")
	}
	return o
}

// ownAnswer is an answer with paths of its own.
func (p *plan) ownAnswer(r Response) Object {
	o := Object{}
	if r.RefreshToken != "" {
		o = o.set(r.RefreshToken, "${refreshToken}")
	}
	o = o.set(r.Token, "${accessToken}") // where both are one, it is the token that refreshes
	switch {
	case r.TokenExpiration == "":
	case r.TokenExpirationStrategy == "expireAt":
		o = o.set(r.TokenExpiration, "${expiresAt}")
	default:
		o = o.set(r.TokenExpiration, number("${expiresIn}"))
	}
	return o
}

// firstAnswer is the answer of a request that others follow: what they use of it.
func (p *plan) firstAnswer() Object {
	o := members("access_token", "${stepToken}", "token_type", "Bearer", "expires_in", number("${expiresIn}"))
	for _, s := range p.entry.AdditionalSteps {
		for _, name := range namesIn(s.TokenURL, s.TokenParams, s.TokenHeaders) {
			if path, is := strings.CutPrefix(name, "step1."); is && path != "access_token" {
				o = o.set(path, "${"+name+"}")
			}
		}
	}
	return o
}

// answers changes the answers that have the token.
func (p *plan) answers(change func(Object) Object) {
	p.last, p.renewed = change(p.last), change(p.renewed)
}

// render fills in an answer and writes it in the plan's format.
func (p *plan) render(o Object, value func(string) (string, bool)) ([]byte, string, error) {
	if o == nil {
		text, _ := value("accessToken")
		return []byte(text), "text", nil
	}
	filled, err := fill(o, value)
	if err != nil {
		return nil, "", err
	}
	if p.xml {
		out, err := asXML(filled.(Object))
		return out, "xml", err
	}
	out, err := json.Marshal(filled)
	return out, "json", err
}

// fill evaluates the templates in a value.
func fill(value any, known func(string) (string, bool)) (any, error) {
	switch v := value.(type) {
	case Object:
		out := slices.Clone(v)
		for i := range out {
			filled, err := fill(out[i].Value, known)
			if err != nil {
				return nil, err
			}
			out[i].Value = filled
		}
		return out, nil
	case number:
		text, err := evaluate(string(v), known)
		return json.Number(text), err
	case string:
		return evaluate(v, known)
	case []any:
		out := slices.Clone(v)
		for i := range out {
			filled, err := fill(out[i], known)
			if err != nil {
				return nil, err
			}
			out[i] = filled
		}
		return out, nil
	}
	return value, nil
}

func evaluate(template string, known func(string) (string, bool)) (string, error) {
	parsed, err := parse(template)
	if err != nil {
		return "", err
	}
	return parsed.eval(known)
}

// asXML writes an object as elements. Its one member is the root.
func asXML(o Object) ([]byte, error) {
	node, err := nodeOf(o)
	if err != nil {
		return nil, err
	}
	out, err := xml.Marshal(node)
	return append([]byte(xml.Header), out...), err
}

// nodeOf reads an object as an XML element: a member whose name begins with $ is an attribute, any other a child.
func nodeOf(o Object) (node, error) {
	if len(o) != 1 {
		return node{}, fmt.Errorf("an XML body of %d roots", len(o))
	}
	return nodeNamed(o[0].Name, o[0].Value), nil
}

func nodeNamed(name string, value any) node {
	n := node{name: name}
	object, is := value.(Object)
	if !is {
		n.text = scalar(value)
		return n
	}
	for _, m := range object {
		if attribute, is := strings.CutPrefix(m.Name, "$"); is {
			n.attributes = append(n.attributes, Member{attribute, scalar(m.Value)})
		} else {
			n.children = append(n.children, nodeNamed(m.Name, m.Value))
		}
	}
	return n
}

// scalar writes a value where everything is text: in forms, queries, XML.
func scalar(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case nil:
		return ""
	}
	return fmt.Sprint(value)
}
