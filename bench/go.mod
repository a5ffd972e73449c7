module carnet.dev/carnet/bench

go 1.26.0

replace carnet.dev/carnet => ../

require (
	github.com/getkin/kin-openapi v0.153.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
)
