package access

import (
	"context"
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
	s.Expires = time.Now().Add(life)
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
		return account.caller(), account.ClientID, err
	}
	user, _, err := g.users.recent(ctx, s.Name)
	return user.caller(), user.Stamp, err
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
