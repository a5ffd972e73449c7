package aws

import (
	"net"
	"regexp"
	"slices"
	"strings"
)

// suffixes of AWS's hosts, the longer ones first.
var suffixes = []string{
	".amazonaws.com.cn", ".amazonwebservices.com.cn", ".amazonaws.com", ".amazonaws.eu", ".api.aws", ".on.aws",
}

var regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)

// oldBucketHost is the service's label where S3 writes the region behind a dash.
var oldBucketHost = regexp.MustCompile(`^s3-([a-z]{2,4}(-[a-z]+)+-[0-9]{1,2})$`)

// everywhere are the services with one host for all regions, which is signed for us-east-1.
var everywhere = []string{"cloudfront", "iam", "importexport", "organizations", "route53", "s3", "sdb", "sts", "support", "waf"}

// behind are the services whose hosts have the region before the service's name.
var behind = []string{"aoss", "aos", "cloudsearch", "es", "neptune", "queue"}

// signed are the names that signatures call services by, where that is not what their hosts call them.
var signed = map[string]string{
	"aos": "es", "appsync-api": "appsync", "aps-workspaces": "aps", "bedrock-agent": "bedrock", "bedrock-agent-runtime": "bedrock",
	"bedrock-runtime": "bedrock", "email": "ses", "git-codecommit": "codecommit", "lambda-url": "lambda",
	"marketplace": "aws-marketplace", "models-v2-lex": "lex", "neptune": "neptune-db", "personalize-events": "personalize",
	"personalize-runtime": "personalize", "queue": "sqs", "runtime-v2-lex": "lex", "s3-accesspoint": "s3", "s3-control": "s3",
	"s3-external-1": "s3", "transcribestreaming": "transcribe",
}

// Guess reads the service and the region that a signature has to name out of a host of AWS, with or without a port; ok: both are
// there.
func Guess(host string) (service, region string, ok bool) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	service, region = read(host)
	return service, region, service != "" && region != ""
}

// read is Guess without a port. What is not there is empty.
func read(host string) (service, region string) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	labels := labelsOf(host)
	if len(labels) == 0 {
		return "", ""
	}
	last, before := labels[len(labels)-1], ""
	if len(labels) > 1 {
		before = labels[len(labels)-2]
	}
	switch old := oldBucketHost.FindStringSubmatch(last); {
	case regionName.MatchString(last):
		return serviceOf(before, labels), last
	case regionName.MatchString(before) && slices.Contains(behind, last):
		return serviceOf(last, labels), before
	case old != nil:
		return "s3", old[1]
	case strings.HasSuffix(host, ".amazonaws.com") && (last == "s3-external-1" || slices.Contains(everywhere, last)):
		return serviceOf(last, labels), "us-east-1"
	case last == "s3-accelerate": // does not tell
		return "s3", ""
	}
	return "", ""
}

// labelsOf splits what stands before AWS's suffix, without the labels that only say how a host is reached; nil for others' hosts.
func labelsOf(host string) []string {
	for _, suffix := range suffixes {
		if name, ok := strings.CutSuffix(host, suffix); ok {
			return slices.DeleteFunc(strings.Split(name, "."), func(l string) bool { return l == "vpce" || l == "dualstack" })
		}
	}
	return nil
}

// serviceOf is the name that signatures call a service by.
func serviceOf(label string, labels []string) string {
	label = strings.TrimSuffix(label, "-fips")
	if label == "iot" && len(labels) > 2 { // the messages, not the control of the devices
		return "iotdata"
	}
	if strings.HasPrefix(label, "s3express-") { // the name of a zone follows
		return "s3express"
	}
	if name, ok := signed[label]; ok {
		return name
	}
	return label
}
