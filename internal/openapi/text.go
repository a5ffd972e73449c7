package openapi

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"carnet.dev/carnet/fault"
)

// maxText bounds what a compressed document may become.
const maxText = 128 << 20

// Text returns a document as UTF-8 without a byte order mark: it may be compressed with gzip, or be UTF-16 or UTF-32, which
// exporters on Windows write. What is UTF-8 already is not copied.
func Text(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		plain, err := gunzip(data)
		if err != nil {
			return nil, err
		}
		data = plain
	}
	zeros := func(pattern string) bool { // of a first character below U+0100, as it is in JSON and YAML
		if len(data) < len(pattern) {
			return false
		}
		for i, c := range []byte(pattern) {
			if (c == '0') != (data[i] == 0) {
				return false
			}
		}
		return true
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:], nil
	case bytes.HasPrefix(data, []byte{0, 0, 0xfe, 0xff}), zeros("000x"):
		return fromUTF32(data, binary.BigEndian), nil
	case bytes.HasPrefix(data, []byte{0xff, 0xfe, 0, 0}), zeros("x000"):
		return fromUTF32(data, binary.LittleEndian), nil
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}), zeros("0x"):
		return fromUTF16(data, binary.BigEndian), nil
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), zeros("x0"):
		return fromUTF16(data, binary.LittleEndian), nil
	}
	return data, nil
}

func gunzip(data []byte) ([]byte, error) {
	broken := fault.New(fault.Invalid, "the document is compressed with gzip, and damaged").WithHint("check that the whole file is there")
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, broken
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxText+1))
	if err != nil {
		return nil, broken
	}
	if len(plain) > maxText {
		return nil, fault.New(fault.Invalid, "the document is larger than %d MiB when it is uncompressed", maxText>>20)
	}
	return plain, nil
}

const byteOrderMark = '\uFEFF'

func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text := make([]byte, 0, len(data)/2)
	for i, r := range utf16.Decode(units) {
		if i > 0 || r != byteOrderMark {
			text = utf8.AppendRune(text, r)
		}
	}
	return text
}

func fromUTF32(data []byte, order binary.ByteOrder) []byte {
	text := make([]byte, 0, len(data)/4)
	for i := 0; i+4 <= len(data); i += 4 {
		if r := order.Uint32(data[i:]); i > 0 || r != byteOrderMark {
			text = utf8.AppendRune(text, rune(min(r, utf8.MaxRune+1)))
		}
	}
	return text
}
