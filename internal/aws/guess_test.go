package aws_test

import (
	"testing"

	"carnet.dev/carnet/internal/aws"
)

func TestGuess(t *testing.T) {
	for host, want := range map[string]string{
		"abc123.execute-api.eu-west-1.amazonaws.com":                   "execute-api eu-west-1",
		"vpce-0ab-xyz.execute-api.us-east-1.vpce.amazonaws.com":        "execute-api us-east-1",
		"abc123-vpce-0ab.execute-api.us-east-1.amazonaws.com":          "execute-api us-east-1",
		"abc123.execute-api.cn-north-1.amazonaws.com.cn":               "execute-api cn-north-1",
		"dynamodb.us-east-1.amazonaws.com":                             "dynamodb us-east-1",
		"DynamoDB.US-East-1.amazonaws.com.:443":                        "dynamodb us-east-1",
		"streams.dynamodb.us-east-1.amazonaws.com":                     "dynamodb us-east-1",
		"dynamodb-fips.us-gov-west-1.amazonaws.com":                    "dynamodb us-gov-west-1",
		"lambda.ap-southeast-2.amazonaws.com":                          "lambda ap-southeast-2",
		"lambda.us-east-1.api.aws":                                     "lambda us-east-1",
		"abc.lambda-url.eu-north-1.on.aws":                             "lambda eu-north-1",
		"s3.amazonaws.com":                                             "s3 us-east-1",
		"bucket.s3.amazonaws.com":                                      "s3 us-east-1",
		"us-west-2.s3.amazonaws.com":                                   "s3 us-east-1", // a bucket of that name
		"my.dotted.bucket.s3.eu-central-1.amazonaws.com":               "s3 eu-central-1",
		"bucket.s3-us-west-2.amazonaws.com":                            "s3 us-west-2",
		"s3.dualstack.us-west-2.amazonaws.com":                         "s3 us-west-2",
		"bucket.s3-fips.dualstack.us-gov-east-1.amazonaws.com":         "s3 us-gov-east-1",
		"point-123456789012.s3-accesspoint.us-west-2.amazonaws.com":    "s3 us-west-2",
		"123456789012.s3-control.us-west-2.amazonaws.com":              "s3 us-west-2",
		"bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com":        "s3 us-east-1",
		"x-123.s3-object-lambda.us-west-2.amazonaws.com":               "s3-object-lambda us-west-2",
		"x-123.op-01.s3-outposts.us-west-2.amazonaws.com":              "s3-outposts us-west-2",
		"b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com": "s3express us-east-1",
		"bucket.s3.cn-northwest-1.amazonaws.com.cn":                    "s3 cn-northwest-1",
		"s3-external-1.amazonaws.com":                                  "s3 us-east-1",
		"sts.amazonaws.com":                                            "sts us-east-1",
		"sts.eu-west-3.amazonaws.com":                                  "sts eu-west-3",
		"sts.eusc-de-east-1.amazonaws.eu":                              "sts eusc-de-east-1",
		"vpce-0ab.sts.eu-west-3.vpce.amazonaws.com":                    "sts eu-west-3",
		"iam.amazonaws.com":                                            "iam us-east-1",
		"search-logs-abc.us-east-1.es.amazonaws.com":                   "es us-east-1",
		"search-logs-abc.aos.us-east-1.on.aws":                         "es us-east-1",
		"es.us-east-1.amazonaws.com":                                   "es us-east-1",
		"abc.us-east-1.aoss.amazonaws.com":                             "aoss us-east-1",
		"graph.cluster-abc.eu-west-1.neptune.amazonaws.com:8182":       "neptune-db eu-west-1",
		"us-east-1.queue.amazonaws.com":                                "sqs us-east-1",
		"sqs.us-east-1.amazonaws.com":                                  "sqs us-east-1",
		"email.us-east-1.amazonaws.com":                                "ses us-east-1",
		"bedrock-runtime.us-east-1.amazonaws.com":                      "bedrock us-east-1",
		"abc.appsync-api.us-east-1.amazonaws.com":                      "appsync us-east-1",
		"aps-workspaces.us-east-1.amazonaws.com":                       "aps us-east-1",
		"abc-ats.iot.us-east-1.amazonaws.com":                          "iotdata us-east-1",
		"iot.us-east-1.amazonaws.com":                                  "iot us-east-1",
		"bucket.s3-accelerate.amazonaws.com":                           "", // does not tell the region
		"abc.accesspoint.s3-global.amazonaws.com":                      "", // has all, and another signature
		"ec2-1-2-3-4.eu-west-1.compute.amazonaws.com":                  "",
		"us-east-1.amazonaws.com":                                      "",
		"amazonaws.com":                                                "",
		".amazonaws.com":                                               "",
		"s3.us-east-1.amazonaws.com.evil.example":                      "",
		"s3.us-east-1.evilamazonaws.com":                               "",
		"api.example.com":                                              "",
		"[::1]:443":                                                    "",
		"":                                                             "",
	} {
		service, region, ok := aws.Guess(host)
		if got := service + " " + region; ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q %v, want %q", host, got, ok, want)
		}
	}
}
