package gallery

import (
	"context"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
)

// canned is what a scene says itself, in place of a service, of people and of time. What is nil is as the hub has it.
type canned struct {
	who        error // why nobody knows who looks
	overview   error
	preview    *api.Preview
	probe      *api.Probe
	result     *api.Result
	run        error
	renew      error
	connection *api.Connection
	standing   *api.Connected
	finish     error
	arrival    *api.Arrival
	arrive     error
	audit      *api.AuditList
	users      []api.User
	accounts   []api.Account
	sessions   []api.Session
	account    *api.Account
	newUser    error
	password   error
}

// A stage is a hub, where the scene says nothing else.
type stage struct {
	*hub.Hub
	canned
	caller access.Caller
}

func (s *stage) CallerBySession(context.Context, seal.Secret) (access.Caller, error) {
	return s.caller, s.who
}

func (s *stage) CallerByPassword(context.Context, string, seal.Secret) (access.Caller, error) {
	return s.caller, s.password
}

func (s *stage) Login(context.Context, string, seal.Secret) (seal.Secret, error) {
	return seal.Secret{}, s.password
}

func (s *stage) Overview(ctx context.Context, c access.Caller, q api.OverviewQuery) (api.Overview, error) {
	if s.overview != nil {
		return api.Overview{}, s.overview
	}
	return s.Hub.Overview(ctx, c, q)
}

func (s *stage) PreviewModel(ctx context.Context, c access.Caller, r api.ModelRequest) (api.Preview, error) {
	if s.preview != nil {
		return *s.preview, nil
	}
	return s.Hub.PreviewModel(ctx, c, r)
}

func (s *stage) TestIntegration(context.Context, access.Caller, string) (api.Probe, error) {
	return *s.probe, nil
}

func (s *stage) RunOperation(ctx context.Context, c access.Caller, integration, id string, t api.Task) (api.Result, error) {
	if t.DryRun || s.run == nil && s.result == nil { // then it is refused before it is sent
		t.DryRun = true
		return s.Hub.RunOperation(ctx, c, integration, id, t)
	}
	if s.run != nil {
		return api.Result{}, s.run
	}
	return *s.result, nil
}

func (s *stage) RenewToken(context.Context, access.Caller, string, string) (api.Token, error) {
	return api.Token{}, s.renew
}

func (s *stage) ConnectIntegration(context.Context, access.Caller, string, string, api.Connect) (api.Connection, error) {
	return *s.connection, nil
}

// FinishConnection fails once: who asks again is told how the connection stands.
func (s *stage) FinishConnection(context.Context, access.Caller, map[string]string) (api.Connected, error) {
	if err := s.finish; err != nil {
		if s.standing != nil {
			s.finish = nil
		}
		return api.Connected{}, err
	}
	return *s.standing, nil
}

func (s *stage) Callback(context.Context, access.Caller, string, map[string]string) (api.Arrival, error) {
	if s.arrive != nil {
		return api.Arrival{}, s.arrive
	}
	return *s.arrival, nil
}

func (s *stage) AuditEntries(ctx context.Context, c access.Caller, q api.AuditQuery) (api.AuditList, error) {
	if s.audit != nil {
		return *s.audit, nil
	}
	return s.Hub.AuditEntries(ctx, c, q)
}

func (s *stage) Users(ctx context.Context, c access.Caller) (api.UserList, error) {
	if s.users == nil {
		return s.Hub.Users(ctx, c)
	}
	return api.UserList{Users: s.users}, nil
}

func (s *stage) Accounts(context.Context, access.Caller) (api.AccountList, error) {
	return api.AccountList{Accounts: s.accounts}, nil
}

func (s *stage) Sessions(context.Context, access.Caller) (api.SessionList, error) {
	return api.SessionList{Sessions: s.sessions}, nil
}

func (s *stage) CreateUser(context.Context, access.Caller, api.User) (api.User, error) {
	return api.User{}, s.newUser
}

func (s *stage) CreateAccount(context.Context, access.Caller, api.Account) (api.Account, error) {
	return *s.account, nil
}

// unclassed is an error that nobody expected, whose text is not for those who look.
type unclassed struct{}

func (unclassed) Error() string { return "a text that is in the log alone" }
