package server

import (
	"errors"
	"net/http"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// failure is what a client sees of an error. One that nobody classed may hold anything, so only its id in the log is shown.
func failure(err error, id string) api.Failure {
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok && fault.Is(err, fault.Unavailable): // the context has ended
		return api.Failure{Kind: fault.Unavailable.String(), Message: "the request was cut off or took too long", Hint: "try again"}
	case !ok, f.Kind == fault.Internal:
		return api.Failure{Kind: fault.Internal.String(), Message: "internal error " + id, Hint: "the server's log says more under this id"}
	}
	return api.Failure{Kind: f.Kind.String(), Message: f.Error(), Hint: fault.HintOf(err), Problems: fault.ProblemsOf(err)}
}

// refuse answers with an error, in the form that all of them have but a few compatible ones.
func refuse(w http.ResponseWriter, id string, err error) {
	refuseAs(w, fault.KindOf(err).Status(), failure(err, id))
}

func refuseAs(w http.ResponseWriter, status int, body any) {
	if status == http.StatusUnauthorized {
		w.Header().Add("WWW-Authenticate", `Basic realm="carnet", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="carnet"`)
	}
	reply(w, status, body)
}

// refuseAll answers every error as an api.Failure.
func refuseAll(x *exchange, err error) { refuse(x.w, x.w.ID, err) }

// refuseIntegration answers that there is no such integration with a text: a client of the compatible API looks for its end,
// "does not exist.".
func refuseIntegration(x *exchange, err error) {
	if !fault.Is(err, fault.NotFound) {
		refuse(x.w, x.w.ID, err)
		return
	}
	reply(x.w, fault.NotFound.Status(), failure(err, x.w.ID).Message+".")
}

// refuseModel answers a document that can't be used with the list of its problems, as the compatible API does.
func refuseModel(x *exchange, err error) {
	if !fault.Is(err, fault.Invalid) {
		refuse(x.w, x.w.ID, err)
		return
	}
	problems := fault.ProblemsOf(err)
	if len(problems) == 0 {
		f := failure(err, x.w.ID)
		if f.Hint != "" {
			f.Message += ": " + f.Hint
		}
		problems = []fault.Problem{{Message: f.Message}}
	}
	reply(x.w, fault.Invalid.Status(), problems)
}

func noRoute() error {
	return fault.New(fault.NotFound, "there is no such path in the API").WithHint("GET /openapi.json lists them")
}

func noMethod(allow string) api.Failure {
	return api.Failure{Kind: fault.Invalid.String(), Message: "this path does not know the method", Hint: "use one of " + allow}
}

func foreign() error {
	return fault.New(fault.Denied, "the request comes from another site").WithHint("call the API from its own origin, or from outside a browser")
}
