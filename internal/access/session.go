package access

import (
	"context"
	"slices"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// over is the one answer to a session that never was and to one that has ended.
func over() error {
	return fault.New(fault.Unauthenticated, "the session or access token is unknown or has expired").WithHint("sign in again")
}

// open stores a new session and returns its text.
func (g *Guard) open(ctx context.Context, s Session, life time.Duration) (seal.Secret, error) {
	text := newText()
	s.Created = time.Now()
	s.Expires = s.Created.Add(life)
	if _, err := g.sessions.Put(ctx, sessionID(text), s, 0); err != nil {
		return seal.Secret{}, err
	}
	return text, nil
}

// Session returns the caller of a session's text, or of an account's access token, with the role that the user or account
// has now. fault.Unauthenticated if it is unknown, has expired, or its user or account is gone or has a new password.
func (g *Guard) Session(ctx context.Context, text seal.Secret) (Caller, error) {
	s, _, err := g.sessions.recent(ctx, sessionID(text))
	if fault.Is(err, fault.NotFound) {
		return Caller{}, over()
	}
	if err != nil {
		return Caller{}, err
	}
	if !time.Now().Before(s.Expires) {
		return Caller{}, over()
	}
	caller, stamp, err := g.holder(ctx, s)
	if fault.Is(err, fault.NotFound) || err == nil && stamp != s.Stamp {
		return Caller{}, over()
	}
	return caller, err
}

// holder returns whose session it is, and the stamp that such a session has now.
func (g *Guard) holder(ctx context.Context, s Session) (Caller, string, error) {
	if s.Kind == KindAccount {
		account, _, err := g.accounts.recent(ctx, s.Name)
		if account.Disabled {
			return Caller{}, "", err
		}
		return account.caller(), account.stamp(), err
	}
	user, _, err := g.users.recent(ctx, s.Name)
	if user.Disabled {
		return Caller{}, "", err
	}
	return user.caller(), user.Stamp, err
}

// A Living session is one that has not ended.
type Living struct {
	ID string // of the digest that it is stored under, the beginning
	Session
}

const shownID = 16 // letters

// Sessions returns the sessions that live, those that end last first.
func (g *Guard) Sessions(ctx context.Context) (living []Living, err error) {
	for e, err := range g.sessions.All(ctx, "") {
		if err != nil {
			return nil, err
		}
		s := e.Value
		_, stamp, err := g.holder(ctx, s)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if err == nil && stamp == s.Stamp && time.Now().Before(s.Expires) {
			living = append(living, Living{e.ID[:min(shownID, len(e.ID))], s})
		}
	}
	slices.SortFunc(living, func(a, b Living) int { return b.Expires.Compare(a.Expires) })
	return living, nil
}

// EndSession ends a session that Sessions has shown.
func (g *Guard) EndSession(ctx context.Context, id string) error {
	if len(id) == shownID {
		for e, err := range g.sessions.All(ctx, id) {
			if err != nil {
				return err
			}
			return missing(g.sessions.Delete(ctx, e.ID, 0), "session", id)
		}
	}
	return fault.New(fault.NotFound, "session %q does not exist", id).WithHint("list them; it may have ended by itself")
}

// Logout ends a session. One that has ended already is no error.
func (g *Guard) Logout(ctx context.Context, text seal.Secret) error {
	err := g.sessions.Delete(ctx, sessionID(text), 0)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Sweep deletes the sessions that have expired, and returns how many. They are refused anyway; sweeping frees their space.
func (g *Guard) Sweep(ctx context.Context) (int, error) {
	swept := 0
	for s, err := range g.sessions.All(ctx, "") {
		if err != nil {
			return swept, err
		}
		if time.Now().Before(s.Value.Expires) {
			continue
		}
		switch err := g.sessions.Delete(ctx, s.ID, s.Revision); fault.KindOf(err) {
		case fault.NotFound, fault.Conflict: // somebody else swept it
		default:
			if err != nil {
				return swept, err
			}
			swept++
		}
	}
	return swept, nil
}
