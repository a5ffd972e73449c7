package access

import (
	"maps"
	"slices"
)

// An Action is something that a caller may or may not do, by the name that the audit log shows.
type Action string

// The actions, one for each kind of use case.
const (
	ModelImport   Action = "model.import"
	ModelUpdate   Action = "model.update"
	ModelValidate Action = "model.validate"
	ModelRead     Action = "model.read"
	ModelDelete   Action = "model.delete"

	IntegrationCreate Action = "integration.create"
	IntegrationRead   Action = "integration.read"
	IntegrationUpdate Action = "integration.update"
	IntegrationDelete Action = "integration.delete"
	IntegrationTest   Action = "integration.test"

	OperationRead Action = "operation.read"
	OperationRun  Action = "operation.run"

	TokenRead    Action = "token.read"
	TokenRenew   Action = "token.renew"
	TokenConnect Action = "token.connect"
	TokenClear   Action = "token.clear"
	TokenSet     Action = "token.set"

	AuditRead Action = "audit.read"

	UserCreate   Action = "user.create"
	UserRead     Action = "user.read"
	UserPassword Action = "user.password"
	UserDelete   Action = "user.delete"
	UserDisable  Action = "user.disable"
	UserEnable   Action = "user.enable"

	AccountCreate  Action = "account.create"
	AccountRead    Action = "account.read"
	AccountDelete  Action = "account.delete"
	AccountRotate  Action = "account.rotate"
	AccountDisable Action = "account.disable"
	AccountEnable  Action = "account.enable"

	// SessionCreate is signing in. It is audited, and needs a password instead of a role.
	SessionCreate Action = "session.create"
	SessionDelete Action = "session.delete"
	SessionRead   Action = "session.read" // of others
	SessionEnd    Action = "session.end"
)

// roles is the least role that may do an action. What is missing here is allowed to nobody. Validating a document is an
// operator's, for the server may have to fetch it; clearing a token is an admin's, for one that a person typed is lost by it.
// Who the users are and what they did is for admins only.
var roles = map[Action]Role{
	ModelRead:       Viewer,
	IntegrationRead: Viewer,
	OperationRead:   Viewer,
	TokenRead:       Viewer,
	SessionCreate:   Viewer,
	SessionDelete:   Viewer,

	ModelValidate:   Operator,
	OperationRun:    Operator,
	IntegrationTest: Operator,
	TokenRenew:      Operator,

	ModelImport:       Admin,
	ModelUpdate:       Admin,
	ModelDelete:       Admin,
	IntegrationCreate: Admin,
	TokenConnect:      Admin, // it decides whose account is used
	IntegrationUpdate: Admin,
	IntegrationDelete: Admin,
	TokenClear:        Admin,
	TokenSet:          Admin,
	AuditRead:         Admin,
	UserCreate:        Admin,
	UserRead:          Admin,
	UserPassword:      Admin,
	UserDelete:        Admin,
	AccountCreate:     Admin,
	AccountRead:       Admin,
	AccountDelete:     Admin,
	UserDisable:       Admin,
	UserEnable:        Admin,
	AccountRotate:     Admin,
	AccountDisable:    Admin,
	AccountEnable:     Admin,
	SessionRead:       Admin,
	SessionEnd:        Admin,
}

// Actions returns all actions, sorted.
func Actions() []Action { return slices.Sorted(maps.Keys(roles)) }
