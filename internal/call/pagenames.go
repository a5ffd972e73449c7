package call

import "strings"

// The names that services give to what is about pages, as norm writes them. They were collected from the services in the tests and from
// the documents that `make corpus` reads.
var (
	// wrappers are the objects around such fields.
	wrappers = set(`meta metadata pagination paging pageinfo page pages paginginfo pagingmetadata paginationinfo paginationmetadata
		paginator pager pagecontext pagedetails pagemetadata listmetadata listmeta responsemetadata resultinfo resultset resultmetadata
		cursor cursors link links next nextpage info navigation data datasummary summary value result results response responseheader
		searchresult d`)

	// linkNames hold an address, or an object with one.
	linkNames = set(`next nextlink odatanextlink nexturl nexturi nexthref nextpage nextpageurl nextpageuri nextpagelink nextpagehref
		nextpagepath nextpath nextrecordsurl nextresultsurl nextref nextcollection nextcollectionlink linknext nextlinkuri`)
	hrefs = set(`href url uri ref`)

	// cursors are for the next page; those that may be an echo of this page's, or something else, are weak.
	cursors = set(`nextpagetoken nextcursor nexttoken nextmarker nextcontinuationtoken nextpagecursor nextpage nextoffset nextstart
		nextstartat nextstartindex nextskip nextpagenumber nextpageid nextpaginationtoken nextkey nextsearchafter nextstartingafter
		nextcursorid nextcursorstr nextbookmark nextposition nextstreamposition nextpagestart nextstartid nextcontinuation nextpagekey
		nextpageafter nextafter nextskiptoken nextcursormark nextindex nextsincetoken nextid nextrow nextrecord nextbatch nextversion`)
	weakCursors = set(`cursor after marker bookmark endcursor continuationtoken paginationtoken pagetoken scrollid continue
		continuation startingafter position lastevaluatedkey pagingtoken resumptiontoken skiptoken lastkey next`)

	// headerCursors are what the names of headers with a cursor end in.
	headerCursors = set(`nextpage nextpagetoken nextcursor nexttoken nextmarker nextcontinuationtoken cursornext continuation
		continuationtoken`)

	// The parameters that take a cursor, the number of a page, and how many items to leave out.
	cursorParameters = set(`cursor pagetoken nexttoken nextpagetoken nextcursor nextpagecursor pagecursor paginationtoken continuationtoken
		continuation continue after startingafter startcursor startafter startkey marker nextmarker bookmark scrollid pageafter cursortoken
		cursormark nextkey pagekey nextpage skiptoken pagingtoken resumptiontoken exclusivestartkey lastkey lastevaluatedkey afterid
		pagestart aftercursor fromcursor nextpageid nextpagekey searchafter afterkey`)
	pageParameters = set(`page pagenumber pageno pagenum pageindex currentpage pagenr p searchcriteriacurrentpage`)
	// plainOffsets may be nothing else; the others have to be numbers.
	plainOffsets = set(`offset skip startat startindex pageoffset startposition startoffset startrow startrecord resultoffset skipcount
		limitstart firstresult recordoffset firstrecord firstrow skiprecords`)
	otherOffsets = set(`start from begin first index startfrom startitem startnumber`)
	// fromOne are offsets that often, but not always, begin with 1.
	fromOne = set(`startindex startposition startrow startrecord firstrecord firstrow startitem startnumber`)
	// keysets take the id of the last item.
	keysets = set(`startingafter afterid after startafter`)

	moreFlags = set(`hasmore hasnext hasnextpage hasmorepages hasmorepage hasmoreitems hasmoreresults hasmoredata hasmorerecords more
		moreresults moreavailable moredata morepages moreitems morerecords istruncated truncated nextpageexists nextpage`)
	endFlags = set(`islast islastpage lastpage last done isend eof endofresults`)

	totals = set(`total totalcount totalresults totalitems totalelements totalrecords totalsize totalhits totalrows totalentries
		totalnumber totalresultcount totalrecordcount totalitemcount totalobjects totalmatches numfound odatacount itemstotal
		recordstotal totalcountofitems totalresultscount fullcount`)
	pageTotals = set(`totalpages pagecount numpages lastpage pagestotal totalpage numberofpages pagescount totalpagecount pages maxpage`)
	// What this page is, of those that are counted. number is Spring's, in an object with totalPages.
	pageEchoes   = set(`page currentpage pagenumber pageno pagenum pageindex number pagenr current`)
	offsetEchoes = set(`offset skip startat startindex start startposition from firstresult startoffset startrow startrecord`)

	// itemLists are the lists of items, and others the ones that are not.
	itemLists = set(`items data results result value values records entries rows list objects resources elements content members hits
		docs documents edges nodes payload collection entities embedded`)
	otherLists = set(`errors error warnings warning links link included messages notices facets schemas columns fields aggregations
		sort sorts filters orderby metadata meta kinds types context tags unreachable partialerrors notifications missing prefixes
		ignored skipped invalid commonprefixes`)
)

func set(names string) map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(names) {
		all[name] = true
	}
	return all
}
