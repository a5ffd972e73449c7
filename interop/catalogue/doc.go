// Package catalogue plays the services of a catalogue of token endpoints (one entry for each: a JSON object of facts) as strictly
// as the facts allow. For an entry it starts one server which is the service's authorization endpoint, its token endpoint and
// its API, and accepts exactly the described requests: every parameter, header and signature in its place, and nothing besides.
// What it refuses it remembers as sentences. Mutants replays a good exchange with one thing off at a time, to show that the
// server would have noticed.
//
// It knows nothing of Carnet. Who makes an integration from an entry shares only the decoded Entry and the Facts with it.
//
// # Hosts
//
// The entries name real hosts, and many are made of the user's values. Here everything listens on one loopback port without TLS
// (with TLS where the service wants a client certificate), and a URL's host becomes the first segment of its path:
//
//	https://HOST/path?query   is   http://127.0.0.1:PORT/HOST/path?query
//
// Rewrite does that to a URL of an entry, templates and all. It is for URLs that are asked. A URL that is only a value, such as
// an audience, stays as the entry has it. A value that is a whole URL (an instance that the answer names) is a rewritten one.
//
// # What an entry leaves open
//
// Rules says how the fields are read in general, Reading what was decided for one entry.
package catalogue
