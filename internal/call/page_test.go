package call_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
)

// A shape is how a service gives its pages: each with the request that asks for it.
type shape struct {
	method, path string
	takes        string // parameters, as in "page:integer=1 cursor X-After:header"; from default or least
	says         string // the description of the first of them
	body         string // the schema of the request's body
	answers      string // the schema of the answer
	arguments    string // that the first page is asked for with, "page=1 limit=2"
	how          string // the rule; auto by default
	items        string // where they are, if that is said
	base         string // path of the server

	pages []page
	rule  string // that was found
	want  string // the items
	err   string // in place of another page; "kind: part of the message: part of the hint"
}

type page struct {
	asks    string // path, query and body
	headers string // "Name: value", a line each
	body    string
}

// TestPages has a service of every common shape. The links are to what says that it is so.
func TestPages(t *testing.T) {
	for name, s := range map[string]shape{
		// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
		"GitHub": {takes: "per_page:integer page:integer=1", arguments: "per_page=2", pages: []page{
			{"/list?per_page=2", `Link: <http://api.example/repositories/1/list?per_page=2&page=2>; rel="next", <http://api.example/repositories/1/list?page=3>; rel="last"`, `[1,2]`},
			{"/repositories/1/list?per_page=2&page=2", `Link: <http://api.example/repositories/1/list?page=1>; rel="prev", <http://api.example/repositories/1/list?page=3>; rel="next"`, `[3,4]`},
			{"/repositories/1/list?page=3", `Link: <http://api.example/repositories/1/list?page=2>; rel="prev"`, `[5]`},
		}, rule: "link", want: "1 2 3 4 5"},
		"GitHub, a short list": {takes: "page:integer=1", pages: []page{{"/list", "", `[1]`}, {"/list?page=2", "", `[]`}}, rule: "page=page", want: "1"},
		// https://docs.gitlab.com/api/rest/#pagination
		"GitLab": {takes: "page:integer=1 per_page:integer=20", pages: []page{
			{"/list", "X-Next-Page: 2\nX-Page: 1", `[1,2]`},
			{"/list?page=2", "X-Next-Page:\nX-Page: 2", `[3]`},
		}, rule: "header:X-Next-Page=page", want: "1 2 3"},
		// https://docs.stripe.com/api/pagination
		"Stripe": {takes: "limit:integer starting_after ending_before", arguments: "limit=2", pages: []page{
			{"/list?limit=2", "", `{"object":"list","data":[{"id":"a"},{"id":"b"}],"has_more":true}`},
			{"/list?limit=2&starting_after=b", "", `{"object":"list","data":[{"id":"c"}],"has_more":false}`},
		}, rule: "last:/id=starting_after", want: `{"id":"a"} {"id":"b"} {"id":"c"}`},
		// https://docs.slack.dev/apis/web-api/pagination
		"Slack": {takes: "cursor limit:integer", pages: []page{
			{"/list", "", `{"ok":true,"members":[1,2],"response_metadata":{"next_cursor":"dXNlcjo="}}`},
			{"/list?cursor=dXNlcjo%3D", "", `{"ok":true,"members":[3],"response_metadata":{"next_cursor":""}}`},
		}, rule: "/response_metadata/next_cursor=cursor", want: "1 2 3"},
		// https://cloud.google.com/apis/design/design_patterns#list_pagination ; pages may be empty, and empty lists are left out
		"Google": {takes: "pageToken pageSize:integer", pages: []page{
			{"/list", "", `{"kind":"list","nextPageToken":"t1"}`},
			{"/list?pageToken=t1", "", `{"files":[1,2],"nextPageToken":"t2"}`},
			{"/list?pageToken=t2", "", `{"files":[3]}`},
		}, rule: "/nextPageToken=pageToken", want: "1 2 3"},
		"Google, one page": {takes: "pageToken startIndex:integer", answers: `{"properties":{"files":{"type":"array"},"nextPageToken":{"type":"string"}}}`, pages: []page{
			{"/list", "", `{"files":[1]}`},
		}, rule: "/nextPageToken=pageToken", want: "1"},
		// https://learn.microsoft.com/en-us/graph/paging
		"Microsoft Graph": {takes: "$top:integer $skip:integer", base: "/v1.0", pages: []page{
			{"/v1.0/list", "", `{"@odata.context":"x","@odata.nextLink":"http://api.example/v1.0/list?$skiptoken=X%2BY","value":[1,2]}`},
			{"/v1.0/list?$skiptoken=X%2BY", "", `{"@odata.context":"x","value":[3]}`},
		}, rule: "/@odata.nextLink", want: "1 2 3"},
		// https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#collections
		"Azure": {takes: "api-version", arguments: "api-version=1", pages: []page{
			{"/list?api-version=1", "", `{"value":[1],"nextLink":"http://api.example/list?api-version=1&$skipToken=2"}`},
			{"/list?api-version=1&$skipToken=2", "", `{"value":[2],"nextLink":null}`},
		}, rule: "/nextLink", want: "1 2"},
		// https://www.odata.org/documentation/odata-version-2-0/json-format/
		"OData 2": {takes: "$skip:integer", pages: []page{
			{"/list", "", `{"d":{"results":[1],"__next":"http://api.example/list?$skiptoken=1"}}`},
			{"/list?$skiptoken=1", "", `{"d":{"results":[2]}}`},
		}, rule: "/d/__next", want: "1 2"},
		// https://developers.hubspot.com/docs/reference/api/crm/objects/contacts
		"HubSpot": {takes: "limit:integer after archived:boolean", pages: []page{
			{"/list", "", `{"results":[1],"paging":{"next":{"after":"NTI1","link":"?after=NTI1"}}}`},
			{"/list?after=NTI1", "", `{"results":[2]}`},
		}, rule: "/paging/next/after=after", want: "1 2"},
		"HubSpot search": {method: "POST", body: `{"properties":{"after":{"type":"string"},"limit":{"type":"integer"},"query":{"type":"string"}}}`, pages: []page{
			{`/list {"query":"x"}`, "", `{"total":2,"results":[1],"paging":{"next":{"after":"1"}}}`},
			{`/list {"query":"x","after":"1"}`, "", `{"total":2,"results":[2]}`},
		}, rule: "/paging/next/after=body.after", want: "1 2"},
		// https://developers.zoom.us/docs/api/rest/pagination/
		"Zoom": {takes: "page_size:integer next_page_token page_number:integer", pages: []page{
			{"/list", "", `{"page_size":2,"total_records":3,"next_page_token":"w7587w4eiyfsudgf","users":[1,2]}`},
			{"/list?next_page_token=w7587w4eiyfsudgf", "", `{"page_size":2,"total_records":3,"next_page_token":"","users":[3]}`},
		}, rule: "/next_page_token=next_page_token", want: "1 2 3"},
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination
		"AWS": {takes: "MaxResults:integer NextToken", pages: []page{
			{"/list", "", `{"Clusters":["a"],"NextToken":"AAEC+/="}`},
			{"/list?NextToken=AAEC%2B%2F%3D", "", `{"Clusters":["b"]}`},
		}, rule: "/NextToken=NextToken", want: `"a" "b"`},
		// https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
		"AWS Lambda": {takes: "Marker MaxItems:integer", pages: []page{
			{"/list", "", `{"Functions":[1],"NextMarker":"m"}`}, {"/list?Marker=m", "", `{"Functions":[2],"NextMarker":null}`},
		}, rule: "/NextMarker=Marker", want: "1 2"},
		// https://developer.salesforce.com/docs/platform/api-rest/guide/dome-query.html
		"Salesforce": {takes: "q", base: "/services/data/v68.0", pages: []page{
			{"/services/data/v68.0/list", "", `{"done":false,"totalSize":3,"records":[1,2],"nextRecordsUrl":"/services/data/v68.0/query/01gD-2000"}`},
			{"/services/data/v68.0/query/01gD-2000", "", `{"done":true,"totalSize":3,"records":[3]}`},
		}, rule: "/nextRecordsUrl", want: "1 2 3"},
		// https://jsonapi.org/format/#fetching-pagination
		"JSON:API": {takes: "page[number]:integer page[size]:integer", pages: []page{
			{"/list", "", `{"data":[1],"included":[9],"links":{"self":"/list","next":"/list?page[number]=2","prev":null}}`},
			{"/list?page[number]=2", "", `{"data":[2],"included":[],"links":{"self":"/list","next":null}}`},
		}, rule: "/links/next", want: "1 2"},
		"JSON:API, counted": {takes: "page[number]:integer page[size]:integer", arguments: "page[number]=1", pages: []page{
			{"/list?page%5Bnumber%5D=1", "", `{"data":[1],"meta":{"total":2}}`}, {"/list?page%5Bnumber%5D=2", "", `{"data":[2],"meta":{"total":2}}`},
		}, rule: "page=page[number]", want: "1 2"},
		"JSON:API, as a deep object": {takes: `page:object={"properties":{"cursor":{"type":"string"},"size":{"type":"integer"}}}`, pages: []page{
			{"/list", "", `{"data":[1],"meta":{"page":{"next_cursor":"c"}}}`}, {"/list?page%5Bcursor%5D=c", "", `{"data":[2],"meta":{"page":{"next_cursor":null}}}`},
		}, rule: "/meta/page/next_cursor=page.cursor", want: "1 2"},
		// https://datatracker.ietf.org/doc/html/draft-kelly-json-hal-11#section-5
		"HAL": {takes: "page:integer", pages: []page{
			{"/list", "", `{"_links":{"self":{"href":"/list"},"next":{"href":"/list?page=1"}},"_embedded":{"orders":[1]},"page":{"size":1,"totalElements":2,"totalPages":2,"number":0}}`},
			{"/list?page=1", "", `{"_links":{"self":{"href":"/list?page=1"}},"_embedded":{"orders":[2]},"page":{"number":1}}`},
		}, rule: "/_links/next", want: "1 2"},
		// https://docs.spring.io/spring-data/rest/reference/paging-and-sorting.html
		"Spring": {takes: "page:integer size:integer", pages: []page{
			{"/list", "", `{"content":[1,2],"totalPages":2,"totalElements":3,"number":0,"first":true,"last":false}`},
			{"/list?page=1", "", `{"content":[3],"totalPages":2,"totalElements":3,"number":1,"first":false,"last":true}`},
		}, rule: "page0=page", want: "1 2 3"},
		"pages that are numbered": {takes: "page:integer per_page:integer", pages: []page{
			{"/list", "", `{"items":[1],"page":1,"total_pages":3}`}, {"/list?page=2", "", `{"items":[2],"page":2,"total_pages":3}`}, {"/list?page=3", "", `{"items":[3],"page":3,"total_pages":3}`},
		}, rule: "page=page", want: "1 2 3"},
		"pages with the number of the next": {takes: "page:integer", pages: []page{
			{"/list", "", `{"projects":[1],"next_page":2,"total_pages":2}`}, {"/list?page=2", "", `{"projects":[2],"next_page":null,"total_pages":2}`},
		}, rule: "/next_page=page", want: "1 2"},
		"pages of which all items are counted": {takes: "page:integer=1", pages: []page{
			{"/list", "X-Total-Count: 3", `[1,2]`}, {"/list?page=2", "X-Total-Count: 3", `[3]`},
		}, rule: "page=page", want: "1 2 3"},
		"nothing at all behind the last": {takes: "page:integer=1", pages: []page{
			{"/list", "", `[1]`}, {"/list?page=2", "", ``},
		}, rule: "page=page", want: "1"},
		// A page that is not full need not be the last: the service may give fewer than are asked for.
		"fewer than were asked for": {takes: "page:integer=1 limit:integer", arguments: "limit=1000", pages: []page{
			{"/list?limit=1000", "", `[1,2]`}, {"/list?page=2&limit=1000", "", `[3]`}, {"/list?page=3&limit=1000", "", `[]`},
		}, rule: "page=page", want: "1 2 3"},
		"items that are left out": {takes: "offset:integer limit:integer", pages: []page{
			{"/list", "", `{"total":3,"devices":[1,2]}`}, {"/list?offset=2", "", `{"total":3,"devices":[3]}`}, {"/list?offset=3", "", `{"total":3,"devices":[]}`},
		}, rule: "offset=offset", want: "1 2 3"},
		// https://developer.cisco.com/docs/dna-center/: an offset from 1 that nobody tells of; one comes twice, none is lost
		"items that are left out, from 1": {takes: "offset:integer limit:integer", pages: []page{
			{"/list", "", `{"total":4,"response":[1,2]}`}, {"/list?offset=2", "", `{"total":4,"response":[2,3]}`},
			{"/list?offset=4", "", `{"total":4,"response":[4]}`},
		}, rule: "offset=offset", want: "1 2 2 3 4"},
		"items that are left out, of which it is told": {takes: "offset:integer limit:integer", pages: []page{
			{"/list", "", `{"paging":{"total":3,"offset":0},"devices":[1,2]}`}, {"/list?offset=2", "", `{"paging":{"total":3,"offset":2},"devices":[3]}`},
		}, rule: "offset0=offset", want: "1 2 3"},
		"an index that is given": {takes: "startIndex:integer", arguments: "startIndex=1", pages: []page{
			{"/list?startIndex=1", "", `{"total":3,"items":[1,2]}`}, {"/list?startIndex=3", "", `{"total":3,"items":[3]}`},
		}, rule: "offset=startIndex", want: "1 2 3"},
		"an index that nobody knows": {takes: "startIndex:integer", pages: []page{{"/list", "", `{"total":3,"items":[1,2]}`}},
			err: "invalid: whether the first item of startIndex is 0 or 1: -p startIndex=1"},
		// https://developer.cisco.com/docs/sdwan/ and others of Cisco's
		"Cisco, start and count": {takes: "start:integer=0 count:integer", arguments: "count=2", pages: []page{
			{"/list?count=2", "", `{"response":[1,2],"totalCount":3}`}, {"/list?start=2&count=2", "", `{"response":[3],"totalCount":3}`},
		}, rule: "offset0=start", want: "1 2 3"},
		// https://developer.cisco.com/docs/identity-services-engine/latest/#!pagination
		"Cisco ISE": {takes: "page:integer size:integer", base: "/ers", pages: []page{
			{"/ers/list", "", `{"SearchResult":{"total":2,"resources":[1],"nextPage":{"rel":"next","href":"http://api.example/ers/list?page=2","type":"application/json"}}}`},
			{"/ers/list?page=2", "", `{"SearchResult":{"total":2,"resources":[2]}}`},
		}, rule: "/SearchResult/nextPage", want: "1 2"},
		// https://developer.cisco.com/docs/network-assurance-engine/response-payload-example
		"Cisco NAE, from inside": {takes: "$page:integer", pages: []page{
			{"/list", "", `{"value":{"dataSummary":{"has_more_data":true,"links":[{"rel":"self","href":"http://localhost:8443/list?$page=0"},{"rel":"next","href":"http://localhost:8443/list?$page=1"}]},"data":[1]}}`},
			{"/list?$page=1", "", `{"value":{"dataSummary":{"has_more_data":false,"links":[{"rel":"first","href":"http://localhost:8443/list?$page=0"}]},"data":[2]}}`},
		}, rule: "/value/dataSummary/links/next/href", want: "1 2"},
		// Secure Firewall Management Center gives a list of addresses
		"Cisco FMC": {takes: "offset:integer limit:integer", pages: []page{
			{"/list", "", `{"links":{"self":"x"},"items":[1],"paging":{"offset":0,"limit":1,"count":2,"pages":2,"next":["http://api.example/list?offset=1&limit=1"]}}`},
			{"/list?offset=1&limit=1", "", `{"items":[2],"paging":{"offset":1,"limit":1,"count":2,"pages":2,"prev":["http://api.example/list"]}}`},
		}, rule: "/paging/next", want: "1 2"},
		// https://netboxlabs.com/docs/netbox/integrations/rest-api/#pagination
		"NetBox": {takes: "limit:integer offset:integer", pages: []page{
			{"/list", "", `{"count":2,"next":"http://api.example/list?limit=1&offset=1","previous":null,"results":[1]}`},
			{"/list?limit=1&offset=1", "", `{"count":2,"next":null,"previous":"http://api.example/list?limit=1","results":[2]}`},
		}, rule: "/next", want: "1 2"},
		// https://docs.infoblox.com (WAPI): _paging=1, _return_as_object=1
		"Infoblox": {takes: "_paging:integer _max_results:integer _return_as_object:integer _page_id", arguments: "_paging=1", pages: []page{
			{"/list?_paging=1", "", `{"next_page_id":"789c55","result":[1]}`}, {"/list?_paging=1&_page_id=789c55", "", `{"result":[2]}`},
		}, rule: "/next_page_id=_page_id", want: "1 2"},
		// https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#pagination
		"Atlassian": {takes: "startAt:integer=0 maxResults:integer=50", pages: []page{
			{"/list", "", `{"startAt":0,"maxResults":2,"total":3,"isLast":false,"values":[1,2]}`},
			{"/list?startAt=2", "", `{"startAt":2,"maxResults":2,"total":3,"isLast":true,"values":[3]}`},
		}, rule: "offset0=startAt", want: "1 2 3"},
		"Atlassian, without a total": {takes: "startAt:integer=0", pages: []page{
			{"/list", "", `{"startAt":0,"isLast":false,"values":[1]}`}, {"/list?startAt=1", "", `{"startAt":1,"isLast":true,"values":[2]}`},
		}, rule: "offset0=startAt", want: "1 2"},
		// https://developer.atlassian.com/server/confluence/pagination-in-the-rest-api/ : next is relative to _links.base
		"Confluence": {takes: "start:integer limit:integer", base: "/wiki/rest/api", path: "/space/ds/content", pages: []page{
			{"/wiki/rest/api/space/ds/content", "", `{"results":[1],"_links":{"base":"http://api.example/wiki","next":"/rest/api/space/ds/content?limit=1&start=1"}}`},
			{"/wiki/rest/api/space/ds/content?limit=1&start=1", "", `{"results":[2],"_links":{"base":"http://api.example/wiki"}}`},
		}, rule: "/_links/next", want: "1 2"},
		// https://datatracker.ietf.org/doc/html/rfc7644#section-3.4.2.4
		"SCIM": {takes: "startIndex:integer count:integer", pages: []page{
			{"/list", "", `{"schemas":["urn:x"],"totalResults":3,"itemsPerPage":2,"startIndex":1,"Resources":[1,2]}`},
			{"/list?startIndex=3", "", `{"schemas":["urn:x"],"totalResults":3,"itemsPerPage":1,"startIndex":3,"Resources":[3]}`},
		}, rule: "offset1=startIndex", want: "1 2 3"},
		// https://developer.x.com/en/docs/x-api/pagination
		"X": {takes: "pagination_token max_results:integer", pages: []page{
			{"/list", "", `{"data":[1],"meta":{"result_count":1,"next_token":"7140"}}`}, {"/list?pagination_token=7140", "", `{"data":[2],"meta":{"result_count":1}}`},
		}, rule: "/meta/next_token=pagination_token", want: "1 2"},
		// https://dev.twitch.tv/docs/api/guide/#pagination
		"Twitch": {takes: "after before first:integer", pages: []page{
			{"/list", "", `{"data":[1],"pagination":{"cursor":"eyJi"}}`}, {"/list?after=eyJi", "", `{"data":[2],"pagination":{}}`},
		}, rule: "/pagination/cursor=after", want: "1 2"},
		// https://developers.notion.com/reference/intro#pagination
		"Notion": {takes: "start_cursor page_size:integer", pages: []page{
			{"/list", "", `{"object":"list","results":[1],"has_more":true,"next_cursor":"33e1"}`}, {"/list?start_cursor=33e1", "", `{"object":"list","results":[2],"has_more":false,"next_cursor":null}`},
		}, rule: "/next_cursor=start_cursor", want: "1 2"},
		// https://platform.openai.com/docs/api-reference/assistants/listAssistants
		"OpenAI": {takes: "after before limit:integer", pages: []page{
			{"/list", "", `{"object":"list","data":[{"id":"a"}],"first_id":"a","last_id":"a","has_more":true}`},
			{"/list?after=a", "", `{"object":"list","data":[{"id":"b"}],"first_id":"b","last_id":"b","has_more":false}`},
		}, rule: "/last_id=after", want: `{"id":"a"} {"id":"b"}`},
		// https://www.vultr.com/api/#section/Introduction/Meta-and-Pagination : next is a cursor
		"Vultr": {takes: "per_page:integer cursor", pages: []page{
			{"/list", "", `{"instances":[1],"meta":{"total":2,"links":{"next":"WxYz","prev":""}}}`}, {"/list?cursor=WxYz", "", `{"instances":[2],"meta":{"total":2,"links":{"next":"","prev":"AbC"}}}`},
		}, rule: "/meta/links/next=cursor", want: "1 2"},
		// https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Links-and-Pagination
		"DigitalOcean": {takes: "page:integer=1 per_page:integer=20", pages: []page{
			{"/list", "", `{"droplets":[1],"links":{"pages":{"last":"http://api.example/list?page=2","next":"http://api.example/list?page=2"}},"meta":{"total":2}}`},
			{"/list?page=2", "", `{"droplets":[2],"links":{"pages":{"first":"http://api.example/list?page=1"}},"meta":{"total":2}}`},
		}, rule: "/links/pages/next", want: "1 2"},
		// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
		"Kubernetes": {takes: "limit:integer continue", pages: []page{
			{"/list", "", `{"kind":"PodList","metadata":{"continue":"ENC","remainingItemCount":1},"items":[1]}`}, {"/list?continue=ENC", "", `{"kind":"PodList","metadata":{"continue":""},"items":[2]}`},
		}, rule: "/metadata/continue=continue", want: "1 2"},
		// https://airtable.com/developers/web/api/list-records : the offset is a cursor
		"Airtable": {takes: "offset pageSize:integer", pages: []page{
			{"/list", "", `{"records":[1],"offset":"itr/rec"}`}, {"/list?offset=itr%2Frec", "", `{"records":[2]}`},
		}, rule: "/offset=offset", want: "1 2"},
		// https://docs.oracle.com/en-us/iaas/Content/API/Concepts/usingapi.htm#nine
		"Oracle Cloud": {takes: "page limit:integer", pages: []page{
			{"/list", "Opc-Next-Page: AAA", `[1]`}, {"/list?page=AAA", "", `[2]`},
		}, rule: "header:Opc-Next-Page=page", want: "1 2"},
		// https://learn.microsoft.com/en-us/rest/api/cosmos-db/common-cosmosdb-rest-request-headers
		"Cosmos DB": {takes: "x-ms-continuation:header x-ms-max-item-count:header", pages: []page{
			{"/list", "X-Ms-Continuation: t", `{"Documents":[1]}`}, {"/list x-ms-continuation=t", "", `{"Documents":[2]}`},
		}, rule: "header:X-Ms-Continuation=x-ms-continuation", want: "1 2"},

		// https://docs.kinto-storage.org/en/stable/api/1.x/pagination.html
		"Kinto": {takes: "_limit:integer _token", pages: []page{
			{"/list", "Next-Page: http://api.example/list?_limit=1&_token=x", `{"data":[1]}`}, {"/list?_limit=1&_token=x", "", `{"data":[2]}`},
		}, rule: "header:Next-Page", want: "1 2"},
		"a header with the service's name": {takes: "nextPage", pages: []page{
			{"/list", "Elements-Next-Page-Token: t", `[1]`}, {"/list?nextPage=t", "", `[2]`},
		}, rule: "header:Elements-Next-Page-Token=nextPage", want: "1 2"},
		"one parameter, written twice": {takes: "nextToken NextToken", pages: []page{
			{"/list", "", `{"items":[1],"NextToken":"t"}`}, {"/list?nextToken=t", "", `{"items":[2]}`},
		}, rule: "/NextToken=nextToken", want: "1 2"},
		"a token that is for pages": {takes: "token", says: "Used to get the next set of results", pages: []page{
			{"/list", "", `{"items":[1],"pagination":{"nextPageToken":"t"}}`}, {"/list?token=t", "", `{"items":[2],"pagination":{}}`},
		}, rule: "/pagination/nextPageToken=token", want: "1 2"},
		"a token that signs in": {takes: "token", says: "Authentication token bearing required scopes", pages: []page{{"/list", "", `{"items":[1],"nextPageToken":"t"}`}},
			err: "invalid: declares no parameter that is known to take it"},
		"pages from 1, in words":   {takes: "page:integer", says: "Page to show (default: 1)", pages: []page{{"/list", "", `[1]`}, {"/list?page=2", "", `[]`}}, rule: "page=page", want: "1"},
		"pages from 0, in words":   {takes: "page:integer", says: "Page number (0-based)", pages: []page{{"/list", "", `[1]`}, {"/list?page=1", "", `[]`}}, rule: "page0=page", want: "1"},
		"a number of other things": {takes: "page:integer", says: "Page; up to 1 item", pages: []page{{"/list", "", `[1]`}}, err: "invalid: whether the first page of page is 0 or 1"},
		"pages that are texts": {takes: "page", pages: []page{
			{"/list", "", `{"items":[1],"page":1,"totalPages":2}`}, {"/list?page=2", "", `{"items":[2],"page":2,"totalPages":2}`},
		}, rule: "page=page", want: "1 2"},

		// What nobody can know, and how a person says it.
		"two parameters may take the cursor": {takes: "marker cursor", pages: []page{{"/list", "", `{"items":[1],"next_page_token":"x"}`}},
			err: "invalid: marker or cursor may ask for the next page: --paginate=/next_page_token=marker"},
		"which is said": {takes: "marker cursor", how: "/next_page_token=cursor", pages: []page{
			{"/list", "", `{"items":[1],"next_page_token":"x"}`}, {"/list?cursor=x", "", `{"items":[2]}`},
		}, rule: "/next_page_token=cursor", want: "1 2"},
		"no parameter takes the cursor": {takes: "q", pages: []page{{"/list", "", `{"items":[1],"nextCursor":"x"}`}},
			err: "invalid: has a cursor at /nextCursor, and the operation declares no parameter: --paginate=/nextCursor=PARAMETER"},
		"nobody knows where pages begin": {takes: "page:integer", pages: []page{{"/list", "", `[1]`}},
			err: "invalid: whether the first page of page is 0 or 1: -p page=1"},
		"where they begin is given":   {takes: "page:integer", arguments: "page=1", pages: []page{{"/list?page=1", "", `[1]`}, {"/list?page=2", "", `[]`}}, rule: "page=page", want: "1"},
		"and that it is 0":            {takes: "page:integer", arguments: "page=0", pages: []page{{"/list?page=0", "", `[1]`}, {"/list?page=1", "", `[]`}}, rule: "page0=page", want: "1"},
		"the document says it":        {takes: "page:integer>=0", pages: []page{{"/list", "", `{"items":[1],"total_pages":2}`}, {"/list?page=1", "", `{"items":[2],"total_pages":2}`}}, rule: "page0=page", want: "1 2"},
		"one page, wherever it began": {takes: "page:integer", pages: []page{{"/list", "", `{"items":[1],"total":1}`}}, rule: "page=page", want: "1"},
		"there is more, and no way": {takes: "q", pages: []page{{"/list", "", `{"items":[1],"has_more":true}`}},
			err: "invalid: there is more, and not how to get it: --paginate=RULE"},
		"a total that nothing leads to": {takes: "cursor", pages: []page{{"/list", "", `{"items":[1],"total":9}`}},
			err: "upstream: the answer holds 1 of 9 items: --paginate=RULE"},
		"a total is worth more than a promise": {takes: "cursor page:integer=1", answers: `{"properties":{"next_cursor":{"type":"string"}}}`, pages: []page{
			{"/list", "", `{"items":[1],"total":2}`}, {"/list?page=2", "", `{"items":[2],"total":2}`},
		}, rule: "page=page", want: "1 2"},
		"the cursor is missing": {takes: "cursor", how: "/next=cursor", pages: []page{{"/list", "", `{"items":[1],"has_more":true,"next":null}`}},
			err: "upstream: /next holds nothing to ask for it with"},
		"several lists": {takes: "cursor", pages: []page{{"/list", "", `{"users":[{"a":1}],"groups":[{"a":2}],"next_cursor":"c"}`}},
			err: "invalid: several lists: /groups, /users: --items /groups"},
		"which one is said": {takes: "cursor", items: "/users", pages: []page{
			{"/list", "", `{"users":[1],"groups":[2],"next_cursor":"c"}`}, {"/list?cursor=c", "", `{"groups":[3]}`},
		}, rule: "/next_cursor=cursor", want: "1"},
		"a place that is not there": {takes: "cursor", items: "/usres", pages: []page{{"/list", "", `{"users":[1],"next_cursor":"c"}`}},
			err: `invalid: nothing at /usres: "/users"`},
		"the cursor is in an address": {takes: "after", how: "/next=after", pages: []page{
			{"/list", "", `{"items":[1],"next":"https://elsewhere.example/list?after=x%2By"}`}, {"/list?after=x%2By", "", `{"items":[2]}`},
		}, rule: "/next=after", want: "1 2"},
		"something of the last item": {takes: "after", how: "last:/user/id=after", pages: []page{
			{"/list", "", `[{"user":{"id":1}},{"user":{"id":2}}]`}, {"/list?after=2", "", `[]`},
		}, rule: "last:/user/id=after", want: `{"user":{"id":1}} {"user":{"id":2}}`},
		"a parameter that is not declared": {takes: "after", how: "/next=aftre", pages: []page{{"/list", "", `[1]`}},
			err: "invalid: no parameter aftre: did you mean after?"},
		"a cursor that a number is": {takes: "cursor", pages: []page{
			{"/list", "", `{"items":[1],"next_cursor":1374004777531007833}`}, {"/list?cursor=1374004777531007833", "", `{"items":[2],"next_cursor":0}`},
		}, rule: "/next_cursor=cursor", want: "1 2"},
		"a POST that searches, counted": {method: "POST", how: "offset0=body.from", body: `{"properties":{"from":{"type":"integer"},"query":{"type":"string"}}}`, pages: []page{
			{`/list {"query":"x"}`, "", `{"total":2,"hits":[1]}`}, {`/list {"query":"x","from":1}`, "", `{"total":2,"hits":[2]}`},
		}, rule: "offset0=body.from", want: "1 2"},
		"a POST with a link": {method: "POST", body: `{}`, how: "link", pages: []page{{`/list {"query":"x"}`, "", `[]`}}, err: "invalid: links are not followed after a POST"},
		"a DELETE":           {method: "DELETE", pages: []page{{"/list", "", "[]"}}, err: "invalid: is a DELETE, which has no pages"},
		"no rule":            {how: "nxet", pages: []page{{"/list", "", "[]"}}, err: "invalid: no way to the next page called \"nxet\": use link"},

		// What credentials are not sent after (failure mode 46).
		"another host": {pages: []page{{"/list", `Link: <http://evil.example/list?page=2>; rel=next`, `[1]`}},
			err: "upstream: next page is at http://evil.example, which is not where the request went"},
		"another port": {pages: []page{{"/list", `Link: <http://api.example:81/list?page=2>; rel=next`, `[1]`}}, err: "upstream: http://api.example:81"},
		"a host that begins alike": {pages: []page{{"/list", "", `{"items":[1],"next":"http://api.example.evil.example/list"}`}},
			err: "upstream: http://api.example.evil.example"},
		"a name before the host": {pages: []page{{"/list", "", `{"items":[1],"next":"http://api.example@evil.example/list"}`}}, err: "upstream: http://evil.example"},
		"two slashes":            {pages: []page{{"/list", "", `{"items":[1],"next":"//evil.example/list"}`}}, err: "upstream: http://evil.example"},
		"outside of the server's path": {base: "/tenant/a", pages: []page{{"/tenant/a/list", `Link: </tenant/b/list?page=2>; rel="next"`, `[1]`}},
			err: "invalid: /tenant/b/list, which is not under /tenant/a"},
		"beside it":              {base: "/tenant/a", pages: []page{{"/tenant/a/list", `Link: </tenant/ab?page=2>; rel="next"`, `[1]`}}, err: "invalid: not under /tenant/a"},
		"climbing out of it":     {base: "/tenant/a", pages: []page{{"/tenant/a/list", `Link: </tenant/a/%2e%2e/b>; rel="next"`, `[1]`}}, err: "invalid: not under /tenant/a"},
		"climbing, written thus": {base: "/tenant/a", pages: []page{{"/tenant/a/list", `Link: </tenant/a/..%2fb>; rel="next"`, `[1]`}}, err: "invalid: not under /tenant/a"},

		// RFC 8288
		"several relations, no quotes": {pages: []page{
			{"/list", `Link: </list?a=1,2;x>; title="a \"quoted, <text>; rel=next"; rel="prefetch next" , </other>; rel=last`, `[1]`}, {"/list?a=1,2;x", "", `[2]`},
		}, rule: "link", want: "1 2"},
		"a link about something else": {takes: "page:integer=1", pages: []page{
			{"/list", `Link: </other>; rel=next; anchor="#foo"`, `{"items":[1],"total":1}`},
		}, rule: "page=page", want: "1"},
		"the first rel counts": {pages: []page{{"/list", `Link: </list?page=2>; rel=last; rel=next`, `[1]`}}, rule: "link", want: "1"},
		"two headers": {pages: []page{
			{"/list", "Link: </style.css>; rel=preload\nLink: <?page=2>; REL=Next", `[1]`}, {"/list?page=2", "", `[2]`},
		}, rule: "link", want: "1 2"},
		"no pages at all": {pages: []page{{"/list", "", `{"id":1,"tags":["a"]}`}}},
		"a text":          {takes: "page:integer=1", pages: []page{{"/list", "Content-Type: text/plain", `hello`}}, err: "invalid: no list of items: --items"},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, s.run) })
	}
}

func (s shape) run(t *testing.T) {
	asked := 0
	client := carnettest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := strings.TrimSpace(r.RequestURI + " " + string(body))
		if after := r.Header.Get("X-Ms-Continuation"); after != "" {
			got += " x-ms-continuation=" + after
		}
		if asked++; asked > len(s.pages) {
			t.Errorf("page %d was asked for: %s", asked, got)
			return
		}
		p := s.pages[asked-1]
		if got != p.asks {
			t.Errorf("page %d is asked for with %s, want %s", asked, got, p.asks)
		}
		w.Header().Set("Content-Type", "application/json")
		for line := range strings.Lines(p.headers) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "Content-Type" {
				w.Header().Del(name)
			}
			w.Header().Add(name, strings.TrimSpace(value))
		}
		io.WriteString(w, p.body)
	}))
	op, args := s.operation(t)
	paging := call.Paging{Rule: call.Auto}
	if s.how != "" {
		paging.Rule = s.how
	}
	if s.items != "" {
		paging.Items = &s.items
	}
	var rule string
	var items []string
	var err error
	for {
		var page *call.Page
		var answer *call.Answer
		if page, answer, err = onePage(t, client, op, s.base, args, paging); err != nil {
			break
		}
		if rule == "" {
			rule = page.Rule
		}
		items = append(items, itemsOf(t, answer, page)...)
		if page.Next == nil {
			break
		}
		paging.Rule, paging.From = page.Rule, page.Next
		if paging.Items == nil {
			paging.Items = page.Items
		}
	}
	if s.err != "" {
		kind, rest, _ := strings.Cut(s.err, ": ")
		for _, part := range strings.Split(rest, ": ") {
			if text := fmt.Sprint(err, " ", fault.HintOf(err)); err == nil || fault.KindOf(err).String() != kind || !strings.Contains(text, part) {
				t.Errorf("got %v, want %s", text, s.err)
			}
		}
		return
	}
	if diff := cmp.Diff([]string{s.rule, s.want}, []string{rule, strings.Join(items, " ")}); err != nil || diff != "" || asked != len(s.pages) {
		t.Errorf("%d pages, %v, -want +got\n%s", asked, err, diff)
	}
}

// operation is the operation of a shape, and the arguments that it is first asked with.
func (s shape) operation(t *testing.T) (*model.Operation, call.Arguments) {
	op := &model.Operation{Summary: model.Summary{ID: "list", Method: "GET", Path: "/list"}}
	if s.path != "" {
		op.Path = s.path
	}
	args := call.Arguments{}
	if s.method != "" {
		op.Method = s.method
	}
	if s.body != "" {
		op.Body = &model.Body{Content: []model.MediaType{{Type: "application/json", Schema: jsontext.Value(s.body)}}}
		args.Payload = jsontext.Value(`{"query":"x"}`)
		args.NoCheck = s.body == "{}"
	}
	if s.answers != "" {
		op.Responses = []model.Response{{Status: "200", Types: []string{"application/json"}, Schemas: map[string]jsontext.Value{"application/json": jsontext.Value(s.answers)}}}
	}
	for _, declared := range strings.Fields(s.takes) {
		name, kind, _ := strings.Cut(declared, ":")
		kind, preset, _ := strings.Cut(kind, "=")
		p := model.Parameter{Name: name, In: "query", Style: "form", Explode: true, Type: kind}
		switch {
		case kind == "":
			p.Type = "string"
		case kind == "header":
			p.Type, p.In, p.Style, p.Explode = "string", "header", "simple", false
		case strings.HasSuffix(kind, ">"):
			p.Type = strings.TrimSuffix(kind, ">")
			p.Schema = jsontext.Value(`{"type":"integer","minimum":` + preset + `}`)
		case kind == "object":
			p.Style, p.Schema = "deepObject", jsontext.Value(preset)
		case preset != "":
			p.Default = jsontext.Value(preset)
		}
		if len(op.Parameters) == 0 {
			p.Description = s.says
		}
		op.Parameters = append(op.Parameters, p)
	}
	for _, argument := range strings.Fields(s.arguments) {
		i := strings.LastIndexByte(argument, '=')
		args.Typed = append(args.Typed, call.Typed{Parameter: argument[:i], Text: argument[i+1:]})
	}
	return op, args
}

// onePage asks for a page as the hub does.
func onePage(t *testing.T, client *http.Client, op *model.Operation, base string, args call.Arguments, p call.Paging) (*call.Page, *call.Answer, error) {
	args = p.From.Apply(args)
	if err := call.Pageable(op, p, args); err != nil {
		return nil, nil, err
	}
	r, err := call.Build(op, &url.URL{Scheme: "http", Host: "api.example", Path: base}, args)
	if err != nil {
		t.Fatal(err)
	}
	if p.From != nil && p.From.URL != "" {
		if r, err = r.Follow(p.From.URL); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := r.Send(t.Context(), client, nil)
	if err == nil {
		err = answer.Whole()
	}
	if err != nil {
		t.Fatal(err)
	}
	page, err := answer.Page(op, args, p)
	return page, answer, err
}

func itemsOf(t *testing.T, a *call.Answer, p *call.Page) (items []string) {
	if p.Items == nil || p.Count == 0 {
		return nil
	}
	v, _ := a.Data()
	for step := range strings.SplitSeq(strings.TrimPrefix(*p.Items, "/"), "/") {
		if *p.Items == "" {
			break
		}
		var object map[string]jsontext.Value
		if err := json.Unmarshal(v, &object); err != nil {
			t.Fatal(err)
		}
		v = object[step]
	}
	var list []jsontext.Value
	if err := json.Unmarshal(v, &list); err != nil {
		t.Fatal(err)
	}
	for _, item := range list {
		items = append(items, string(item))
	}
	return items
}

// TestNextPageElsewhere: an address as it is inside of a proxy that ends TLS, a server that the token told, and a redirect to another host.
func TestNextPageElsewhere(t *testing.T) {
	op := &model.Operation{Summary: model.Summary{ID: "list", Method: "GET", Path: "/list"}}
	var asked []string
	away := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "<?page=2>; rel=next")
		io.WriteString(w, "[1]")
	}))
	defer away.Close()
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI)
		if strings.HasPrefix(r.URL.Path, "/away") {
			http.Redirect(w, r, away.URL+"/list", http.StatusFound)
			return
		}
		w.Header().Set("Link", "<http://"+r.Host+r.URL.EscapedPath()+"?page=2&key=secret>; rel=next")
		io.WriteString(w, "[1]")
	}))
	defer service.Close()
	client := service.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	key, err := credential.APIKey("query", "key", seal.NewSecret("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for path, test := range map[string]struct{ next, err string }{
		"/told":  {next: "/told/list?page=2"},
		"/away":  {err: "is at " + away.URL},
		"/a%2Fb": {next: "/a%2Fb/list?page=2"},
	} {
		asked = nil
		r, err := call.Build(op, &url.URL{Scheme: "https", Host: "told-with-the-token.invalid"}, call.Arguments{})
		if err != nil {
			t.Fatal(err)
		}
		base, _ := url.Parse(service.URL + path)
		if r, err = r.At(base); err != nil {
			t.Fatal(err)
		}
		get := func(r *call.Request) (*call.Page, error) {
			answer, err := r.Send(t.Context(), client, []credential.Credential{key})
			if err == nil {
				err = answer.Whole()
			}
			if err != nil {
				t.Fatal(err)
			}
			return answer.Page(op, call.Arguments{}, call.Paging{Rule: call.Auto})
		}
		page, err := get(r)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %+v, %v", path, page, err)
			}
			continue
		}
		if err != nil || page.Next.URL != test.next {
			t.Errorf("%s: %+v, %v", path, page, err)
			continue
		}
		if r, err = r.Follow(page.Next.URL); err != nil {
			t.Fatal(err)
		}
		if _, err = get(r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{path + "/list?key=secret", test.next + "&key=secret"}, asked); diff != "" {
			t.Errorf("%s: -want +got\n%s", path, diff)
		}
	}
}
