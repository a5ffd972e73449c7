package call

import "strings"

// The names that services give to what is about pages, as norm writes them. They were collected from the services in the tests and from
// the documents that `make corpus` reads.
const (
	// wrappers are the objects around such fields.
	wrappers names = `meta metadata pagination paging pageinfo page pages paginginfo pagingmetadata paginationinfo paginationmetadata
		paginator pager pagecontext pagedetails pagemetadata listmetadata listmeta responsemetadata resultinfo resultset resultmetadata
		cursor cursors link links next nextpage info navigation data datasummary summary value result results response responseheader
		searchresult d`

	// linkNames hold an address, or an object with one.
	linkNames names = `next nextlink odatanextlink nexturl nexturi nexthref nextpage nextpageurl nextpageuri nextpagelink nextpagehref
		nextpagepath nextpath nextrecordsurl nextresultsurl nextref nextcollection nextcollectionlink linknext nextlinkuri`
	hrefs names = `href url uri ref`

	// cursors are for the next page; those that may be an echo of this page's, or something else, are weak.
	cursors names = `nextpagetoken nextcursor nexttoken nextmarker nextcontinuationtoken nextpagecursor nextpage nextoffset nextstart
		nextstartat nextstartindex nextskip nextpagenumber nextpageid nextpaginationtoken nextkey nextsearchafter nextstartingafter
		nextcursorid nextcursorstr nextbookmark nextposition nextstreamposition nextpagestart nextstartid nextcontinuation nextpagekey
		nextpageafter nextafter nextskiptoken nextcursormark nextindex nextsincetoken nextid nextrow nextrecord nextbatch nextversion`
	weakCursors names = `cursor after marker bookmark endcursor continuationtoken paginationtoken pagetoken scrollid continue
		continuation startingafter position lastevaluatedkey pagingtoken resumptiontoken skiptoken lastkey next`

	// headerCursors are what the names of headers with a cursor end in.
	headerCursors names = `nextpage nextpagetoken nextcursor nexttoken nextmarker nextcontinuationtoken cursornext continuation
		continuationtoken`

	// The parameters that take a cursor, the number of a page, and how many items to leave out.
	cursorParameters names = `cursor pagetoken nexttoken nextpagetoken nextcursor nextpagecursor pagecursor paginationtoken continuationtoken
		continuation continue after startingafter startcursor startafter startkey marker nextmarker bookmark scrollid pageafter cursortoken
		cursormark nextkey pagekey nextpage skiptoken pagingtoken resumptiontoken exclusivestartkey lastkey lastevaluatedkey afterid
		pagestart aftercursor fromcursor nextpageid nextpagekey searchafter afterkey`
	pageParameters names = `page pagenumber pageno pagenum pageindex currentpage pagenr p searchcriteriacurrentpage`
	// plainOffsets may be nothing else; the others have to be numbers.
	plainOffsets names = `offset skip startat startindex pageoffset startposition startoffset startrow startrecord resultoffset skipcount
		limitstart firstresult recordoffset firstrecord firstrow skiprecords`
	otherOffsets names = `start from begin first index startfrom startitem startnumber`
	// fromOne are offsets that often, but not always, begin with 1.
	fromOne names = `startindex startposition startrow startrecord firstrecord firstrow startitem startnumber`
	// keysets take the id of the last item.
	keysets names = `startingafter afterid after startafter`

	moreFlags names = `hasmore hasnext hasnextpage hasmorepages hasmorepage hasmoreitems hasmoreresults hasmoredata hasmorerecords more
		moreresults moreavailable moredata morepages moreitems morerecords istruncated truncated nextpageexists nextpage`
	endFlags names = `islast islastpage lastpage last done isend eof endofresults`

	totals names = `total totalcount totalresults totalitems totalelements totalrecords totalsize totalhits totalrows totalentries
		totalnumber totalresultcount totalrecordcount totalitemcount totalobjects totalmatches numfound odatacount itemstotal
		recordstotal totalcountofitems totalresultscount fullcount`
	pageTotals names = `totalpages pagecount numpages lastpage pagestotal totalpage numberofpages pagescount totalpagecount pages maxpage`
	// What this page is, of those that are counted. number is Spring's, in an object with totalPages.
	pageEchoes   names = `page currentpage pagenumber pageno pagenum pageindex number pagenr current`
	offsetEchoes names = `offset skip startat startindex start startposition from firstresult startoffset startrow startrecord`

	// itemLists are the lists of items, and others the ones that are not.
	itemLists names = `items data results result value values records entries rows list objects resources elements content members hits
		docs documents edges nodes payload collection entities embedded`
	otherLists names = `errors error warnings warning links link included messages notices facets schemas columns fields aggregations
		sort sorts filters orderby metadata meta kinds types context tags unreachable partialerrors notifications missing prefixes
		ignored skipped invalid commonprefixes`
)

// A names is a list of them. It is looked through only when there are pages: a process that has none makes nothing of it.
type names string

func (n names) has(name string) bool {
	for one := range strings.FieldsSeq(string(n)) {
		if one == name {
			return true
		}
	}
	return false
}
