package integration

import "carnet.dev/carnet/internal/model"

// Follow returns an integration as it is when its model becomes another. What a person set stays. A server that the old document
// suggested follows the new one to another path of the same host, for credentials go nowhere else by that; stays reports that it
// does not follow, since the new document suggests another host.
func Follow(i Integration, old, now *model.Model) (next Integration, stays bool) {
	next = i
	next.Model = now.VersionID
	if i.Settings.Version == old.Version {
		next.Settings.Version = now.Version
	}
	server, suggested := i.Settings.Server, defaultServer(now.Servers, now.Origin)
	documented := defaultServer(old.Servers, old.Origin)
	documented.OperationHosts, suggested.OperationHosts = server.OperationHosts, server.OperationHosts
	if server.Host == "" || suggested.Host == "" || server != documented {
		return next, false
	}
	server.BasePath = suggested.BasePath
	if server != suggested {
		return next, true
	}
	next.Settings.Server = server
	return next, false
}
