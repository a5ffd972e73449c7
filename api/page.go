package api

import "encoding/json"

// A Page is what an answer is among the pages of an operation. To have the next one, run the same task with its Rule as Paginate, its
// Items, and its Next as From: the server keeps nothing between two pages.
type Page struct {
	// Rule is the way to the next page, as Task.Paginate takes it; empty if the answer is no page of several.
	Rule string `json:"rule,omitempty"`
	// Items is the JSON Pointer of the list of items in Result.Data, empty if Data is the list. Left out: none was found.
	Items *string `json:"items,omitempty"`
	// Count is how many items there are.
	Count int `json:"count"`
	// Next is where the next page is. Left out: this is the last one.
	Next *Next `json:"next,omitempty"`
}

// A Next is where the next page of an operation is: at an address, or in an argument.
type Next struct {
	// URL is the path and the query of the next page, at the server of the operation.
	URL string `json:"url,omitempty"`
	// Parameter is the parameter that takes Value, or
	Parameter string `json:"parameter,omitempty"`
	// Field is the path of the body's member that does.
	Field string          `json:"field,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	// Before is how many items the pages before the next had; left out if that is not known.
	Before int `json:"before,omitempty"`
}
