// Package corpus runs real documents through the whole of Carnet: each is imported, every operation is shown, requests are built of
// arguments made from its schemas, and package spec reads them back.
package corpus
