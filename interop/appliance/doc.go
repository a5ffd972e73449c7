// Package appliance simulates seven appliances that hand out sessions in place of OAuth tokens: network controllers, a firewall
// manager, a load balancer, a server's management controller. Each is an http.Handler that wants and answers what the real one
// does, as far as that is public; the comment at each names the document. [Appliance.Document] is an OpenAPI document of the
// form that the vendor publishes, [Appliance.Settings] the configuration of a Carnet integration for it.
//
// What the simulations leave out: TLS, roles, and all of the API but one or two operations each. Where public documents are
// silent the stricter reading is simulated, and the comment says so.
//
// Cisco publishes documents of the SD-WAN Manager, with a relative server, and of Catalyst Center, with none; neither has
// security schemes. The other documents are ours, with the schemes that such documents have: none, HTTP basic which is good for
// the login alone, an API key, or a choice of two.
package appliance
