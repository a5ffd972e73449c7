package catalogue_test

import _ "embed"

// entries are made up, in the form of the catalogue. Each is of another kind.
//
//go:embed testdata/entries.json
var entries string
