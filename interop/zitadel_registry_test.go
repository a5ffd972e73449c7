package interop_test

import (
	"context"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What the library asks of its storage about clients and keys.

func (s *zitadelStorage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if c := zitadelClients[id]; c != nil {
		return c, nil
	}
	return nil, oidc.ErrInvalidClient()
}

func (s *zitadelStorage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if c := zitadelClients[id]; c == nil || c.secret == "" || c.secret != secret {
		return oidc.ErrInvalidClient()
	}
	return nil
}

func (s *zitadelStorage) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	if err := s.AuthorizeClientIDSecret(ctx, id, secret); err != nil {
		return nil, err
	}
	return s.GetClientByClientID(ctx, id)
}

func (s *zitadelStorage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &oidc.JWTTokenRequest{Subject: id, Audience: []string{id}, Scopes: scopes}, nil
}

// GetKeyByIDAndClientID: clients that sign have the key that they are called after, the service account has them all.
func (s *zitadelStorage) GetKeyByIDAndClientID(_ context.Context, kid, client string) (*jose.JSONWebKey, error) {
	alg, robot := strings.CutPrefix(client, "robot-")
	if keys()[kid] == nil || robot && alg != kid {
		return nil, errUnknown
	}
	if _, registered := zitadelClients[client]; !registered && client != zitadelService {
		return nil, errUnknown
	}
	key := publicJWK(kid)
	return &key, nil
}

func (s *zitadelStorage) ValidateJWTProfileScopes(_ context.Context, _ string, scopes []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s != "read" && s != "write" }), nil
}

// A zitadelKey signs ID tokens.
type zitadelKey struct{ any }

func (k zitadelKey) ID() string                                  { return "RS256" }
func (k zitadelKey) Key() any                                    { return k.any }
func (k zitadelKey) Use() string                                 { return "sig" }
func (k zitadelKey) Algorithm() jose.SignatureAlgorithm          { return jose.RS256 }
func (k zitadelKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

func (s *zitadelStorage) SigningKey(context.Context) (op.SigningKey, error) {
	return zitadelKey{keys()["RS256"]}, nil
}

func (s *zitadelStorage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *zitadelStorage) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{zitadelKey{keys()["RS256"].Public()}}, nil
}

func (s *zitadelStorage) TerminateSession(context.Context, string, string) error { return nil }
func (s *zitadelStorage) Health(context.Context) error                           { return nil }

func (s *zitadelStorage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

func (s *zitadelStorage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}
