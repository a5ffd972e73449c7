package mongo

import (
	"strings"
	"unicode/utf8"

	"carnet.dev/carnet/fault"
)

const defaultDatabase = "carnet"

// databaseName is the database that a connection string names
// (https://www.mongodb.com/docs/manual/reference/connection-string/).
func databaseName(uri string) (string, error) {
	rest, ok := strings.CutPrefix(uri, "mongodb://")
	if !ok {
		rest, ok = strings.CutPrefix(uri, "mongodb+srv://")
	}
	if !ok {
		return "", malformed()
	}
	rest, _, _ = strings.Cut(rest, "?")
	if _, name, _ := strings.Cut(rest, "/"); name != "" {
		return name, nil
	}
	return defaultDatabase, nil
}

func malformed() error {
	return fault.New(fault.Invalid, "the place of the store is no connection string of MongoDB's").
		WithHint("write it as in mongodb://user:password@host/database, what is special in the password percent-encoded; " +
			"its options must be MongoDB's, and the files that they name be there")
}

// successor is the first text behind all that begin with a prefix, in the order of their bytes, which for UTF-8 is that of code
// points; "" if there is none.
func successor(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch last {
		case utf8.MaxRune: // nothing follows it: step up in front of it
		case 0xd7ff:
			return prefix + "\ue000" // what lies between are halves of UTF-16, and no text
		default:
			return prefix + string(last+1)
		}
	}
	return ""
}
