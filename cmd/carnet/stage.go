package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// A stage is where the demo is shown: with colours and a live line on a terminal, as plain text elsewhere.
type stage struct {
	out  io.Writer
	live bool
}

func newStage(out io.Writer) *stage {
	f, ok := out.(*os.File)
	return &stage{out: out, live: ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Escape sequences (ECMA-48).
const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	cyan  = "\x1b[36m"
	plain = "\x1b[0m"
	clear = "\r\x1b[K"
)

func (s *stage) styled(style, text string) string {
	if !s.live {
		return text
	}
	return style + text + plain
}

func (s *stage) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *stage) title(text string) { s.say("\n%s", s.styled(bold, text)) }

// command shows what a person would type.
func (s *stage) command(stdin string, args []string) {
	line := "carnet"
	for _, a := range args {
		line += " " + quoted(a)
	}
	if stdin != "" {
		line = "printf %s " + quoted(stdin) + " | " + line
	}
	s.say("%s", s.styled(cyan, "$ "+line))
}

// quoted is an argument as a shell wants it.
func quoted(a string) string {
	if a != "" && strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.:/@,+") == "" {
		return a
	}
	return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
}

func (s *stage) result(text string) {
	for line := range strings.Lines(text) {
		s.say("  %s", s.styled(dim, strings.TrimRight(line, "\n")))
	}
}

// wait lets time pass, with a line that tells how much.
func (s *stage) wait(ctx context.Context, why string, d time.Duration) error {
	if !s.live {
		s.say("(waiting %s: %s)", d, why)
	}
	end := time.Now().Add(d)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for left := d; left > 0; left = time.Until(end) {
		if s.live {
			done := int(20 * (d - left) / d)
			fmt.Fprintf(s.out, "%s%s%s %.1f s: %s", clear, strings.Repeat("█", done), strings.Repeat("░", 20-done), left.Seconds(), why)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	if s.live {
		fmt.Fprint(s.out, clear)
	}
	return nil
}
