package call

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/zstd"

	"carnet.dev/carnet/fault"
)

// codings are what answers may be compressed with (RFC 9110 12.5.3). They are asked for here, and not by net/http, which knows
// one of them and only if it asked for it itself.
const codings = "gzip, deflate, zstd"

const maxWindow = 8 << 20 // of zstd: more need not be supported (RFC 9659 3)

// decompressed is the body without its content codings. What is said of the compressed one is taken out of the header.
func decompressed(r *http.Response) (io.ReadCloser, error) {
	list := strings.Join(r.Header.Values("Content-Encoding"), ",")
	if list == "" || r.Request.Method == http.MethodHead || r.StatusCode == http.StatusNoContent || r.StatusCode == http.StatusNotModified {
		return r.Body, nil
	}
	body := r.Body
	names := strings.Split(list, ",")
	for i := len(names) - 1; i >= 0; i-- { // they stand in the order in which they were applied
		next, known := decoder(strings.ToLower(strings.TrimSpace(names[i])), body)
		if !known {
			return nil, fault.New(fault.Upstream, "the answer is encoded as %q, which was not asked for", strings.TrimSpace(names[i]))
		}
		body = next
	}
	r.Header.Del("Content-Encoding")
	r.Header.Del("Content-Length")
	return body, nil
}

func decoder(name string, body io.ReadCloser) (_ io.ReadCloser, known bool) {
	var open func(io.Reader) (io.ReadCloser, error)
	switch name {
	case "", "identity":
		return body, true
	case "gzip", "x-gzip":
		open = func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }
	case "deflate":
		open = inflate
	case "zstd":
		open = func(r io.Reader) (io.ReadCloser, error) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		}
	default:
		return nil, false
	}
	return &decoding{under: body, open: open}, true
}

// inflate takes the zlib format, as it should be, and bare deflate, which some servers send (RFC 9110 8.4.1.2).
func inflate(r io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 { // RFC 1950 2.2
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}

// decoding opens its decoder at the first read, for that reads already. An empty body is empty, whatever its coding.
type decoding struct {
	under  io.ReadCloser
	open   func(io.Reader) (io.ReadCloser, error)
	reader io.ReadCloser
	failed error
}

// Read implements io.Reader.
func (d *decoding) Read(p []byte) (int, error) {
	if d.failed != nil {
		return 0, d.failed
	}
	if d.reader == nil {
		if d.reader, d.failed = d.open(d.under); d.failed != nil {
			d.reader = nil
			if d.failed == io.EOF { //nolint:errorlint // decoders return it as it is
				return 0, io.EOF
			}
			d.failed = fault.Wrap(fault.Upstream, d.failed, "the answer can't be decompressed")
			return 0, d.failed
		}
	}
	return d.reader.Read(p)
}

// Close implements io.Closer.
func (d *decoding) Close() error {
	if d.reader != nil {
		d.reader.Close() // of a decoder, which has nothing to lose
	}
	return d.under.Close()
}
