// Package fault says what kind of thing went wrong, and what to do about it.
//
// Every error that a user may see is an [Error]: a [Kind], a message that names what was wrong with what, and a hint that
// names the next step. A surface turns the kind into an HTTP status ([Kind.Status]) or an exit code ([Kind.Exit]) by the
// one table in this package. Text is never matched: [KindOf] is the only question asked of an error.
package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Problem is one thing wrong at one place of a document or a request.
type Problem struct {
	// Pointer is the place, a JSON Pointer (RFC 6901); empty for the whole document.
	Pointer string `json:"instancePath"`
	// Message says what is wrong there, lower case, without a full stop.
	Message string `json:"message"`
	// Severity says how bad it is; empty where nobody tells bad from worse.
	Severity Severity `json:"severity,omitempty"`
	// Rule is the stable name of what was checked, for those who filter; empty if it has none.
	Rule string `json:"rule,omitempty"`
	// File is the name of the document, if there are several.
	File string `json:"file,omitempty"`
	// Line and Column are the place in the text, from 1; columns in characters. 0: not known.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// A Severity says how bad a problem is.
type Severity string

// The severities, the worst first.
const (
	Severe  Severity = "error"   // it can't be used
	Warning Severity = "warning" // something was mended, or left out
	Note    Severity = "note"    // it does no harm
)

// Severities returns all severities, the worst first.
func Severities() []Severity { return []Severity{Severe, Warning, Note} }

// AtLeast reports whether s is as bad as other, or worse. No severity counts as [Severe].
func (s Severity) AtLeast(other Severity) bool { return s.rank() <= other.rank() }

func (s Severity) rank() int { return max(slices.Index(Severities(), s), 0) }

// An Error is what a surface shows.
type Error struct {
	Kind     Kind
	Message  string    // lower case, no full stop, names what was wrong with what
	Hint     string    // what to do next; may be empty
	Problems []Problem // every problem found, when there is more to say than Message
	Err      error     // the cause; may be nil
}

// New returns an error of a kind.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of a kind with a cause, which its text ends with.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// WithHint sets the hint and returns the error.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Error is the message, and the cause behind a colon.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	if e.Message == "" {
		return e.Err.Error()
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost [Error] in err's chain. A cancelled or timed out context is [Unavailable], and
// anything unknown [Internal].
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unavailable
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
}

// ProblemsOf returns the problems of the first [Error] in err's chain that has any.
func ProblemsOf(err error) []Problem {
	for {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return nil
		}
		if len(e.Problems) > 0 {
			return e.Problems
		}
		err = e.Err
	}
}
