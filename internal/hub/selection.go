package hub

import (
	"cmp"
	"slices"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// selection filters, sorts and pages a list as the query says; total counts what the filters left. text returns a field of an
// entry, "" being the one that the list is sorted by when nobody chooses; false: there is no such field.
func selection[T any](all []T, q api.Query, text func(T, string) (string, bool)) (page []T, total int, err error) {
	var zero T
	for _, field := range []string{q.Sort, q.ContainsField, q.EqualsField, q.StartsWithField} {
		if _, ok := text(zero, field); !ok {
			return nil, 0, fault.New(fault.Invalid, "there is no field %q to sort or select by", field)
		}
	}
	fold := func(entry T, field string) string {
		s, _ := text(entry, field)
		return strings.ToLower(s)
	}
	all = slices.DeleteFunc(all, func(e T) bool {
		equals, _ := text(e, q.EqualsField)
		return !strings.Contains(fold(e, q.ContainsField), strings.ToLower(q.Contains)) ||
			!strings.HasPrefix(fold(e, q.StartsWithField), strings.ToLower(q.StartsWith)) ||
			q.Equals != "" && equals != q.Equals
	})
	slices.SortStableFunc(all, func(a, b T) int {
		order := cmp.Compare(fold(a, q.Sort), fold(b, q.Sort))
		if q.Order < 0 {
			return -order
		}
		return order
	})
	total = len(all)
	all = all[min(max(q.Skip, 0), total):]
	if q.Limit > 0 {
		all = all[:min(q.Limit, len(all))]
	}
	return all, total, nil
}
