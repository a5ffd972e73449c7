// Package access says who asks Carnet for something, and whether they may: callers and their roles, users with passwords,
// service accounts, sessions. It owns the hashes of passwords and the texts of sessions; where they are kept is a
// [Collection]'s business (package store), and which use case asks for which [Action] is the hub's.
package access

import (
	"slices"

	"carnet.dev/carnet/fault"
)

// A Role says what a caller may do. Each role may do all that the one before it may.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // reads models, integrations, operations and the state of tokens
	Operator Role = "operator" // and runs operations, renews tokens, validates documents
	Admin    Role = "admin"    // and everything else
)

// Roles returns all roles, the least powerful first.
func Roles() []Role { return []Role{Viewer, Operator, Admin} }

// Check returns fault.Invalid if there is no such role.
func (r Role) Check() error {
	if slices.Contains(Roles(), r) {
		return nil
	}
	return fault.New(fault.Invalid, "there is no role %q", string(r)).WithHint("use one of viewer, operator, admin")
}

// Kinds of callers.
const (
	KindUser    = "user"    // signed in with a password
	KindAccount = "account" // a service account
	KindLocal   = "local"   // whoever runs a command on the data directory itself
)

// A Caller is who asks. The zero Caller is nobody, and may do nothing.
type Caller struct {
	Kind string
	Name string
	Role Role
}

// Local returns the caller of a command that works on the data directory itself. It is an admin: whoever may read the key
// file may read everything.
func Local(name string) Caller { return Caller{Kind: KindLocal, Name: name, Role: Admin} }

// String is the caller as the audit log names it: "user admin", "account ci", "local root"; "nobody" for the zero Caller.
func (c Caller) String() string {
	if c.Kind == "" {
		return "nobody"
	}
	return c.Kind + " " + c.Name
}

// IsUser reports whether the caller is that user, who may for instance change a password that is their own.
func (c Caller) IsUser(name string) bool { return c.Kind == KindUser && c.Name == name }

// Allow returns nil if the caller may do that, else fault.Denied.
func (c Caller) Allow(a Action) error {
	least, known := roles[a]
	order := Roles()
	if at := slices.Index(order, c.Role); known && at >= 0 && at >= slices.Index(order, least) {
		return nil
	}
	if c.Role == "" {
		return fault.New(fault.Denied, "%s may not do %s", c, string(a))
	}
	return fault.New(fault.Denied, "%s may not do %s: the role %s does not allow it", c, string(a), string(c.Role)).
		WithHint("ask an administrator, or sign in as a user with the role %s", string(least))
}
