package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
)

func (p *program) tokenExplain() *cobra.Command {
	var scheme string
	cmd := &cobra.Command{
		Use: "explain NAME", Short: "Say what would be sent for a token, what came back, and what is wrong", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Long: `Say, in this order, what would be sent for the next token, its secrets masked; what came back the last times; what decided the
token's life, and when it is renewed and why then; and what is wrong, with the likely cause and what to change. Nothing is sent for it.`,
		Example: "  carnet token explain zoom\n  carnet token explain zoom --scheme oauth -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				e, err := c.ExplainToken(ctx, args[0], scheme)
				if err != nil {
					return err
				}
				return p.show(e, func(w io.Writer) { printExplanation(w, e) })
			})
		},
	}
	cmd.Flags().StringVar(&scheme, "scheme", "", "the security `scheme`, if there are several")
	cmd.RegisterFlagCompletionFunc("scheme", p.completeSchemes)
	return cmd
}

func printExplanation(w io.Writer, e api.Explanation) {
	para(w, e.Integration+", scheme "+e.Scheme+": "+e.Summary)
	printPlan(w, e.Plan)
	heading(w, "What came back")
	for _, x := range e.History {
		printExchange(w, x)
	}
	if len(e.History) == 0 {
		para(w, "  Nobody has asked yet.")
	}
	heading(w, "The token's life")
	para(w, "  expires: "+when(e.Life.ExpiresAt)+e.Life.Expiry)
	para(w, "  renewed: "+when(e.Life.RenewsAt)+e.Life.Renewal)
	if e.Life.Refreshes > 0 || e.Life.LoginEndsAt != nil {
		para(w, fmt.Sprintf("  login:   since %s, refreshed %d times", moment(e.Life.LoginAt), e.Life.Refreshes)+ends(e.Life.LoginEndsAt))
	}
	for _, x := range e.Token.Endings {
		para(w, "  "+x.What+": ends "+moment(&x.ExpiresAt)+left(x))
	}
	printWrong(w, e)
}

// printWrong comes last, which is where people look first.
func printWrong(w io.Writer, e api.Explanation) {
	wrong := e.Advice
	if e.Diagnosis != nil {
		wrong = append([]api.Diagnosis{*e.Diagnosis}, wrong...)
	}
	if len(wrong) == 0 {
		return
	}
	heading(w, "What is wrong, and what to do")
	for _, d := range wrong {
		para(w, "  "+d.Reason+": "+d.Cause)
		if d.Hint != "" {
			para(w, "  -> "+d.Hint)
		}
	}
}

func printPlan(w io.Writer, p api.Plan) {
	heading(w, "What would be sent for the next token")
	para(w, "  "+p.Why)
	if len(p.AuthMethods) > 1 {
		para(w, "  client authentication, one after the other until the service knows the client: "+strings.Join(p.AuthMethods, ", "))
	}
	for i, r := range p.Requests {
		para(w, "")
		about := []string{r.Purpose}
		for _, text := range []string{r.When, r.AuthMethod} {
			if text != "" {
				about = append(about, text)
			}
		}
		para(w, fmt.Sprintf("  %d. %s", i+1, strings.Join(about, "; ")))
		para(w, "     "+r.Method+" "+r.URL)
		for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
			para(w, "     "+name+": "+strings.Join(r.Headers[name], ", "))
		}
		printPayload(w, r)
		if r.Note != "" {
			para(w, "     ("+r.Note+")")
		}
	}
	if d := p.Diagnosis; d != nil {
		para(w, "  This can't be sent: "+d.Cause)
		if d.Hint != "" {
			para(w, "  What to do: "+d.Hint)
		}
	}
}

// printPayload prints a form by its parameters.
func printPayload(w io.Writer, r api.PlannedRequest) {
	body := r.Body
	if strings.HasPrefix(http.Header(r.Headers).Get("Content-Type"), "application/x-www-form-urlencoded") {
		body = strings.ReplaceAll(body, "&", "\n&")
	}
	for line := range strings.Lines(body) {
		para(w, "       "+strings.TrimRight(line, "\n"))
	}
}

func printExchange(w io.Writer, x api.Exchange) {
	status := fmt.Sprint(x.Status)
	if x.Status == 0 {
		status = "no answer"
	}
	line := "  " + x.At.Local().Format(time.DateTime) + "  " + x.Purpose
	if x.Host != "" {
		line += "  " + x.Method + " " + x.Host + "  " + status + fmt.Sprintf("  %.2f s", x.Seconds)
	}
	if x.AuthMethod != "" {
		line += "  " + x.AuthMethod
	}
	para(w, line)
	text := "     " + x.Outcome
	if x.Rule != "" {
		text += " (its life: " + x.Rule + ")"
	}
	para(w, text)
	if x.Skew != 0 {
		para(w, fmt.Sprintf("     the service's clock was %+.0f s from this machine's", x.Skew))
	}
}

// para prints a line as it is: without tabs it is no row of a table.
func para(w io.Writer, text string) { fmt.Fprintln(w, strings.ReplaceAll(text, "\t", " ")) }

func heading(w io.Writer, text string) {
	para(w, "")
	para(w, text)
}

// when is a time and the colon before its reason; empty if there is none.
func when(t *time.Time) string {
	if t == nil {
		return ""
	}
	return moment(t) + ", "
}

func ends(t *time.Time) string {
	if t == nil {
		return ""
	}
	return ", ends " + moment(t)
}

func left(e api.Ending) string {
	switch {
	case e.Ended:
		return " (it has ended)"
	case e.Near:
		return " (soon)"
	}
	return ""
}
