package server

import (
	"net/url"
	"strconv"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// query reads what a list's query selects. Unknown parameters are left alone, as clients of the compatible API expect.
func (x *exchange) query() (q api.Query, err error) {
	values, err := x.values()
	if err != nil {
		return q, err
	}
	for name, field := range map[string]*string{
		"sort": &q.Sort, "model": &q.Model,
		"contains": &q.Contains, "containsField": &q.ContainsField,
		"equals": &q.Equals, "equalsField": &q.EqualsField,
		"startsWith": &q.StartsWith, "startsWithField": &q.StartsWithField,
	} {
		*field = values.Get(name)
	}
	if q.Skip, err = number(values, "skip", 0); err != nil {
		return q, err
	}
	if q.Limit, err = number(values, "limit", 0); err != nil {
		return q, err
	}
	if q.Order, err = number(values, "order", -1); err != nil {
		return q, err
	}
	if q.Order > 1 {
		return q, fault.New(fault.Invalid, "order is neither 1 nor -1").WithHint("use 1 for ascending, -1 for descending")
	}
	return q, nil
}

// updateOptions reads how a model is to be updated.
func (x *exchange) updateOptions() (o api.UpdateOptions, err error) {
	values, err := x.values()
	if err != nil {
		return o, err
	}
	o.Model = values.Get("model")
	for name, field := range map[string]*bool{"dryRun": &o.DryRun, "force": &o.Force} {
		switch values.Get(name) {
		case "true":
			*field = true
		case "", "false":
		default:
			return o, fault.New(fault.Invalid, "%s is neither true nor false", name)
		}
	}
	return o, nil
}

// overview reads what the overview's query selects.
func (x *exchange) overview() (q api.OverviewQuery, err error) {
	values, err := x.values()
	if err != nil {
		return q, err
	}
	q.Search, q.State, q.Model = values.Get("search"), values.Get("state"), values.Get("model")
	if q.Skip, err = number(values, "skip", 0); err != nil {
		return q, err
	}
	q.Limit, err = number(values, "limit", 0)
	return q, err
}

// audit reads what of the audit log is wanted.
func (x *exchange) audit() (q api.AuditQuery, err error) {
	values, err := x.values()
	if err != nil {
		return q, err
	}
	q.Before, q.Caller, q.Action = values.Get("before"), values.Get("caller"), values.Get("action")
	q.Target, q.Outcome = values.Get("target"), values.Get("outcome")
	if q.Limit, err = number(values, "limit", 0); err != nil {
		return q, err
	}
	if text := values.Get("since"); text != "" {
		if q.Since, err = time.Parse(time.RFC3339, text); err != nil {
			return q, fault.New(fault.Invalid, "since is not a time").WithHint("write it as in 2006-01-02T15:04:05Z (RFC 3339)")
		}
	}
	return q, nil
}

func (x *exchange) values() (url.Values, error) {
	values, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the query of the URL is not well formed").WithHint("percent-encode its values")
	}
	return values, nil
}

// number is a whole number of the query; 0 if it is absent.
func number(values url.Values, name string, least int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fault.New(fault.Invalid, "%s is not a whole number from %d", name, least)
	}
	return n, nil
}
