package oauth

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
)

// signatureLife is for how long a JWT is good if its recipe does not say.
const signatureLife = 5 * time.Minute

// sign makes the JWT of the recipe, and returns when it expires.
func (v *env) sign() (time.Time, error) {
	s := v.config.Sign
	life := time.Duration(float64(s.Lifetime) * float64(time.Second))
	if life <= 0 {
		life = signatureLife
	}
	expires := v.now.Add(life).Truncate(time.Second)
	key, header, err := v.signatureKey()
	if err != nil {
		return expires, v.wrong(err)
	}
	if header, err = v.members(header, s.Header); err != nil {
		return expires, v.wrong(err)
	}
	claims, err := json.Marshal(map[string]any{"iat": v.now.Unix(), "exp": expires.Unix()})
	if err == nil {
		claims, err = v.members(claims, s.Claims)
	}
	if err != nil {
		return expires, v.wrong(err)
	}
	made, err := jwt.Sign(key, s.Alg, header, claims)
	if err != nil {
		return expires, v.wrong(err)
	}
	v.made = expand.Secret(made)
	return expires, nil
}

// signatureKey is the private key, or for the algorithms of shared secrets that secret.
func (v *env) signatureKey() (jwt.Key, jsontext.Value, error) {
	if v.config.signsAssertions() {
		return v.config.signingKey()
	}
	value, err := v.fill(recipe.Template(v.config.PrivateKey.Reveal())) // such a secret may be put together of others
	if err != nil {
		return jwt.Key{}, nil, err
	}
	key, err := jwt.HMACKey(seal.NewSecret(value.Reveal()), v.config.Sign.KeyEncoding)
	header := jsontext.Value(`{}`)
	if v.config.KeyID != "" {
		header = jsontext.Value(`{"kid":` + strconv.Quote(v.config.KeyID) + `}`)
	}
	return key, header, err
}

// members puts the recipe's members over the standard ones. Null takes one away, of a header and of claims.
func (v *env) members(standard jsontext.Value, own recipe.Params) (jsontext.Value, error) {
	tree, err := v.expand(jsontext.NewDecoder(bytes.NewReader(standard)))
	if err != nil {
		return nil, err
	}
	all, err := v.merge(tree.(params), own)
	if err != nil {
		return nil, err
	}
	return jsontext.Value(all.json(expand.Value.Reveal)), nil
}
