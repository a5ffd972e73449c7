package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Reference is the page of all commands, in Markdown, made from what their --help says.
func Reference(root *cobra.Command) string {
	var page strings.Builder
	page.WriteString("# The command line\n\nThis page is made from `carnet --help` and its likes (`make generate`).\n\n")
	fmt.Fprintf(&page, "%s\n\n%s", root.Long, block4(root.Example))
	page.WriteString("Every command takes these flags:\n\n" + flagList(root.PersistentFlags()))
	page.WriteString(environment + exitCodes)
	for _, c := range root.Commands() {
		describeCommand(&page, c)
	}
	return strings.TrimRight(page.String(), "\n") + "\n"
}

const environment = `The environment says the rest:

| variable | what it is |
| --- | --- |
| CARNET_DATA | the data directory |
| CARNET_STORE, CARNET_STORE_FILE | the place of the store, or the file that says it |
| CARNET_KEY | the key file |
| CARNET_SERVER | the URL of a server to work with |
| CARNET_USERNAME, CARNET_PASSWORD | a user of that server |
| CARNET_CLIENT_ID, CARNET_CLIENT_SECRET | or a service account |
| CARNET_TOKEN | or a session's token |
| CARNET_..._FILE | the file that holds one of these five |
| CARNET_EGRESS_ALLOW, CARNET_EGRESS_DENY | networks that requests may go to only, or not |
| CARNET_ALLOW_ENV, CARNET_ALLOW_FILE | variables and directories that settings may refer to |
| CARNET_TOKEN_TIMEOUT | how long a token endpoint may take, without a server; 15s by default |
| HTTPS_PROXY, HTTP_PROXY, NO_PROXY | proxies |
| NO_COLOR | no colours |

`

const exitCodes = `Data goes to standard output, everything else to standard error. The exit code is 0, or says what kind of thing went wrong:

| code | kind |
| --- | --- |
| 1 | internal: a fault of Carnet's own |
| 2 | invalid: the command or what it was given is wrong |
| 3 | unauthenticated: the server does not know who asks |
| 4 | denied: the caller may not |
| 5 | not found |
| 6 | conflict: it exists already, or was changed by somebody else |
| 7 | reconnect: a person has to mend the credentials |
| 8 | upstream: the API or the token endpoint answered with an error |
| 9 | unavailable: not now; try again later |
| 130 | interrupted |

`

// describeCommand writes a command, or the commands of a group.
func describeCommand(page *strings.Builder, c *cobra.Command) {
	if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
		return
	}
	if c.HasSubCommands() {
		for _, inner := range c.Commands() {
			describeCommand(page, inner)
		}
		return
	}
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(page, "## %s\n\n%s%s\n\n", c.CommandPath(), block4(c.UseLine()), paragraphs(text))
	page.WriteString(block4(c.Example))
	page.WriteString(flagList(c.LocalNonPersistentFlags()))
}

// paragraphs makes a code block of indented lines, which Markdown would run together.
func paragraphs(text string) string {
	var out []string
	code := false
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		if indented != code {
			out = append(out, "")
		}
		if code = indented; code {
			line = "  " + line
		}
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// block4 is a code block, with an empty line after it; "" if there is nothing in it.
func block4(text string) string {
	if text == "" {
		return ""
	}
	var out strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		out.WriteString("    " + strings.TrimPrefix(line, "  ") + "\n")
	}
	return out.String() + "\n"
}

func flagList(flags *pflag.FlagSet) string {
	var lines []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if kind != "" && kind != "count" {
			name += " " + kind
		}
		if f.DefValue != "" && !slices.Contains([]string{"false", "0", "0s", "[]"}, f.DefValue) {
			usage += " (default " + f.DefValue + ")"
		}
		lines = append(lines, fmt.Sprintf("- `%s`: %s\n", name, usage))
	})
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "") + "\n"
}
