package web

import (
	"errors"
	"net/http"

	"carnet.dev/carnet/fault"
)

// A failure is what a person sees of an error. One that nobody classed may hold anything, so only its id in the log is shown.
type failure struct {
	Kind, Title   string
	Message, Hint string
	Problems      []fault.Problem
}

// titles say in a few words what a kind of error means to whoever looks at the page.
var titles = map[fault.Kind]string{
	fault.Internal:        "Something went wrong here",
	fault.Invalid:         "That can't be done as it is",
	fault.Unauthenticated: "You are not signed in",
	fault.Denied:          "You may not do that",
	fault.NotFound:        "There is no such thing",
	fault.Conflict:        "Something stands in the way",
	fault.Reconnect:       "A person has to do something",
	fault.Upstream:        "The service answered with an error",
	fault.Unavailable:     "Not now",
}

func explain(err error, id string) *failure {
	if err == nil {
		return nil
	}
	kind := fault.KindOf(err)
	view := &failure{Kind: kind.String(), Title: titles[kind]}
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok && kind == fault.Unavailable: // the context has ended
		view.Message, view.Hint = "the request was cut off or took too long", "try again"
	case !ok, kind == fault.Internal:
		view.Message, view.Hint = "internal error "+id, "the server's log says more under this id"
	default:
		view.Message, view.Hint, view.Problems = f.Error(), fault.HintOf(err), fault.ProblemsOf(err)
	}
	return view
}

// fail answers with an error's page; to whoever is not signed in, with the way there.
func (v *visit) fail(err error) {
	v.w.Err = err
	if fault.Is(err, fault.Unauthenticated) {
		v.toSignIn()
		return
	}
	if shown := v.show(page{Title: titles[fault.KindOf(err)], Name: "failure", Err: err}); shown != nil {
		v.w.Err = errors.Join(err, shown)
		http.Error(v.w, "internal error "+v.w.ID, http.StatusInternalServerError)
	}
}

func noPage(r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return fault.New(fault.NotFound, "nothing can be sent to this address").WithHint("go back, and load the page again")
	}
	return fault.New(fault.NotFound, "there is no page at this address").WithHint("begin at the overview")
}

func foreign() error {
	return fault.New(fault.Denied, "the request comes from another site").WithHint("open the page itself, and do it there")
}
