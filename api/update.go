package api

// An UpdateOptions says how a document replaces that of a model: the query of PUT /integration-models. The zero UpdateOptions
// replace the model of the document's own title and version, unless that breaks an integration's credentials.
type UpdateOptions struct {
	Model  string // the versionId of the model to replace, where the document has another title or version
	DryRun bool   // says what would change, and stores nothing
	Force  bool   // also if credentials that are stored could not be used any more
}

// A ModelUpdate is the answer of PUT /integration-models: the model, and what the document changes in it.
type ModelUpdate struct {
	Status  string       `json:"status"`
	Message string       `json:"message"`
	Data    Model        `json:"data"`
	Changes ModelChanges `json:"changes"`
}

// ModelChanges are what a newer document of a model changes. Texts that only people read do not count.
type ModelChanges struct {
	From         string              `json:"from"` // versionId of the model that is replaced
	Added        []OperationSummary  `json:"added"`
	Removed      []OperationSummary  `json:"removed"`
	Changed      []OperationChange   `json:"changed"`
	Same         int                 `json:"same"` // how many operations are called as before
	Schemes      []SchemeChange      `json:"schemes"`
	Servers      ServerChanges       `json:"servers"`
	Integrations []IntegrationChange `json:"integrations"` // of the model, all of them; they stay, with their credentials and tokens
}

// Breaks reports whether credentials that are stored could not be used any more.
func (c ModelChanges) Breaks() bool {
	for _, i := range c.Integrations {
		if len(i.Breaks) > 0 {
			return true
		}
	}
	return false
}

// An OperationChange is an operation that changed.
type OperationChange struct {
	OperationSummary
	Was     *OperationSummary `json:"was,omitempty"` // if its id, method or path was another
	What    []string          `json:"what"`          // id, path, parameters, body, answers, security, servers, deprecated
	Details []string          `json:"details"`       // a line for each single change
}

// A SchemeChange is a security scheme that changed.
type SchemeChange struct {
	Name    string   `json:"name"`
	How     string   `json:"how"` // added, removed, changed
	Details []string `json:"details,omitempty"`
}

// ServerChanges are URLs of servers that a document has new, and has no more.
type ServerChanges struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// An IntegrationChange is what an update means for an integration of the model.
type IntegrationChange struct {
	Name   string   `json:"name"`
	Server string   `json:"server,omitempty"` // that it calls from now on, if that changes: only the path, never the host
	Stays  string   `json:"stays,omitempty"`  // the server that it goes on calling, if the document suggests another host
	Keeps  []string `json:"keeps,omitempty"`  // URLs that it goes on using, where the document now says others
	Breaks []string `json:"breaks,omitempty"` // why stored credentials can't be used any more
}
