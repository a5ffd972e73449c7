// Package jwt makes JSON Web Tokens (RFC 7519): client assertions and authorization grants (RFC 7523), tokens that are made and
// not asked for, and DPoP proofs (RFC 9449). It owns what a key may look like, and which algorithms it fits.
//
// It asks nobody, keeps nothing and has no clock: keys, claims and times are given. It verifies nothing either: Carnet sends
// tokens, and services judge them.
package jwt

import (
	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// Sign makes a token of the claims. An empty alg is the header's, or else the key's. The header gets typ JWT and the key's id as
// kid, unless it says otherwise; a null leaves a field out. Header and claims are JSON objects, as text and not as maps: so large
// integers stay exact, and the claims are signed byte for byte as they were given. No header is an empty one.
func Sign(k Key, alg string, header, claims jsontext.Value) (seal.Secret, error) {
	fields, err := fieldsOf(header)
	if err != nil {
		return seal.Secret{}, err
	}
	if !claims.IsValid() || claims.Kind() != '{' {
		return seal.Secret{}, fault.New(fault.Invalid, "the claims of a JWT are not a JSON object").
			WithHint("give each claim once, as a member of an object")
	}
	if alg, err = k.choose(alg, fields["alg"]); err != nil {
		return seal.Secret{}, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: k.signing(alg)}, k.options(fields))
	if err != nil {
		return seal.Secret{}, fault.Wrap(fault.Internal, err, "preparing to sign a JWT")
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return seal.Secret{}, fault.Wrap(fault.Internal, err, "signing a JWT")
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return seal.Secret{}, fault.Wrap(fault.Internal, err, "writing a JWT")
	}
	return seal.NewSecret(token), nil
}

// fieldsOf are the fields of a header.
func fieldsOf(header jsontext.Value) (map[string]jsontext.Value, error) {
	fields := map[string]jsontext.Value{}
	if len(header) > 0 && (json.Unmarshal(header, &fields) != nil || fields == nil) { // the error is not wrapped: it may quote
		return nil, fault.New(fault.Invalid, "the header of a JWT is not a JSON object").
			WithHint("give each field once, as a member of an object")
	}
	if _, ok := fields["b64"]; ok {
		return nil, fault.New(fault.Invalid, "the header of a JWT has no b64 (RFC 7797 7)").WithHint("remove b64 and its crit")
	}
	return fields, nil
}

// choose decides on the algorithm: what was asked for, what the header says, or what is usual for the key.
func (k Key) choose(alg string, header jsontext.Value) (string, error) {
	if header != nil {
		var said string
		if json.Unmarshal(header, &said) != nil || said == "" || alg != "" && alg != said {
			return "", fault.New(fault.Invalid, "the header's alg is not the algorithm that the JWT is signed with").
				WithHint("leave alg out of the header")
		}
		alg = said
	}
	if alg == "" {
		alg = k.Algorithm()
	}
	return alg, k.Supports(alg)
}

// options are the header as the signer wants it; alg it adds itself.
func (k Key) options(fields map[string]jsontext.Value) *jose.SignerOptions {
	all := map[jose.HeaderKey]any{jose.HeaderType: "JWT"}
	if k.ID() != "" {
		all["kid"] = k.ID()
	}
	for name, value := range fields {
		all[jose.HeaderKey(name)] = value
		if value.Kind() == 'n' {
			delete(all, jose.HeaderKey(name))
		}
	}
	return &jose.SignerOptions{ExtraHeaders: all}
}
