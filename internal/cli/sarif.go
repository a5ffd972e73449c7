package cli

import (
	"net/url"
	"path/filepath"
	"slices"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi"
)

// The part of SARIF 2.1.0 (OASIS) that says what was found where; numbers are sections of it.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct { // 3.14
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"` // 3.14.17
	Results    []sarifResult `json:"results"`
}

type sarifDriver struct { // 3.19
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct { // 3.49
	ID      string       `json:"id"`
	Text    sarifMessage `json:"shortDescription"`
	Default struct {
		Level fault.Severity `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifResult struct { // 3.27
	RuleID    string          `json:"ruleId,omitempty"`
	RuleIndex *int            `json:"ruleIndex,omitempty"`
	Level     fault.Severity  `json:"level"` // 3.27.10: SARIF's levels are our severities
	Message   sarifMessage    `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct { // 3.28
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	} `json:"physicalLocation"`
	Logical []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifRegion struct { // 3.30
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
}

type sarifLogical struct { // 3.33
	Name string `json:"fullyQualifiedName"`
}

// sarif is a verdict as SARIF.
func sarif(v *verdict, rules []openapi.Rule, version string) sarifLog {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "Carnet", Version: version, Rules: []sarifRule{}}
	for _, r := range rules {
		rule := sarifRule{ID: r.ID, Text: sarifMessage{r.Text}}
		rule.Default.Level = r.Severity
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	for _, p := range v.Problems {
		result := sarifResult{RuleID: p.Rule, Level: p.Severity, Message: sarifMessage{p.Message}}
		if i := slices.IndexFunc(rules, func(r openapi.Rule) bool { return r.ID == p.Rule }); i >= 0 {
			result.RuleIndex = &i
		}
		var at sarifLocation
		at.Physical.Artifact.URI = artifact(p.File)
		if p.Line > 0 {
			at.Physical.Region = &sarifRegion{p.Line, p.Column}
		}
		if p.Pointer != "" {
			at.Logical = []sarifLogical{{p.Pointer}}
		}
		result.Locations = []sarifLocation{at}
		run.Results = append(run.Results, result)
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

// artifact is a file's name as a URI reference (3.4.3).
func artifact(file string) string {
	if isURL(file) {
		return file
	}
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
