package api

// An OverviewQuery selects from the overview. The zero OverviewQuery selects all.
type OverviewQuery struct {
	Search      string // every word has to occur in the name, the model or the server
	State       string // one of those that Overview.States counts
	Model       string // a model's versionId
	Skip, Limit int    // Limit 0: no limit
}

// An Overview is the answer of GET /overview: the integrations with the state of their tokens at a glance, by name.
type Overview struct {
	Integrations []IntegrationGlance `json:"integrations"`
	Total        int                 `json:"total"`  // that the query selects
	States       map[string]int      `json:"states"` // how many there are in each state, whatever State the query selects
}

// An IntegrationGlance is an integration's line in the overview.
type IntegrationGlance struct {
	Name   string `json:"name"`
	Model  string `json:"model"` // versionId
	Server string `json:"server,omitempty"`
	// State is that of the token which needs attention most: broken, waiting, claimed, due, empty or fresh; "static" for credentials
	// that need no token, "open" for a model without security schemes, and "incomplete" where credentials are to be filled in.
	State  string  `json:"state"`
	Tokens []Token `json:"tokens"` // of the schemes that can be used
}
