package interop_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// zitadelStorage is what the library keeps: everything in memory, refresh tokens that rotate, and the end of a family when a
// spent one comes back.
type zitadelStorage struct {
	mu       sync.Mutex
	requests map[string]*zitadelRequest
	codes    map[string]string // codes to requests
	access   map[string]*zitadelGrant
	refresh  map[string]*zitadelGrant
	devices  map[string]*op.DeviceAuthorizationState
	userCode map[string]string // user codes to device codes
}

var errUnknown = errors.New("there is none such")

func newZitadelStorage() *zitadelStorage {
	return &zitadelStorage{
		requests: map[string]*zitadelRequest{}, codes: map[string]string{}, access: map[string]*zitadelGrant{},
		refresh: map[string]*zitadelGrant{}, devices: map[string]*op.DeviceAuthorizationState{}, userCode: map[string]string{},
	}
}

// A zitadelGrant is what a token is for.
type zitadelGrant struct {
	client, subject  string
	audience, scopes []string
	began, ends      time.Time
	family           string // the tokens that came of one sign-in
	spent            bool
}

func (g *zitadelGrant) GetAMR() []string                { return nil }
func (g *zitadelGrant) GetAudience() []string           { return g.audience }
func (g *zitadelGrant) GetAuthTime() time.Time          { return g.began }
func (g *zitadelGrant) GetClientID() string             { return g.client }
func (g *zitadelGrant) GetScopes() []string             { return g.scopes }
func (g *zitadelGrant) GetSubject() string              { return g.subject }
func (g *zitadelGrant) SetCurrentScopes(scope []string) { g.scopes = scope }

// A zitadelRequest is a person about to sign in.
type zitadelRequest struct {
	*oidc.AuthRequest
	id, subject string
	at          time.Time
}

func (r *zitadelRequest) GetID() string          { return r.id }
func (r *zitadelRequest) GetACR() string         { return "" }
func (r *zitadelRequest) GetAMR() []string       { return []string{"pwd"} }
func (r *zitadelRequest) GetAudience() []string  { return []string{r.ClientID} }
func (r *zitadelRequest) GetAuthTime() time.Time { return r.at }
func (r *zitadelRequest) GetClientID() string    { return r.ClientID }
func (r *zitadelRequest) GetNonce() string       { return r.Nonce }
func (r *zitadelRequest) GetScopes() []string    { return r.Scopes }
func (r *zitadelRequest) GetSubject() string     { return r.subject }
func (r *zitadelRequest) Done() bool             { return r.subject != "" }

func (r *zitadelRequest) GetCodeChallenge() *oidc.CodeChallenge {
	if r.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.CodeChallenge, Method: r.CodeChallengeMethod}
}

func (s *zitadelStorage) CreateAuthRequest(_ context.Context, r *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := &zitadelRequest{AuthRequest: r, id: unique()}
	s.requests[kept.id] = kept
	return kept, nil
}

// signedIn notes who signed in for a request.
func (s *zitadelStorage) signedIn(id, subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.requests[id]; r != nil {
		r.subject, r.at = subject, time.Now()
	}
}

func (s *zitadelStorage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.requests[id]; r != nil {
		return r, nil
	}
	return nil, errUnknown
}

func (s *zitadelStorage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id := s.codes[code]
	s.mu.Unlock()
	return s.AuthRequestByID(ctx, id)
}

func (s *zitadelStorage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

func (s *zitadelStorage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

// grant is what a request for a token is about.
func grant(r op.TokenRequest) *zitadelGrant {
	g := &zitadelGrant{
		client: r.GetSubject(), subject: r.GetSubject(), audience: r.GetAudience(), scopes: r.GetScopes(),
		began: time.Now(), ends: time.Now().Add(time.Hour), family: unique(),
	}
	if r, ok := r.(interface{ GetClientID() string }); ok {
		g.client = r.GetClientID()
	}
	return g
}

func (s *zitadelStorage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, g := unique(), grant(r)
	s.access[id] = g
	return id, g.ends, nil
}

func (s *zitadelStorage) CreateAccessAndRefreshTokens(
	_ context.Context, r op.TokenRequest, spent string,
) (access, refresh string, ends time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, next, g := unique(), unique(), grant(r)
	if old := s.refresh[spent]; old != nil {
		old.spent, g.family = true, old.family
	}
	later := *g
	later.ends = time.Now().Add(24 * time.Hour)
	s.access[id], s.refresh[next] = g, &later
	return id, next, g.ends, nil
}

func (s *zitadelStorage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.refresh[token]
	if g == nil {
		return nil, errUnknown
	}
	if g.spent {
		s.end(g.family)
		return nil, errUnknown
	}
	own := *g
	return &own, nil
}

// end forgets the tokens of a family.
func (s *zitadelStorage) end(family string) {
	for _, tokens := range []map[string]*zitadelGrant{s.access, s.refresh} {
		for id, g := range tokens {
			if g.family == family {
				delete(tokens, id)
			}
		}
	}
}

func (s *zitadelStorage) RevokeToken(_ context.Context, token, _, client string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	access, refresh := s.access[token], s.refresh[token]
	switch {
	case access != nil && access.client == client:
		delete(s.access, token)
	case refresh != nil && refresh.client == client:
		s.end(refresh.family)
	case access != nil || refresh != nil:
		return oidc.ErrInvalidClient()
	}
	return nil
}

func (s *zitadelStorage) GetRefreshTokenInfo(_ context.Context, _, token string) (string, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.refresh[token]; g != nil {
		return g.subject, token, nil
	}
	return "", "", op.ErrInvalidRefreshToken
}

// live is what a live access token is for.
func (s *zitadelStorage) live(id string) *zitadelGrant {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.access[id]; g != nil && time.Now().Before(g.ends) {
		return g
	}
	return nil
}

func (s *zitadelStorage) SetIntrospectionFromToken(_ context.Context, answer *oidc.IntrospectionResponse, id, _, _ string) error {
	g := s.live(id)
	if g == nil {
		return errUnknown
	}
	answer.ClientID, answer.Subject, answer.Scope, answer.Audience = g.client, g.subject, g.scopes, g.audience
	return nil
}

func (s *zitadelStorage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, id, _, _ string) error {
	g := s.live(id)
	if g == nil {
		return errUnknown
	}
	info.Subject = g.subject
	return nil
}

// ValidateTokenExchangeRequest lets anyone exchange a live access token for another of the same person.
func (s *zitadelStorage) ValidateTokenExchangeRequest(_ context.Context, r op.TokenExchangeRequest) error {
	if r.GetExchangeSubjectTokenType() != oidc.AccessTokenType || s.live(r.GetExchangeSubjectTokenIDOrToken()) == nil {
		return oidc.ErrInvalidRequest().WithDescription("subject_token is no live access token")
	}
	if r.GetRequestedTokenType() == "" {
		r.SetRequestedTokenType(oidc.AccessTokenType)
	}
	return nil
}

func (s *zitadelStorage) CreateTokenExchangeRequest(context.Context, op.TokenExchangeRequest) error {
	return nil
}

func (s *zitadelStorage) GetPrivateClaimsFromTokenExchangeRequest(
	context.Context, op.TokenExchangeRequest,
) (map[string]any, error) {
	return nil, nil
}

func (s *zitadelStorage) SetUserinfoFromTokenExchangeRequest(context.Context, *oidc.UserInfo, op.TokenExchangeRequest) error {
	return nil
}

func (s *zitadelStorage) StoreDeviceAuthorization(
	_ context.Context, client, deviceCode, userCode string, ends time.Time, scopes []string,
) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[deviceCode] = &op.DeviceAuthorizationState{ClientID: client, Scopes: scopes, Expires: ends}
	s.userCode[userCode] = deviceCode
	return nil
}

func (s *zitadelStorage) GetDeviceAuthorizatonState(
	_ context.Context, client, deviceCode string,
) (*op.DeviceAuthorizationState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.devices[deviceCode]
	if state == nil || state.ClientID != client {
		return nil, errUnknown
	}
	own := *state
	if own.Done {
		delete(s.devices, deviceCode)
	}
	return &own, nil
}

// decide lets the device go on in somebody's name, or in nobody's: then it is denied.
func (s *zitadelStorage) decide(userCode, subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state := s.devices[s.userCode[userCode]]; state != nil {
		state.Done, state.Denied, state.Subject, state.AuthTime = subject != "", subject == "", subject, time.Now()
	}
}
