//go:build browser

package interop_test

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// shrink writes the pictures of a folder with at most 256 colours, which is all that a page needs but for the edges of its letters.
func shrink(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil {
		return err
	}
	for _, file := range files {
		before, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		picture, err := png.Decode(bytes.NewReader(before))
		if err != nil {
			return err
		}
		var after bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&after, paletted(picture)); err != nil {
			return err
		}
		if after.Len() < len(before) {
			if err := os.WriteFile(file, after.Bytes(), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// paletted is the picture in the colours that occur most in it; every other becomes the one that is nearest.
func paletted(picture image.Image) *image.Paletted {
	bounds := picture.Bounds()
	counts := map[color.NRGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[exactly(picture, x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(counts), func(a, b color.NRGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	palette := color.Palette{}
	for _, c := range spread(most) {
		palette = append(palette, c)
	}
	out := image.NewPaletted(bounds, palette)
	places := map[color.NRGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := exactly(picture, x, y)
			at, known := places[c]
			if !known {
				at = uint8(palette.Index(c))
				places[c] = at
			}
			out.SetColorIndex(x, y, at)
		}
	}
	return out
}

// spread takes 256 colours of those, the most frequent first, but none that is next to another, so that rare hues have a place too.
func spread(most []color.NRGBA) (taken []color.NRGBA) {
	for _, near := range []int{24, 12, 0} {
		for _, c := range most {
			if len(taken) == 256 {
				return taken
			}
			if !slices.ContainsFunc(taken, func(other color.NRGBA) bool { return distance(c, other) <= near }) {
				taken = append(taken, c)
			}
		}
	}
	return taken
}

func distance(a, b color.NRGBA) int {
	far := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return far(a.R, b.R) + far(a.G, b.G) + far(a.B, b.B)
}

func exactly(picture image.Image, x, y int) color.NRGBA {
	return color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
}
