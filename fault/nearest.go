package fault

import (
	"slices"
	"strings"
)

// Nearest returns the candidate that a misspelt word most likely means, or "" if none is near: at most a third of its letters
// are wrong, missing, too many or swapped. Case does not count.
func Nearest(word string, candidates []string) string {
	best, nearest := len(word)/3+1, ""
	word = strings.ToLower(word)
	for _, c := range candidates {
		if d := distance(word, strings.ToLower(c), best); d < best {
			best, nearest = d, c
		}
	}
	return nearest
}

// distance is the optimal string alignment distance of two words, or limit if it is not below that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		if slices.Min(row) >= limit && slices.Min(above) >= limit { // it can only grow, for a swap takes the row before
			return limit
		}
		before, above, row = above, row, before
	}
	return min(above[len(b)], limit)
}
